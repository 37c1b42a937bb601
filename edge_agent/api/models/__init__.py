"""Bodies of the local API: strict going in, documented going out."""
