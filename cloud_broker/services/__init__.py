"""Read through ports, decide in the core, write through ports."""
