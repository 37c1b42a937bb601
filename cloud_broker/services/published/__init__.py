"""What HQ publishes to every store, and which of it holds now."""
