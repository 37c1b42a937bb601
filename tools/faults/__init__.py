"""Disks that are slow, that count what is written, and that lose power."""
