"""What shop and cloud decide alike: pure, shared, without I/O, clock, randomness or logging."""
