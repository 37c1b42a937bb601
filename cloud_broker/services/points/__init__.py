"""The books of points: what happens by itself, by two persons, at the end of a day or month."""
