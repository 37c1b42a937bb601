"""The box's own pure decisions."""
