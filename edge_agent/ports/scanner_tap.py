"""A bar code scanner: what it reads on its way to the till, and what the box types there."""

from dataclasses import dataclass
from typing import Literal, Protocol

ScanKind = Literal["article", "weighed", "member", "payment", "other"]


@dataclass(frozen=True, slots=True)
class ScanEvent:
    """One code that was read; only a member's was kept from the till.

    `code` is empty for a payment code, and for anything that might hide one. A weighed one has what
    its label says: `qty_milli` in thousandths of a kilogram or of a piece, `amount_fen`, or both.
    """

    till: str
    kind: ScanKind
    code: str
    qty_milli: int | None
    amount_fen: int | None
    mono_ms: int


class TillInjector(Protocol):
    """Types into the till as its scanner would."""

    def type(self, text: str) -> bool:
        """Type a text and the scanner's terminator; False when it may not or cannot be typed."""
        ...


class ScannerTap(Protocol):
    """A cut-through reader between a scanner and its till."""

    name: str

    def start(self) -> None:
        """Open both ends and begin forwarding; a missing one shows in `state`, retried."""
        ...

    def next_event(self, *, timeout_ms: int) -> ScanEvent | None:
        """Return the next scan from the bounded queue, or None when none came in time."""
        ...

    def state(self) -> str:
        """Return `ok`, `starting` or `gone`."""
        ...

    def stop(self) -> None:
        """Stop forwarding and let go of both ends; safe to call twice."""
        ...
