"""Engines that the metric catalogue runs on, and the files they read."""
