"""Points: postings, their keys and the fold that makes balances."""
