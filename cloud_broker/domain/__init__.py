"""The cloud's own pure decisions."""
