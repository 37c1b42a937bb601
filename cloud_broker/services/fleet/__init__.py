"""What HQ knows of the boxes themselves: how they are, what is wrong, and who is told."""
