"""Orders of other channels: the words that are said of one, and what it is by all of them."""
