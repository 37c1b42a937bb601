"""What goes out to other systems: signed messages, and files."""
