"""What each fault code means, one module for a family of blocks."""
