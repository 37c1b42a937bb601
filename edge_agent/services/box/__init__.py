"""The box itself: its certificate, devices, terminals, health, settings and commands."""
