"""Tills' own software over HTTP: one that asks the box, one that the box tells."""
