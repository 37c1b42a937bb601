"""Frames from and for the boxes: opened, answered, put in a feed; and the time."""
