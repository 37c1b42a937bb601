"""Small secrets of the box, sealed under its storage key beside the data they belong to."""

from typing import Protocol


class Vault(Protocol):
    """A handful of named secrets."""

    def get(self, name: str) -> bytes | None:
        """Return a secret; None when there is none, or none that this box can open."""
        ...

    def put(self, name: str, secret: bytes) -> None:
        """Keep a secret under its name; an older one is overwritten."""
        ...
