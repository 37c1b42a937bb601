"""Which rules concern a basket, and why the rest does not."""
