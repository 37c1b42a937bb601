"""Scripts around the product: set-up, models, demo, benches, linters."""
