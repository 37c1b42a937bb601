"""The lines devices hang on: terminals, printer devices, network addresses."""
