"""A customer display: what the till shows there, and what the box may show on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

DisplayKind = Literal["price", "subtotal", "total", "received", "change", "text", "clear"]


@dataclass(frozen=True, slots=True)
class DisplayEvent:
    """The till showed something; `amount_fen` is None for a text without an amount."""

    till: str
    kind: DisplayKind
    amount_fen: int | None
    text: str
    mono_ms: int


class CustomerDisplay(Protocol):
    """The display that is already there, as a place for a few words."""

    def show(self, lines: Sequence[str]) -> bool:
        """Show lines for a moment, then the till's own again; False when they may not be shown."""
        ...


class DisplayTap(Protocol):
    """A cut-through reader between a till and its customer display."""

    name: str

    def start(self) -> None:
        """Open both ports and begin forwarding; a missing port shows in `state`, retried."""
        ...

    def next_event(self, *, timeout_ms: int) -> DisplayEvent | None:
        """Return the next event from the bounded queue, or None when none came in time."""
        ...

    def state(self) -> str:
        """Return `ok`, `starting` or `gone`."""
        ...

    def stop(self) -> None:
        """Stop forwarding and close the ports; safe to call twice."""
        ...
