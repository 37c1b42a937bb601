"""Who stands at the counter, and the faces of those who agreed to be known by them."""
