"""Files of other people's making: which column is what, how days and amounts are written."""
