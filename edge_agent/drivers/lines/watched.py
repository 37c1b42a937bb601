"""A line somebody watches: bytes flow on as the watcher says, and on their own if it fails.

What was read and not yet decided on lies here, not with the watcher: whatever becomes of it, every
byte goes on, once and in order, after `hold_ms` of silence at the latest. Bytes the other way are
not looked at.
"""

import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from edge_agent.drivers.lines.port import Port, PortGoneError, WakeUp, wait_for
from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.profiles import SerialLine
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

RETRY_S = 0.5
HOLD_MS_MAX = 250
HOLD_BYTES_MAX = 1_024
TIMINGS_MAX = 4_096
OpenPort = Callable[[str, SerialLine], Port]

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of the oldest `taken` undecided bytes, after `inserted` has gone out."""

    taken: int = 0
    forwarded: bool = True
    inserted: bytes = b""


class Watch(Protocol):
    """Decides about bytes on their way; called by one thread."""

    def feed(self, data: bytes, now_ms: int) -> Iterable[Step]:
        """Hear of bytes that came, and decide about those that can be decided on."""
        ...

    def tick(self, now_ms: int) -> Iterable[Step]:
        """Decide when nothing has come for as long as `wait_ms` said, or after a `nudge`."""
        ...

    def wait_ms(self, now_ms: int) -> int | None:
        """Return when to tick; None: not before something comes."""
        ...

    def reset(self) -> None:
        """Begin anew: everything undecided has gone on."""
        ...

    def farewell(self) -> bytes:
        """Return what puts things right before the line is left; b"" when nothing does."""
        ...


def mono_ms() -> int:
    """Return the monotonic clock in milliseconds."""
    return time.monotonic_ns() // 1_000_000


@dataclass(slots=True)
class _Undecided:
    """Bytes that were read and not yet decided on; the last of them came at `since_ms`."""

    hold_ms: int
    data: bytearray = field(default_factory=bytearray)
    since_ms: int = 0

    def overdue(self, now_ms: int) -> bool:
        held_ms = now_ms - self.since_ms if self.data else 0
        return held_ms >= self.hold_ms or len(self.data) > HOLD_BYTES_MAX

    def wait_ms(self, now_ms: int) -> int | None:
        return max(0, self.since_ms + self.hold_ms - now_ms) if self.data else None


class WatchedLine:
    """Two lines and two threads; opens again what went away, for ever, until stopped."""

    def __init__(  # noqa: PLR0913 -- two ends, who decides, who hears of it
        self,
        ports: tuple[str, str],
        line: SerialLine,
        watch: Watch,
        *,
        on_state: Callable[[str], None],
        tally: FaultTally,
        open_line: OpenPort = open_port,
        hold_ms: int = HOLD_MS_MAX,
    ) -> None:
        self._ports = ports
        self._line = line
        self._watch = watch
        self._on_state = on_state
        self._tally = tally
        self._open_line = open_line
        self._lines: dict[str, Port] = {}
        self._gone: set[str] = set()
        self._undecided = _Undecided(hold_ms)
        self._pending = b""
        self._answer = b""
        self._read_at = 0.0
        self._micros: deque[float] = deque(maxlen=TIMINGS_MAX)
        self._wake = WakeUp()
        self._back_wake = WakeUp()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin in a thread of its own; calling it again changes nothing."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name=self._ports[0], daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Let go what is undecided, end both threads, close both lines; safe to call twice."""
        self._stopping.set()
        if self._thread is not None:
            self._wake.nudge()
            self._back_wake.nudge()
            self._thread.join()
            self._thread = None

    def nudge(self) -> None:
        """Have the watcher ticked soon, from any thread."""
        self._wake.nudge()

    @property
    def runs(self) -> bool:
        """Whether it was started and not stopped."""
        return self._thread is not None

    def micros(self) -> tuple[float, ...]:
        """Return how long the last chunks that went on at once stayed here, in microseconds."""
        return tuple(self._micros)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._open_lines():
                self._on_state("ok")
                self._forward()
            if self._stopping.is_set():
                break
            self._on_state("gone")
            self._stopping.wait(RETRY_S)
        for path in tuple(self._lines):
            self._lines.pop(path).close()

    def _open_lines(self) -> bool:
        for path in self._ports:
            if path not in self._lines:
                try:
                    self._lines[path] = self._open_line(path, self._line)
                except Fault:
                    return False
        return True

    def _forward(self) -> None:
        over = threading.Event()
        back = threading.Thread(
            target=self._carry_back, args=(over,), name=self._ports[1], daemon=True
        )
        back.start()
        try:
            while not (over.is_set() or self._stopping.is_set()):
                self._turn()
            self._let_go()
            self._pending += self._watch.farewell()
            self._push(best_effort=True)
        except PortGoneError as error:
            self._gone.add(error.path)
        over.set()
        self._back_wake.nudge()
        back.join()
        for path in self._gone:
            self._lines.pop(path).close()
        self._gone.clear()

    def _turn(self) -> None:
        """Send what is decided, then wait for bytes, for the time to decide, or for a nudge."""
        if self._pending:
            self._push()
            return
        source, now = self._lines[self._ports[0]], mono_ms()
        data = b""
        if wait_for(source.fd, select.POLLIN, self._wake, timeout_ms=self._wait_ms(now)):
            data = source.read(self._wake)
        else:
            self._wake.settle()
        now = mono_ms()
        if data:
            self._read_at = time.perf_counter()
            self._undecided.since_ms = now
            self._undecided.data += data
        self._ask(data, now)
        if self._undecided.overdue(now):
            self._let_go()

    def _ask(self, data: bytes, now_ms: int) -> None:
        """Do as the watcher says; one that fails is not asked about these bytes again."""
        try:
            steps = self._watch.feed(data, now_ms) if data else self._watch.tick(now_ms)
            for step in steps:
                self._do(step)
        except Exception as error:  # noqa: BLE001 - a bug in a watcher must not stop the shop
            # What was on the line is nobody's to read in a log: the kind of error only.
            logger.warning("a line's watcher failed", error=type(error).__name__)
            self._tally.count(FaultCode.TILL_WATCH_FAILED)
            self._let_go()

    def _do(self, step: Step) -> None:
        taken = bytes(self._undecided.data[: step.taken])
        del self._undecided.data[: step.taken]
        self._pending += step.inserted + (taken if step.forwarded else b"")

    def _let_go(self) -> None:
        if self._undecided.data:
            self._pending += bytes(self._undecided.data)
            self._undecided.data.clear()
        self._watch.reset()

    def _wait_ms(self, now_ms: int) -> int | None:
        times = (self._watch.wait_ms(now_ms), self._undecided.wait_ms(now_ms))
        return min((one for one in times if one is not None), default=None)

    def _push(self, *, best_effort: bool = False) -> None:
        """Write until all is out; at the end a line that takes nothing is not waited for."""
        sink = self._lines[self._ports[1]]
        while self._pending:
            written = sink.write(self._pending, self._wake)
            self._pending = self._pending[written:]
            if not written:
                if best_effort or self._stopping.is_set():
                    return
                self._wake.settle()
        self._micros.append((time.perf_counter() - self._read_at) * 1e6)

    def _carry_back(self, over: threading.Event) -> None:
        till, device = self._ports
        try:
            while not (over.is_set() or self._stopping.is_set()):
                if not self._answer:
                    self._answer = self._lines[device].read(self._back_wake)
                else:
                    written = self._lines[till].write(self._answer, self._back_wake)
                    self._answer = self._answer[written:]
                self._back_wake.settle()
        except PortGoneError as error:
            self._gone.add(error.path)
            over.set()
            self._wake.nudge()
