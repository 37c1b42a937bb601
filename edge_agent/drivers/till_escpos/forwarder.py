"""Lets every byte between till and printer through at once, in both directions at the same time.

A byte taken from one line is kept until the other has taken it, also over an unplugged cable. The
copy is handed over before the write, to a function that must not wait; an empty one says that the
stream is over: another till may come. Bytes of our own go in only
where the reader said that no job is open, and only if not one byte has come since. For that a cut
that ends a block may wait a moment, if `hold_s` says so; it goes on by itself, and with the next
byte.
"""

import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from edge_agent.drivers.lines.transport import Port, PortGoneError, WakeUp, open_port
from edge_agent.drivers.profiles import SerialLine
from edge_agent.drivers.till_escpos.held_cut import parted
from retail_core.errors import Fault

logger = structlog.get_logger(__name__)

RETRY_S = 0.5
SWITCH_S = 0.000_5
TIMINGS_MAX = 4_096
OpenPort = Callable[[str, SerialLine], Port]


@dataclass(slots=True)
class _Way:
    """One direction; `pending` was read from `source` and not yet taken by `sink`.

    `taken` counts all bytes ever read from `source`, `ended` the streams of it that were over by
    then. `held` waits until `held_until`, and is pushed before whatever is read next.
    """

    source: str
    sink: str
    pending: bytes = b""
    taken: int = 0
    ended: int = 0
    held: bytes = b""
    held_until: float = 0.0
    read_at: float = 0.0
    micros: deque[float] = field(default_factory=lambda: deque(maxlen=TIMINGS_MAX))


@dataclass(slots=True)
class _Injection:
    """Bytes of our own that wait for a gap between jobs, behind byte `at` if that is said.

    `ahead` is printed in their stead where a cut is held back: before it.
    """

    data: bytes
    ahead: bytes = b""
    at: int | None = None
    accepted: threading.Event = field(default_factory=threading.Event)


