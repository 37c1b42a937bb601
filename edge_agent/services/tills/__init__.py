"""Unchanged tills: what they print, show and scan is understood, and answered where it may be."""
