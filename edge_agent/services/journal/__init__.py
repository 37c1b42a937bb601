"""The one door to the journal, and what waits in it or beside it."""
