"""What sales say about what to show next; computed, never guessed about a person's health."""
