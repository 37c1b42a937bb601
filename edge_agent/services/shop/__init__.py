"""What this shop is, and what it sells today at which price."""
