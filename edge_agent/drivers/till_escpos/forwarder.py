"""Lets every byte between till and printer through at once, in both directions at the same time.

A byte taken from one line is kept until the other has taken it, also over an unplugged cable. The
copy is handed over before the write, to a function that must not wait.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from edge_agent.drivers.lines.transport import Port, PortGoneError, WakeUp, open_port
from edge_agent.drivers.profiles import SerialLine
from retail_core.errors import Fault

RETRY_S = 0.5
TIMINGS_MAX = 4_096
OpenPort = Callable[[str, SerialLine], Port]


@dataclass(slots=True)
class _Way:
    """One direction; `pending` was read from `source` and not yet taken by `sink`."""

    source: str
    sink: str
    pending: bytes = b""
    read_at: float = 0.0
    micros: deque[float] = field(default_factory=lambda: deque(maxlen=TIMINGS_MAX))


class Forwarder:
    """Two lines and two threads; opens again what went away, for ever, until stopped."""

    def __init__(
        self,
        ports: tuple[str, str],
        line: SerialLine,
        *,
        on_copy: Callable[[bytes], None],
        on_state: Callable[[str], None],
        open_line: OpenPort = open_port,
    ) -> None:
        self._line = line
        self._on_copy = on_copy
        self._on_state = on_state
        self._open_line = open_line
        till, printer = ports
        self._printing = _Way(till, printer)
        self._answering = _Way(printer, till)
        self._lines: dict[str, Port] = {}
        self._gone: set[str] = set()
        self._wake: WakeUp | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin in a thread of its own."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="till to printer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End both threads and close both lines; safe to call twice."""
        self._stopping.set()
        wake = self._wake
        if wake is not None:
            wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def micros(self) -> tuple[float, ...]:
        """Return how long the last printed chunks stayed in here, in microseconds."""
        return tuple(self._printing.micros)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._open_lines():
                self._on_state("ok")
                self._forward()
            if self._stopping.is_set():
                break
            # Also after a line that went: a far end that is unplugged still opens and ends at once.
            self._on_state("gone")
            self._stopping.wait(RETRY_S)
        for path in tuple(self._lines):
            self._lines.pop(path).close()

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
        wake = WakeUp()
        self._wake = wake
        if self._stopping.is_set():  # stop() may have come before it could see this wake-up
            wake.set()
        back = threading.Thread(
            target=self._pump, args=(self._answering, wake), name="printer to till", daemon=True
        )
        back.start()
        self._pump(self._printing, wake)
        back.join()
        self._wake = None
        wake.close()
        for path in self._gone:
            self._lines.pop(path).close()
        self._gone.clear()

    def _pump(self, way: _Way, wake: WakeUp) -> None:
        """Carry one direction until woken up."""
        try:
            while not wake.is_set:
                if way.pending:
                    self._push(way, wake)
                else:
                    self._pull(way, wake)
        except PortGoneError as error:
            self._gone.add(error.path)
            wake.set()

    def _pull(self, way: _Way, wake: WakeUp) -> None:
        data = self._lines[way.source].read(wake)
        if data:
            way.read_at = time.perf_counter()
            way.pending = data
            if way is self._printing:
                self._on_copy(data)

    def _push(self, way: _Way, wake: WakeUp) -> None:
        written = self._lines[way.sink].write(way.pending, wake)
        way.pending = way.pending[written:]
        if not way.pending:
            way.micros.append((time.perf_counter() - way.read_at) * 1e6)
