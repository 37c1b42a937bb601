"""Prints a slip behind a receipt: there, at once, or not at all.

The reading thread tells what the till sent and when nothing of it is open; the printing itself is
the forwarder's. A slip goes in behind the very byte its settings were worked out for, so it cannot
come to stand in another receipt, nor leave a setting behind that the till has changed since.
"""

import threading
import time

import structlog

from edge_agent.domain.slip import AppendStyle, Place, Slip
from edge_agent.drivers.profiles import TillProfile
from edge_agent.drivers.till_escpos.appendix import Roll, appendix, finished
from edge_agent.drivers.till_escpos.forwarder import Forwarder
from edge_agent.drivers.till_escpos.frames import Tokenizer
from edge_agent.drivers.till_escpos.mode import Mode, ModeReader
from edge_agent.drivers.till_escpos.status import PrinterStatus
from edge_agent.ports.till_tap import TappedReceipt
from retail_core.texts.faults import FaultCode

_TRY_S = 0.1
log = structlog.get_logger(__name__)


class SlipPrinter:
    """One tap's; `append` is called by any thread, the rest by the one that reads."""

    def __init__(self, forwarder: Forwarder, profile: TillProfile, style: AppendStyle) -> None:
        self._forwarder = forwarder
        self._style = style
        paper = profile.paper
        self._roll = Roll(paper.columns, paper.dots_per_column)
        pages = {int(page): codec for page, codec in paper.code_pages.items()}
        self._tokenizer = Tokenizer()
        self._mode = ModeReader(paper.encoding, pages)
        self._status = PrinterStatus()
        self._changed = threading.Condition()
        self._last: TappedReceipt | None = None
        self._rest: tuple[int, Mode] | None = None

    # ---- told by the tap ------------------------------------------------------------------------

    def saw(self, data: bytes) -> None:
        """Follow what the till sent; whatever goes wrong here costs slips, never a receipt."""
        with self._changed:
            self._rest = None
        try:
            for token in self._tokenizer.feed(data):
                self._mode.feed(token)
                self._status.asked(token)
        except Exception:
            log.exception("following the printer's settings failed")
            self.lose()

    def lose(self) -> None:
        """Note that bytes were missed."""
        self._mode.lose()

    def ended(self, receipt: TappedReceipt) -> None:
        """Note a job that is over."""
        self._mode.end_job()
        with self._changed:
            self._last = receipt

    def rests(self, taken: int) -> None:
        """Note that nothing of the till is open behind its first `taken` bytes."""
        with self._changed:
            if self._rest is None:
                self._rest = (taken, self._mode.mode())
                self._changed.notify_all()

    def answered(self, data: bytes) -> None:
        """Follow what the printer says of itself."""
        self._status.answered(data)

    # ---- asked for by whoever prints ------------------------------------------------------------

    def append(self, receipt: TappedReceipt, slip: Slip, timeout_s: float) -> FaultCode | None:
        """Print a slip behind a receipt; returns why not, None when it was printed."""
        until = time.monotonic() + timeout_s
        while (left_s := until - time.monotonic()) > 0:
            rest = self._gap(receipt, left_s)
            if rest is None:
                break
            taken, mode = rest
            if not self._status.can_print:
                return FaultCode.TILL_APPEND_PRINTER
            if not (mode.known and mode.line_ended):
                return FaultCode.TILL_APPEND_STATE
            body = appendix(slip, mode, self._roll, self._style)
            if body is None:
                return FaultCode.TILL_APPEND_LETTERS
            if self._printed(body, mode, taken, min(left_s, _TRY_S)):
                return None
        return FaultCode.TILL_APPEND_LATE

    def _gap(self, receipt: TappedReceipt, left_s: float) -> tuple[int, Mode] | None:
        """Wait until the till rests behind this receipt; None when that is over."""
        until = time.monotonic() + left_s
        with self._changed:
            while self._last is receipt:
                if self._rest is not None:
                    return self._rest
                if not self._changed.wait(until - time.monotonic()):
                    break
        return None

    def _printed(self, body: bytes, mode: Mode, taken: int, wait_s: float) -> bool:
        alone = finished(body, mode, cut=self._style.own_cut)
        before = self._style.place is Place.BEFORE_CUT and mode.ended_before_cut
        ahead = finished(body, mode, cut=False) if before else b""
        return self._forwarder.inject(alone, wait_s, at=taken, ahead=ahead)
