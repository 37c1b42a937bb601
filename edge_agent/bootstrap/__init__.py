"""Puts the agent together: the only package that names adapters and drivers, with the commands."""
