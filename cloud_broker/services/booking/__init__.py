"""What becomes of a frame: let in, booked once, checked, put right where it was poison."""
