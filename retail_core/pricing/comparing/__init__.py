"""Two bundles side by side: what differs, in which stores, and how one follows the other."""
