"""Devices: each a folder of frames, transport, driver, sim and QUALITY.toml."""
