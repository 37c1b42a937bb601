"""A customer display that is already there: read on its way, greeted on between two sales."""
