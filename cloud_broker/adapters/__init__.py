"""The real database, broker and clock behind the ports."""
