"""What is wrong with a bundle before it is published, with the basket that shows it."""
