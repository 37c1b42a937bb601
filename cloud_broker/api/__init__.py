"""HTTP for devices, HQ systems and members."""
