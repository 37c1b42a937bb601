"""Rights lent to boxes: where they go, how they come back, what a restore makes of them."""
