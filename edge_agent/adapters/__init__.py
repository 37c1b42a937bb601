"""The real journal, replica, documents, clock and line behind the ports."""
