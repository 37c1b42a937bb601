"""The figures of customer insight: a module a part, each with the rows it adds."""
