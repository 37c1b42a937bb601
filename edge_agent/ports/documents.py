"""Small documents: device settings, peripheral map, screen state; few and rarely changed."""

from typing import Protocol


class Documents(Protocol):
    """Named JSON documents that survive a power cut whole or in their previous state."""

    def get(self, name: str) -> dict[str, object] | None:
        """Return a document, or None."""
        ...

    def put(self, name: str, document: dict[str, object]) -> None:
        """Store a document; when this returns it is on disk."""
        ...

    def delete(self, name: str) -> bool:
        """Remove a document; False when it was not there."""
        ...

    def close(self) -> None:
        """Close the file; safe to call twice."""
        ...
