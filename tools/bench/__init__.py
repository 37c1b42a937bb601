"""Benches: each is a command that prints its machine, its load and its figures."""
