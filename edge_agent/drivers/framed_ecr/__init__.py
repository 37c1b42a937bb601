"""Tills and terminals that speak in frames: marks, lengths, checks and answers from a table."""
