"""The summary of known persons as published to the boxes."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FilterVersion:
    """A published version; identities made after `scanned_ms` may be missing in it."""

    version: int
    sha256: bytes
    size: int
    persons: int
    capacity: int
    scanned_ms: int


@dataclass(frozen=True, slots=True)
class NewFilter:
    """A version to be published; `additions` lead to it from the one before, if they do."""

    version: FilterVersion
    content: bytes
    additions: bytes | None = None


class PersonFilterRepo(Protocol):
    """Published versions, and what they are made of."""

    def newest(self) -> FilterVersion | None:
        """Return the newest version."""
        ...

    def content(self, version: int) -> bytes | None:
        """Return a version as a whole; only the newest one is held."""
        ...

    def additions(self, after: int) -> tuple[bytes | None, ...]:
        """Return what each version after this one added, oldest first; None where all was new."""
        ...

    def add(self, new: NewFilter, who: str, now_ms: int) -> bool:
        """Store a version and queue its announcement; False when somebody was faster."""
        ...

    def persons(self) -> int:
        """Return how many phones name somebody."""
        ...

    def phones(self, since_ms: int, after: bytes, limit: int) -> list[bytes]:
        """Return keyed hashes of phones entered since, in their order and after one of them."""
        ...
