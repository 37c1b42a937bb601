"""From a stated problem to the best choice: reduce, split, bound, search."""
