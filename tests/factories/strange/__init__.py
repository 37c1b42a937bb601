"""Tills nobody wrote a profile for: made up here, knowing nothing of how they will be read."""
