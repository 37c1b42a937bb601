"""Texts that people read, by key, zh first and en beside it."""
