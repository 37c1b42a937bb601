"""A small machine with a kernel of its own, for drivers that a container cannot try."""
