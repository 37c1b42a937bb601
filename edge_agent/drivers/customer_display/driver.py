"""The `DisplayTap` and `CustomerDisplay`: stands between a till and its customer display.

The till's bytes go on at once. A greeting goes out only between two commands and after a pause, and
whatever the till sends next is preceded by its own last picture.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from edge_agent.drivers.customer_display.frames import DisplayTokens, Token
from edge_agent.drivers.customer_display.greeting import greeting_bytes
from edge_agent.drivers.customer_display.reading import DisplayReader
from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.lines.watched import OpenPort, Step, WatchedLine
from edge_agent.drivers.profiles.display import DisplayProfile
from edge_agent.ports.display_tap import DisplayEvent
from retail_core.limits import DISPLAY_EVENT_QUEUE_MAX
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

# Without a byte for so long the till has said what it wanted to.
SETTLE_MS = 60
# And what it began is broken off.
BROKEN_MS = 300
# A greeting waits for a pause like this, so that it does not push into a till's next picture.
PAUSE_MS = 200
SHOW_S = 2.0
_SPEED = b"\x02B"
_KNOWN_BY = frozenset({b"\x0c", b"\x1b@"})


@dataclass(slots=True)
class Greeting:
    """Bytes to be shown if they still `may` be when their moment comes, and whether they were."""

    raw: bytes
    may: Callable[[], bool]
    done: threading.Event = field(default_factory=threading.Event)


class DisplayWatch:
    """Reads along and knows when a greeting may go out; called by the line's thread."""

    def __init__(
        self,
        reader: DisplayReader,
        hold_ms: int,
        tell: Callable[[DisplayEvent], None],
        tally: FaultTally,
    ) -> None:
        self._reader = reader
        self._hold_ms = hold_ms
        self._tell = tell
        self._tally = tally
        self._tokens = DisplayTokens()
        self._wanted: Greeting | None = None
        self._until_ms: int | None = None
        self._heard_ms = 0
        self._unsettled = False
        self._rows_known: set[bytes] = set()
        self.known = False

    @property
    def _is_free(self) -> bool:
        """Whether it is known what stands there, and no command or printer's job is under way."""
        return self.known and self._tokens.at_boundary and not self._reader.screen.aside

    def want(self, greeting: Greeting | None) -> None:
        """Have a greeting shown at the next occasion; None: no more. From any thread."""
        self._wanted = greeting

    def feed(self, data: bytes, now_ms: int) -> Iterator[Step]:
        """Let everything on at once, behind the till's own last picture if a greeting stands."""
        if self._until_ms is not None:
            self._until_ms = None
            yield Step(inserted=self._reader.screen.paint())
        yield Step(taken=len(data))
        self._heard_ms, self._unsettled = now_ms, True
        self._take(self._tokens.feed(data))
        if self._reader.is_full:
            self._settle(now_ms)

    def tick(self, now_ms: int) -> Iterator[Step]:
        """Understand what was shown, show what is wanted, take away what stood long enough."""
        quiet_ms = now_ms - self._heard_ms
        if not self._tokens.at_boundary and quiet_ms >= BROKEN_MS:
            self._take(self._tokens.flush())
        if self._unsettled and quiet_ms >= SETTLE_MS:
            self._settle(now_ms)
        if self._until_ms is not None and now_ms >= self._until_ms:
            self._until_ms = None
            yield Step(inserted=self._reader.screen.paint())
        wanted = self._wanted
        if wanted and self._is_free and quiet_ms >= PAUSE_MS:
            self._wanted = None
            if wanted.may():
                self._until_ms = now_ms + self._hold_ms
                yield Step(inserted=self._reader.screen.addressed(wanted.raw))
                wanted.done.set()

    def wait_ms(self, now_ms: int) -> int | None:
        """Return when something has to be understood, shown or taken away."""
        times = []
        if self._unsettled:
            times.append(self._heard_ms + SETTLE_MS)
        if not self._tokens.at_boundary:
            times.append(self._heard_ms + BROKEN_MS)
        elif self._wanted is not None and self._is_free:
            times.append(self._heard_ms + PAUSE_MS)
        if self._until_ms is not None:
            times.append(self._until_ms)
        return max(0, min(times) - now_ms) if times else None

    def reset(self) -> None:
        """Forget what had begun; what stands on the display is not known any more."""
        self._tokens = DisplayTokens()
        self._rows_known.clear()
        self.known = False

    def farewell(self) -> bytes:
        """Leave the till's own picture behind."""
        stands, self._until_ms = self._until_ms is not None, None
        return self._reader.screen.paint() if stands else b""

    def _take(self, tokens: list[Token]) -> None:
        for token in tokens:
            self._reader.take(token)
            if not self._reader.screen.selected:
                continue
            if token.name == b"\x1bQ":
                self._rows_known.add(token.rest[:1])
            whole = self._rows_known >= self._reader.surface_rows
            self.known = self.known or token.name in _KNOWN_BY or whole
            if token.name == _SPEED:
                self._tally.count(FaultCode.DISPLAY_SPEED_CHANGED)

    def _settle(self, now_ms: int) -> None:
        self._unsettled = False
        for event in self._reader.settle(now_ms):
            self._tell(event)


