"""Offers as data and the search for the best price of a basket."""
