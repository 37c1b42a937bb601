"""The till screen: static files served by the local API, no request leaves the box."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
