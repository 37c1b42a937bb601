"""What past sales would have cost under other rules."""
