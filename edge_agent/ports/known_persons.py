"""The summary of everybody the chain knows, on this box's disk."""

from collections.abc import Sequence
from typing import Protocol


class KnownPersons(Protocol):
    """Asked without a line; it never forgets, and errs for one stranger in a thousand."""

    def version(self) -> int:
        """Return the version held, 0 for none."""
        ...

    def knows(self, identity: bytes) -> bool | None:
        """Tell whether somebody may be known; False is certain, None: there is no summary here."""
        ...

    def replace(self, version: int, sha256: bytes, content: bytes) -> None:
        """Take a whole one; Fault PERSONS_FILTER_WRONG when it is damaged, the old one stays."""
        ...

    def grow(self, version: int, sha256: bytes, additions: Sequence[bytes]) -> None:
        """Add what came since; Fault PERSONS_FILTER_WRONG when that does not give this hash."""
        ...

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        ...
