"""A tap on an unchanged till: receipts read off the printer line while its bytes flow on."""

from collections.abc import Callable
from typing import Protocol

from edge_agent.domain.slip import Slip
from edge_agent.domain.tap_seen import TapSeen
from edge_agent.domain.tapped_receipt import ReceiptLine, TappedReceipt

__all__ = ["ReceiptLine", "TappedReceipt", "TillTap"]
from retail_core.texts.faults import FaultCode


class TillTap(Protocol):
    """A cut-through reader between a till and its printer."""

    name: str

    def start(self) -> None:
        """Open both ports and begin forwarding; a missing port shows in `state`, retried."""
        ...

    def next_receipt(self, *, timeout_ms: int) -> TappedReceipt | None:
        """Return the next receipt from the bounded queue, or None when none came in time."""
        ...

    def watch(self, listener: Callable[[TapSeen], None]) -> Callable[[], None]:
        """Show everything seen to a listener, beside the line; returns how to end it.

        A listener that raises is dropped; a slow one costs copies, never the line.
        """
        ...

    def inject(self, data: bytes, *, timeout_ms: int) -> bool:
        """Print bytes of our own between two jobs; False when no such moment came in time.

        All of `data` goes to the printer in one piece, or nothing of it.
        """
        ...

    def append(self, receipt: TappedReceipt, slip: Slip, *, timeout_ms: int) -> FaultCode | None:
        """Print a slip behind a receipt just read, before anything else is printed.

        None when it was printed, else why not (TILL_APPEND_…): nothing of it was printed then, and
        nothing will be.
        """
        ...

    def state(self) -> str:
        """Return `ok`, `starting` or `gone`."""
        ...

    def stop(self) -> None:
        """Stop forwarding and close the ports; safe to call twice."""
        ...
