"""What a box says of itself, and what HQ concludes."""
