"""Random histories of being one person and two again, each beside one that never was merged."""
