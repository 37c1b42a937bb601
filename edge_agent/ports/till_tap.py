"""A tap on an unchanged till: receipts read off the printer line while its bytes flow on."""

from dataclasses import dataclass
from typing import Protocol

from retail_core.texts.faults import FaultCode


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One article as printed; amounts in fen, quantity in thousandths."""

    name: str
    qty_milli: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class TappedReceipt:
    """One printed receipt; `fault` says why it is not trusted, the lines may still be partial."""

    till: str
    profile: str
    receipt_no: str
    kind: str
    lines: tuple[ReceiptLine, ...]
    total_fen: int | None
    text: str
    fault: FaultCode | None = None


class TillTap(Protocol):
    """A cut-through reader between a till and its printer."""

    name: str

    def start(self) -> None:
        """Open both ports and begin forwarding; a missing port shows in `state`, retried."""
        ...

    def next_receipt(self, *, timeout_ms: int) -> TappedReceipt | None:
        """Return the next receipt from the bounded queue, or None when none came in time."""
        ...

    def state(self) -> str:
        """Return `ok`, `starting` or `gone`."""
        ...

    def stop(self) -> None:
        """Stop forwarding and close the ports; safe to call twice."""
        ...
