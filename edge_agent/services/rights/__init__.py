"""Rights this box was lent, and those that lie in other stores."""