class CustomerDisplayTap:
    """One display; `till` is the id its events carry, `may` says whether the box may write."""

    def __init__(
        self,
        till: str,
        profile: DisplayProfile,
        ports: tuple[str, str],
        *,
        may: Callable[[], bool] = lambda: False,
        tally: FaultTally | None = None,
        open_line: OpenPort = open_port,
    ) -> None:
        self.name = f"display {till}"
        self._profile = profile
        self._may = may
        self._tally = tally or FaultTally()
        self._events: queue.Queue[DisplayEvent] = queue.Queue(DISPLAY_EVENT_QUEUE_MAX)
        encoding = "gb18030" if profile.encoding == "auto" else profile.encoding
        reader = DisplayReader(till, encoding, profile.columns)
        self._watch = DisplayWatch(reader, profile.hold_ms, self._tell, self._tally)
        self._line = WatchedLine(
            ports,
            profile.line,
            self._watch,
            on_state=self._enter,
            tally=self._tally,
            open_line=open_line,
        )
        self._state = "starting"

    def start(self) -> None:
        """Open both lines and begin forwarding; calling it again changes nothing."""
        self._line.start()

    def next_event(self, *, timeout_ms: int) -> DisplayEvent | None:
        """Return the oldest event that waits, or None when none came in time."""
        try:
            return self._events.get(timeout=max(timeout_ms, 1) / 1000)
        except queue.Empty:
            return None

    def show(self, lines: Sequence[str]) -> bool:
        """Show lines for a moment; False when they may not be shown or no pause came for them."""
        if self._state != "ok" or not self._may():
            return False
        raw = greeting_bytes(lines, self._profile)
        if not raw:
            return False
        greeting = Greeting(raw, self._may)
        self._watch.want(greeting)
        self._line.nudge()
        if not greeting.done.wait(SHOW_S):
            self._watch.want(None)
        return greeting.done.is_set()

    def state(self) -> str:
        """Return `ok`, `starting` or `gone`."""
        return self._state

    def forward_micros(self) -> tuple[float, ...]:
        """Return how long the last chunks stayed in the tap, in microseconds."""
        return self._line.micros()

    def stop(self) -> None:
        """Stop forwarding and close the lines; safe to call twice."""
        self._line.stop()
        self._state = "starting"

    def _enter(self, state: str) -> None:
        if state == "gone" and self._state != "gone":
            self._tally.count(FaultCode.TILL_PORT_OPEN)
        self._state = state

    def _tell(self, event: DisplayEvent) -> None:
        """Queue an event; who does not fetch loses the oldest, never the till a byte."""
        while True:
            try:
                self._events.put_nowait(event)
            except queue.Full:
                self._drop_oldest()
            else:
                return

    def _drop_oldest(self) -> None:
        try:
            self._events.get_nowait()
        except queue.Empty:
            return
