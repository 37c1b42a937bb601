"""A contactless reader: what was tapped, when, and what stood on it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CardTap:
    """A card that was read: its UID and the text of its NDEF URI record, if it has one."""

    reader: str
    uid: bytes
    ndef_uri: str | None
    detected_mono_ms: int
    read_ms: float


class NfcReader(Protocol):
    """A PC/SC reader watched by a thread of its own."""

    def start(self) -> None:
        """Begin watching; a missing reader or service shows in `state` and is retried."""
        ...

    def next_tap(self, *, timeout_ms: int) -> CardTap | None:
        """Return the next tap from the bounded queue, or None when none came in time."""
        ...

    def state(self) -> str:
        """Return `ok`, `starting` or `gone`."""
        ...

    def stop(self) -> None:
        """Stop the thread; safe to call twice."""
        ...
