"""Rules in sentences, for the people who write and approve them."""
