"""Members: their phones, visits and receipts, and what they see of themselves."""
