"""A wide-area line between two network namespaces of our own, kept by a program in user space."""
