"""Face gallery and vote: numbers in, a decision out."""
