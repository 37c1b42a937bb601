"""The local HTTP and WebSocket API for tills and the till screen."""
