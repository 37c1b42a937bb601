"""What this program is."""

from importlib.metadata import version as installed_version


def version() -> str:
    """Return the installed version."""
    return installed_version("regulars")