class Forwarder:
    """Two lines and two threads; opens again what went away, for ever, until stopped."""

    def __init__(  # noqa: PLR0913 -- a line and who hears of it
        self,
        ports: tuple[str, str],
        line: SerialLine,
        *,
        on_copy: Callable[[bytes, int], None],
        on_state: Callable[[str], None],
        open_line: OpenPort = open_port,
        on_answer: Callable[[bytes], None] | None = None,
        hold_s: float = 0,
    ) -> None:
        self._line = line
        self._on_answer = on_answer
        self._hold_s = hold_s
        self._on_copy = on_copy
        self._on_state = on_state
        self._open_line = open_line
        till, printer = ports
        self._printing = _Way(till, printer)
        self._answering = _Way(printer, till)
        self._lines: dict[str, Port] = {}
        self._gone: set[str] = set()
        self._wakes: tuple[WakeUp, ...] = ()
        self._rest_at = 0
        self._injection: _Injection | None = None
        self._waking = threading.Lock()
        self._one_injects = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin in a thread of its own."""
        # A receipt being read may hold the interpreter for its switch interval each time a block
        # wants through; at the usual 5 ms a block waited 14 ms.
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_S))
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="till to printer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End both threads and close both lines; safe to call twice."""
        self._stopping.set()
        with self._waking:
            for wake in self._wakes:
                wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def micros(self) -> tuple[float, ...]:
        """Return how long the last printed chunks stayed in here, in microseconds."""
        return tuple(self._printing.micros)

    def rest_at(self, taken: int) -> None:
        """Note that no job is open behind the first `taken` bytes of the till."""
        self._rest_at = taken
        if self._injection is not None:
            self._nudge()

    def inject(
        self, data: bytes, timeout_s: float, *, at: int | None = None, ahead: bytes = b""
    ) -> bool:
        """Print bytes of our own in one piece between two jobs; False when there was no gap.

        With `at` only behind that byte of the till; `ahead` instead, if a cut is held back there.
        """
        with self._one_injects:
            injection = _Injection(data, ahead, at)
            self._injection = injection
            self._nudge()
            if not injection.accepted.wait(timeout_s):
                with self._waking:
                    self._injection = None
            return injection.accepted.is_set()

    def _nudge(self) -> None:
        with self._waking:
            if self._wakes:
                self._wakes[0].nudge()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._round()
            if self._stopping.is_set():
                break
            # Also after a line that went: a far end that is unplugged still opens and ends at once.
            self._on_state("gone")
            self._stopping.wait(RETRY_S)
        for path in tuple(self._lines):
            self._lines.pop(path).close()

    def _round(self) -> None:
        """Forward until a line goes; a fault of ours costs a pause, never the till's printer."""
        try:
            if self._open_lines():
                self._on_state("ok")
                self._forward()
        except Exception as error:  # noqa: BLE001 - a till must print whatever is wrong here
            logger.error("forwarding failed", error=type(error).__name__)  # noqa: TRY400

    def _open_lines(self) -> bool:
        for path in (self._printing.source, self._printing.sink):
            if path not in self._lines:
                try:
                    self._lines[path] = self._open_line(path, self._line)
                except Fault:
                    return False
        return True

    def _forward(self) -> None:
        """Forward until a line goes away or the end is wanted; lines that stay, stay open."""
        wakes = (WakeUp(), WakeUp())
        with self._waking:
            self._wakes = wakes
        if self._stopping.is_set():  # stop() may have come before it could see these
            self._wake_both(wakes)
        back = threading.Thread(
            target=self._pump, args=(self._answering, wakes), name="printer to till", daemon=True
        )
        back.start()
        self._pump(self._printing, wakes)
        back.join()
        with self._waking:
            self._wakes = ()
        for wake in wakes:
            wake.close()
        for path in self._gone:
            self._lines.pop(path).close()
        self._gone.clear()

    def _pump(self, way: _Way, wakes: tuple[WakeUp, WakeUp]) -> None:
        """Carry one direction until woken up."""
        wake = wakes[0] if way is self._printing else wakes[1]
        try:
            while not wake.is_set:
                if self._injection is not None and way is self._printing:
                    self._let_in(way)
                if way.held and time.monotonic() >= way.held_until:
                    self._let_go(way)
                moved = self._push(way, wake) if way.pending else self._pull(way, wake)
                if not moved:
                    wake.settle()
        except PortGoneError as error:
            self._gone.add(error.path)
            self._wake_both(wakes)
        except Exception as error:  # noqa: BLE001 - both lines are opened anew, what waits is kept
            logger.error("forwarding failed", error=type(error).__name__)  # noqa: TRY400
            self._gone.update(self._lines)
            self._wake_both(wakes)

    def _wake_both(self, wakes: tuple[WakeUp, WakeUp]) -> None:
        for wake in wakes:
            wake.set()

    def _let_in(self, way: _Way) -> None:
        """Take what waits to be printed, if the till is between two jobs."""
        with self._waking:
            injection = self._injection
            if injection is None or way.pending or self._rest_at != way.taken:
                return
            if injection.at not in {None, way.taken}:
                return
            self._injection = None
            if way.held and injection.ahead:
                way.pending = injection.ahead + way.held
            else:
                way.pending = way.held + injection.data
            way.held, way.read_at = b"", 0.0
            injection.accepted.set()

    def _let_go(self, way: _Way) -> None:
        """Let a cut go on that waited long enough; its wait is not the line's latency."""
        way.pending, way.held, way.read_at = way.pending + way.held, b"", 0.0

    def _pull(self, way: _Way, wake: WakeUp) -> bool:
        source = self._lines[way.source]
        data = source.read(wake)
        if way is self._printing and source.ended != way.ended:
            way.ended = source.ended
            self._on_copy(b"", way.taken)
        if data:
            way.read_at = time.perf_counter()
            way.pending, way.held = way.held + data, b""
            way.taken += len(data)
            if way is self._printing:
                self._hold(way)
                self._on_copy(data, way.taken)
            elif self._on_answer is not None:
                self._on_answer(data)
        return bool(data)

    def _hold(self, way: _Way) -> None:
        """Keep a cut at the end of a block for a moment, when that is wanted."""
        if self._hold_s:
            way.pending, way.held = parted(way.pending)
        if way.held:
            way.held_until = time.monotonic() + self._hold_s
            timer = threading.Timer(self._hold_s, self._nudge)
            timer.daemon = True
            timer.start()

    def _push(self, way: _Way, wake: WakeUp) -> bool:
        written = self._lines[way.sink].write(way.pending, wake)
        way.pending = way.pending[written:]
        if not way.pending and way.read_at:
            way.micros.append((time.perf_counter() - way.read_at) * 1e6)
        return written > 0
