"""What the services need from the world, as protocols; adapters and drivers fulfil them."""
