"""What three taps on a till say together, and how far it may be believed."""
