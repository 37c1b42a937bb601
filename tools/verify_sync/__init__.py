"""Deterministic simulation of the line between boxes and cloud, over the code that ships."""
