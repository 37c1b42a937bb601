"""Pictures of the screens for the documentation, taken from the real pages."""
