"""The account of a price: what it depended on, proved again by other code than found it."""
