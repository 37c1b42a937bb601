"""The `TillTap`: stands between a till and its printer, lets the bytes through and reads a copy.

Forwarding and reading share nothing but a bounded queue on which forwarding never waits: if reading
is slow or broken the till still prints, and the job it missed is marked as cut off.
"""

import queue
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from edge_agent.domain.slip import AppendStyle, Slip
from edge_agent.domain.tap_seen import TapSeen
from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.profiles import TillProfile
from edge_agent.drivers.till_escpos.forwarder import Forwarder, OpenPort
from edge_agent.drivers.till_escpos.jobs import JobReader
from edge_agent.drivers.till_escpos.slips import SlipPrinter
from edge_agent.ports.till_tap import TappedReceipt
from retail_core.limits import RECEIPT_QUEUE_MAX
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

COPY_CHUNKS_MAX = 1_024
_STOP_CHECK_S = 0.2

logger = structlog.get_logger(__name__)


def _mono_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _where(error: Exception) -> dict[str, str]:
    """Say what failed and where, never with what: receipts are personal data."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return {"error": type(error).__name__, "at": f"{Path(last.filename).name}:{last.lineno}"}


@dataclass(frozen=True, slots=True)
class _Copy:
    """A block that was forwarded, with how many bytes had come by then; or a state entered.

    Or what the printer answered: in the same queue, so that it comes behind its question. A block
    without bytes ends the stream: what comes next is another till's.
    """

    data: bytes = b""
    taken: int = 0
    state: str = ""
    answer: bytes = b""


class EscposTap:
    """One tapped till; `till` is its id, which every receipt carries."""

    def __init__(
        self,
        till: str,
        profile: TillProfile,
        ports: tuple[str, str],
        *,
        tally: FaultTally | None = None,
        open_line: OpenPort = open_port,
        append: AppendStyle | None = None,
    ) -> None:
        self.name = f"escpos {till}"
        self._till = till
        self._profile = profile
        self._tally = tally or FaultTally()
        self._forwarder = Forwarder(
            ports,
            profile.line,
            on_copy=self._copy,
            on_state=self._enter,
            open_line=open_line,
            on_answer=self._answered if append else None,
            hold_s=append.hold_s if append else 0,
        )
        self._slips = SlipPrinter(self._forwarder, profile, append) if append else None
        self._jobs = self.new_reader()
        self._copies: queue.Queue[_Copy] = queue.Queue(COPY_CHUNKS_MAX)
        self._receipts: queue.Queue[TappedReceipt] = queue.Queue(RECEIPT_QUEUE_MAX)
        self._missed = threading.Event()
        self._taken = 0
        self._stopping = threading.Event()
        self._reader: threading.Thread | None = None
        self._state = "starting"
        self._listeners: tuple[Callable[[TapSeen], None], ...] = ()

    def start(self) -> None:
        """Open both lines and begin forwarding; calling it again changes nothing."""
        if self._reader is None:
            self._stopping.clear()
            self._reader = threading.Thread(target=self._read, name=self.name, daemon=True)
            self._reader.start()
            self._forwarder.start()

    def next_receipt(self, *, timeout_ms: int) -> TappedReceipt | None:
        """Return the oldest receipt that waits, or None when none came in time."""
        try:
            return self._receipts.get(timeout=max(timeout_ms, 1) / 1000)
        except queue.Empty:
            return None

    def watch(self, listener: Callable[[TapSeen], None]) -> Callable[[], None]:
        """Show everything seen to a listener, in the reading thread; returns how to end it."""
        self._listeners = (*self._listeners, listener)
        return lambda: self._drop(listener)

    def inject(self, data: bytes, *, timeout_ms: int) -> bool:
        """Print bytes of our own between two jobs; False when no such moment came in time."""
        return self._forwarder.inject(data, max(timeout_ms, 1) / 1000)

    def append(self, receipt: TappedReceipt, slip: Slip, *, timeout_ms: int) -> FaultCode | None:
        """Print a slip behind a receipt; returns why not, None when it was printed."""
        if self._slips is None:
            return FaultCode.TILL_APPEND_OFF
        return self._slips.append(receipt, slip, max(timeout_ms, 1) / 1000)

    def state(self) -> str:
        """Return `ok`, `starting` or `gone`."""
        return self._state

    def stop(self) -> None:
        """Stop forwarding, close the lines and read what is left; safe to call twice."""
        self._forwarder.stop()
        if self._reader is not None:
            self._stopping.set()
            self._reader.join()
            self._reader = None
        self._state = "starting"

    def new_reader(self) -> JobReader:
        """Return what reads the copy; a fresh one follows one that died."""
        return JobReader(self._till, self._profile)

    def forward_micros(self) -> tuple[float, ...]:
        """Return how long the last printed chunks stayed in the tap, in microseconds."""
        return self._forwarder.micros()

    # ---- called by the forwarding threads -------------------------------------------------------

    def _copy(self, data: bytes, taken: int) -> None:
        try:
            self._copies.put_nowait(_Copy(data, taken))
        except queue.Full:
            self._missed.set()

    def _answered(self, data: bytes) -> None:
        with suppress(queue.Full):
            self._copies.put_nowait(_Copy(answer=data))

    def _enter(self, state: str) -> None:
        if state == "gone" and self._state != "gone":
            self._tally.count(FaultCode.TILL_PORT_OPEN)
        self._state = state
        with suppress(queue.Full):
            self._copies.put_nowait(_Copy(state=state))

    # ---- the reading thread ---------------------------------------------------------------------

    def _read(self) -> None:
        """Read the copy until stopped; whatever goes wrong here costs one job, never the line."""
        while True:
            try:
                done = self._read_one()
            except Exception as error:  # noqa: BLE001 - whatever it is, the line goes on
                logger.error("reading a job failed", till=self._till, **_where(error))  # noqa: TRY400
                self._tally.count(FaultCode.TILL_RECEIPT_UNREADABLE)
                self._jobs = self.new_reader()
                self._jobs.begin_amid(_mono_ms())
                continue
            if done:
                return

    def _read_one(self) -> bool:
        """Take one chunk or one silence; True when stopped and nothing is left."""
        waiting_ms = self._jobs.wait_ms(_mono_ms())
        check_s = _STOP_CHECK_S if waiting_ms is None else min(waiting_ms / 1000, _STOP_CHECK_S)
        try:
            copy = self._copies.get(timeout=max(check_s, 0.001))
        except queue.Empty:
            if self._missed.is_set():  # what found no room came behind all that was copied
                self._lose()
            if self._stopping.is_set():
                self._give(self._jobs.hang_up())
                return True
            self._give(self._jobs.silence(_mono_ms()))
        else:
            self._take(copy)
        if self._jobs.wait_ms(_mono_ms()) is None:
            self._forwarder.rest_at(self._taken)
            if self._slips is not None:
                self._slips.rests(self._taken)
        return False

    def _take(self, copy: _Copy) -> None:
        """Show and read one block."""
        now_ms = _mono_ms()
        if copy.answer and self._slips is not None:
            self._slips.answered(copy.answer)
            return
        if copy.state:
            self._show(TapSeen("state", self._till, now_ms, state=copy.state))
            return
        if copy.taken - len(copy.data) != self._taken:
            self._lose()
        self._taken = copy.taken
        if not copy.data:
            self._give(self._jobs.disconnected())
            return
        self._show(TapSeen("bytes", self._till, now_ms, data=copy.data))
        if self._slips is not None:
            self._slips.saw(copy.data)
        self._give(self._jobs.feed(copy.data, now_ms))

    def _lose(self) -> None:
        """Trust the open job no more: bytes of it were not copied."""
        self._missed.clear()
        self._jobs.lose()
        if self._slips is not None:
            self._slips.lose()

    def _show(self, seen: TapSeen) -> None:
        for listener in self._listeners:
            try:
                listener(seen)
            except Exception as error:  # noqa: BLE001 - a watcher must not cost the copy
                logger.error("listener of a tap failed", till=self._till, **_where(error))  # noqa: TRY400
                self._drop(listener)

    def _drop(self, listener: Callable[[TapSeen], None]) -> None:
        self._listeners = tuple(each for each in self._listeners if each is not listener)

    def _give(self, receipts: list[TappedReceipt]) -> None:
        """Hand receipts over; waits for room, because a receipt is money."""
        for receipt in receipts:
            if self._slips is not None:
                self._slips.ended(receipt)
            self._show(TapSeen("job", self._till, _mono_ms(), receipt=receipt))
            while True:
                try:
                    self._receipts.put(receipt, timeout=_STOP_CHECK_S)
                    break
                except queue.Full:
                    if self._stopping.is_set():
                        logger.warning("a receipt was not fetched", till=self._till)
                        break
