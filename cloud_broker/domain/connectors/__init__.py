"""How each platform proves its words and says an order: three readers of one shape."""
