"""A sale at the counter: priced, redeemed, closed, taken back, printed again."""
