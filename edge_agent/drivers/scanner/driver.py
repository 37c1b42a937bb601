"""The `ScannerTap` of a serial scanner: stands between it and the till."""

from collections.abc import Callable, Iterator

from edge_agent.drivers.lines.transport import open_port
from edge_agent.drivers.lines.watched import OpenPort, Step, WatchedLine
from edge_agent.drivers.profiles.scanner import ScannerProfile
from edge_agent.drivers.scanner.frames import Ruling, ScanGate
from edge_agent.drivers.scanner.kinds import ScanKinds
from edge_agent.drivers.scanner.queueing import (
    PAUSE_MS,
    TERMINATOR,
    Keystrokes,
    Scans,
    Typing,
    hold_ms,
)
from edge_agent.ports.scanner_tap import ScanEvent
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode


class ScanWatch:
    """Rules on a scanner's bytes and types between two scans; called by the line's thread."""

    def __init__(
        self, profile: ScannerProfile, kinds: ScanKinds, tell: Callable[[ScanEvent], None]
    ) -> None:
        self._gate = ScanGate(kinds.forms, by_silence=profile.ends == "silence")
        self._kinds = kinds
        self._tell = tell
        self._gap_ms = profile.gap_ms
        self._terminator = TERMINATOR[profile.terminator]
        self._heard_ms = 0
        self._wanted: Typing | None = None
        self._hears = False

    def want(self, typing: Typing | None) -> None:
        """Have a text typed at the next occasion; None: no more. From any thread."""
        self._wanted = typing

    def feed(self, data: bytes, now_ms: int) -> Iterator[Step]:
        """Rule byte by byte; a pause before these ends what was before."""
        self._hears = True
        yield from self._after_silence(now_ms)
        self._heard_ms = now_ms
        for byte in data:
            for ruling in self._gate.feed(chr(byte)):
                yield from self._do(ruling, now_ms)
        self._hears = False

    def tick(self, now_ms: int) -> Iterator[Step]:
        """End what paused; type what is wanted."""
        yield from self._after_silence(now_ms)
        wanted = self._wanted
        if wanted and self._gate.is_idle and now_ms - self._heard_ms >= PAUSE_MS:
            self._wanted = None
            if wanted.may():
                yield Step(inserted=(wanted.text + self._terminator).encode())
                wanted.done.set()

    def wait_ms(self, now_ms: int) -> int | None:
        """Return when a scan has paused long enough, or something may be typed."""
        if not self._gate.is_idle:
            return max(0, self._heard_ms + self._gap_ms - now_ms)
        return None if self._wanted is None else max(0, self._heard_ms + PAUSE_MS - now_ms)

    def reset(self) -> None:
        """Begin anew: everything undecided has gone on."""
        self._gate.reset(unheard=self._hears)
        self._hears = False

    def farewell(self) -> bytes:
        """Leave nothing behind."""
        return b""

    def _after_silence(self, now_ms: int) -> Iterator[Step]:
        if not self._gate.is_idle and now_ms - self._heard_ms >= self._gap_ms:
            for ruling in self._gate.silence():
                yield from self._do(ruling, now_ms)

    def _do(self, ruling: Ruling, now_ms: int) -> Iterator[Step]:
        """Let bytes go on first, then tell what they were."""
        yield Step(taken=ruling.taken, forwarded=ruling.forwarded)
        if ruling.ended:
            self._tell(self._kinds.event(ruling.scan, now_ms))


class SerialScannerTap:
    """One serial scanner and its till; `may` says whether the box may type."""

    def __init__(
        self,
        kinds: ScanKinds,
        profile: ScannerProfile,
        ports: tuple[str, str],
        *,
        may: Callable[[], bool] = lambda: False,
        tally: FaultTally | None = None,
        open_line: OpenPort = open_port,
    ) -> None:
        self.name = f"scanner {kinds.till}"
        self._tally = tally or FaultTally()
        self._scans = Scans()
        self._watch = ScanWatch(profile, kinds, self._scans.put)
        self._line = WatchedLine(
            ports,
            profile.line,
            self._watch,
            on_state=self._enter,
            tally=self._tally,
            open_line=open_line,
            hold_ms=hold_ms(profile.gap_ms),
        )
        self._state = "starting"
        self.injector = Keystrokes(may, self._want, lambda: self._state == "ok")

    def start(self) -> None:
        """Open both lines and begin forwarding; calling it again changes nothing."""
        self._line.start()

    def next_event(self, *, timeout_ms: int) -> ScanEvent | None:
        """Return the oldest scan that waits, or None when none came in time."""
        return self._scans.next(timeout_ms)

    def state(self) -> str:
        """Return `ok`, `starting` or `gone`."""
        return self._state

    def forward_micros(self) -> tuple[float, ...]:
        """Return how long the last chunks stayed in the tap, in microseconds."""
        return self._line.micros()

    def stop(self) -> None:
        """Let go what waits and close the lines; safe to call twice."""
        self._line.stop()
        self._state = "starting"

    def _want(self, typing: Typing | None) -> None:
        self._watch.want(typing)
        self._line.nudge()

    def _enter(self, state: str) -> None:
        if state == "gone" and self._state != "gone":
            self._tally.count(FaultCode.TILL_PORT_OPEN)
        self._state = state
