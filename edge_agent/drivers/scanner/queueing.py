"""What every scanner has: its events in a bounded queue, and texts that wait to be typed."""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from edge_agent.drivers.lines.watched import HOLD_MS_MAX
from edge_agent.ports.scanner_tap import ScanEvent
from retail_core.limits import SCAN_EVENT_QUEUE_MAX

TYPE_S = 1.0
TYPED_CHARS_MAX = 64
# Between a scan and what the box types a till needs a moment.
PAUSE_MS = 30
_MARGIN_MS = 50
TERMINATOR = {"cr": "\r", "lf": "\n", "crlf": "\r\n", "tab": "\t", "none": ""}


def hold_ms(gap_ms: int) -> int:
    """Return how long anything may wait, whatever its judge does: past the pause it waits for."""
    return max(HOLD_MS_MAX, gap_ms + _MARGIN_MS)


@dataclass(slots=True)
class Typing:
    """A text to be typed if it still `may` be when its moment comes, and whether it was."""

    text: str
    may: Callable[[], bool]
    done: threading.Event = field(default_factory=threading.Event)


class Scans:
    """The events of one scanner; who does not fetch them loses the oldest."""

    def __init__(self) -> None:
        self._events: queue.Queue[ScanEvent] = queue.Queue(SCAN_EVENT_QUEUE_MAX)
        self._last_ms = -1

    def put(self, event: ScanEvent) -> None:
        """Queue an event without waiting; called by the scanner's thread."""
        # Two of the same goods that were read at once are two, and told apart by their time.
        event = replace(event, mono_ms=max(event.mono_ms, self._last_ms + 1))
        self._last_ms = event.mono_ms
        while True:
            try:
                self._events.put_nowait(event)
            except queue.Full:
                self._drop_oldest()
            else:
                return

    def next(self, timeout_ms: int) -> ScanEvent | None:
        """Return the oldest event that waits, or None when none came in time."""
        try:
            return self._events.get(timeout=max(timeout_ms, 1) / 1000)
        except queue.Empty:
            return None

    def _drop_oldest(self) -> None:
        try:
            self._events.get_nowait()
        except queue.Empty:
            return


class Keystrokes:
    """A `TillInjector`: hands one text at a time to the scanner's thread and waits for it."""

    def __init__(
        self,
        may: Callable[[], bool],
        want: Callable[[Typing | None], None],
        runs: Callable[[], bool],
    ) -> None:
        self._may = may
        self._want = want
        self._runs = runs
        self._turn = threading.Lock()

    def type(self, text: str) -> bool:
        """Type a text and the terminator; False when it may not or cannot be typed."""
        typable = 0 < len(text) <= TYPED_CHARS_MAX and text.isascii() and text.isprintable()
        if not (typable and self._runs() and self._may()):
            return False
        with self._turn:
            typing = Typing(text, self._may)
            self._want(typing)
            if not typing.done.wait(TYPE_S):
                self._want(None)
            return typing.done.is_set()
