"""Receipts of our own making: byte streams of invented tills, and what is printed on them.

Nothing here comes from the reader: the writer knows the printer's commands and a till's habits,
and the expected content is written down before a byte is made.
"""
