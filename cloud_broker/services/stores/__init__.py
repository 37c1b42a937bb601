"""What each store holds of members: its set, its snapshot, its records, how soon it has them."""
