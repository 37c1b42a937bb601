"""Compare the search for the best price with independent methods on random baskets."""
