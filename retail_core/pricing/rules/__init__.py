"""The rules of a chain as data: read, checked whole, signed, indexed."""
