"""A till that only prints: its bytes flow on to the printer, a copy is read as a receipt."""
