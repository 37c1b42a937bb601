"""The `ScannerTap` of a scanner that types: its keys are grabbed and typed on into the till.

What waits lies with the events themselves, so keys go on in order, modifiers with them. A grab ends
with the program, however it ends: then the scanner types into whatever has the focus, as before.
"""

import select
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import structlog

from edge_agent.drivers.lines.port import WakeUp
from edge_agent.drivers.lines.watched import mono_ms
from edge_agent.drivers.profiles.scanner import ScannerProfile
from edge_agent.drivers.scanner.frames import Ruling, ScanGate
from edge_agent.drivers.scanner.keys import LOST, UP, KeyEvent, KeyReader, typed
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
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

RETRY_S = 1.0
HELD_MAX = 1_024
logger = structlog.get_logger(__name__)


class KeyEnds(Protocol):
    """A grabbed keyboard and the virtual one that types for it."""

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        ...

    def read(self) -> Sequence[KeyEvent]:
        """Return the events that wait; raises OSError when the keyboard is gone."""
        ...

    def write(self, event: KeyEvent) -> None:
        """Type one event; raises OSError."""
        ...

    def close(self) -> None:
        """Let go of both; safe to call twice."""
        ...


class KeyboardScannerTap:
    """One scanner that types; `open_ends` finds and grabs it (Fault HID_DEVICE_GONE)."""

    def __init__(
        self,
        kinds: ScanKinds,
        profile: ScannerProfile,
        open_ends: Callable[[], KeyEnds],
        *,
        may: Callable[[], bool] = lambda: False,
        tally: FaultTally | None = None,
    ) -> None:
        self.name = f"scanner {kinds.till}"
        self._kinds = kinds
        self._profile = profile
        self._open_ends = open_ends
        self._tally = tally or FaultTally()
        self._scans = Scans()
        self._gate = ScanGate(kinds.forms, by_silence=profile.ends == "silence")
        self._keys = KeyReader(profile.layout)
        self._held: deque[tuple[KeyEvent, bool]] = deque()
        self._heard_ms = self._held_ms = 0
        self._hold_ms = hold_ms(profile.gap_ms)
        self._wanted: Typing | None = None
        self._wake = WakeUp()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._state = "starting"
        self.injector = Keystrokes(may, self._want, lambda: self._state == "ok")

    def start(self) -> None:
        """Grab the scanner and begin; calling it again changes nothing."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
            self._thread.start()

    def next_event(self, *, timeout_ms: int) -> ScanEvent | None:
        """Return the oldest scan that waits, or None when none came in time."""
        return self._scans.next(timeout_ms)

    def state(self) -> str:
        """Return `ok`, `starting` or `gone`."""
        return self._state

    def stop(self) -> None:
        """Let go what waits, and of the scanner; safe to call twice."""
        self._stopping.set()
        if self._thread is not None:
            self._wake.nudge()
            self._thread.join()
            self._thread = None
        self._state = "starting"

    # ---- the scanner's thread -------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                ends = self._open_ends()
            except Fault:
                self._gone()
                continue
            self._keys = KeyReader(self._profile.layout)
            self._state = "ok"
            unplugged = self._serve(ends)
            self._let_go_for_good(ends)
            if unplugged:
                self._gone()

    def _serve(self, ends: KeyEnds) -> bool:
        """Take turns until stopped; True when the scanner went away."""
        try:
            while not self._stopping.is_set():
                self._turn(ends)
        except OSError:
            return True
        return False

    def _gone(self) -> None:
        if self._state != "gone":
            self._tally.count(FaultCode.HID_DEVICE_GONE)
        self._state = "gone"
        self._stopping.wait(RETRY_S)

    def _let_go_for_good(self, ends: KeyEnds) -> None:
        try:
            self._release(ends)
        except OSError:
            self._held.clear()
        finally:
            ends.close()

    def _turn(self, ends: KeyEnds) -> None:
        poll = select.poll()
        poll.register(ends.fileno(), select.POLLIN)
        poll.register(self._wake.fileno(), select.POLLIN)
        ready = dict(poll.poll(self._wait_ms(mono_ms())))
        if self._wake.fileno() in ready:
            self._wake.settle()
        events = ends.read() if ends.fileno() in ready else ()
        now = mono_ms()
        try:
            self._rule(ends, events, now)
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - a bug in ruling must not swallow scans
            logger.warning("a scanner's watcher failed", error=type(error).__name__)
            self._tally.count(FaultCode.TILL_WATCH_FAILED)
            self._release(ends, unheard=True)
        if self._held and (now - self._held_ms >= self._hold_ms or len(self._held) > HELD_MAX):
            self._release(ends)

    def _rule(self, ends: KeyEnds, events: Sequence[KeyEvent], now_ms: int) -> None:
        waiting = deque(events)
        # Whatever fails below, every event that was read is among those that are let go.
        try:
            self._after_silence(ends, now_ms)
            while waiting:
                self._one(ends, waiting.popleft(), now_ms)
        finally:
            self._held.extend((event, False) for event in waiting)
        self._type(ends, now_ms)

    def _one(self, ends: KeyEnds, event: KeyEvent, now_ms: int) -> None:
        if event.code == LOST:
            # Whatever was being scanned has a hole: the till gets what came, nobody believes it.
            self._tally.count(FaultCode.HID_KEYS_LOST)
            self._release(ends, unheard=True)
            return
        self._held_ms = now_ms
        self._held.append((event, False))
        letter = self._keys.letter(event)
        if not letter:
            if not any(is_letter for _, is_letter in self._held):
                self._forward(ends, len(self._held))
            return
        self._held[-1] = (event, True)
        self._heard_ms = now_ms
        for ruling in self._gate.feed(letter):
            self._do(ends, ruling, now_ms)

    def _after_silence(self, ends: KeyEnds, now_ms: int) -> None:
        if not self._gate.is_idle and now_ms - self._heard_ms >= self._profile.gap_ms:
            for ruling in self._gate.silence():
                self._do(ends, ruling, now_ms)

    def _do(self, ends: KeyEnds, ruling: Ruling, now_ms: int) -> None:
        """Let the events of so many letters go on, or drop them; then tell what they were."""
        count = self._events_of(ruling.taken)
        if ruling.forwarded:
            self._forward(ends, count)
        else:
            self._drop(ends, count)
        if ruling.ended:
            self._scans.put(self._kinds.event(ruling.scan, now_ms))

    def _events_of(self, wanted: int) -> int:
        """Count the events of so many letters, with those behind the last that are no letters."""
        count = seen = 0
        for _, is_letter in self._held:
            seen += is_letter
            if seen > wanted:
                break
            count += 1
        return count

    def _forward(self, ends: KeyEnds, count: int) -> None:
        for _ in range(count):
            event, _is_letter = self._held.popleft()
            ends.write(event)

    def _drop(self, ends: KeyEnds, count: int) -> None:
        """Type nothing, but let keys up: a Shift that went down before all this must not stay."""
        for _ in range(count):
            event, _is_letter = self._held.popleft()
            if event.value == UP:
                ends.write(event)

    def _release(self, ends: KeyEnds, *, unheard: bool = False) -> None:
        self._forward(ends, len(self._held))
        self._gate.reset(unheard=unheard)

    def _type(self, ends: KeyEnds, now_ms: int) -> None:
        wanted = self._wanted
        free = self._gate.is_idle and not self._held and now_ms - self._heard_ms >= PAUSE_MS
        if wanted is None or not free:
            return
        self._wanted = None
        if not wanted.may():
            return
        text = wanted.text + TERMINATOR[self._profile.terminator]
        events: Iterable[KeyEvent] | None = typed(text, self._profile.layout)
        if events is not None:
            for event in events:
                ends.write(event)
            wanted.done.set()

    def _wait_ms(self, now_ms: int) -> int | None:
        times = []
        if not self._gate.is_idle:
            times.append(self._heard_ms + self._profile.gap_ms)
        elif self._wanted is not None:
            times.append(self._heard_ms + PAUSE_MS)
        if self._held:
            times.append(self._held_ms + self._hold_ms)
        return max(0, min(times) - now_ms) if times else None

    def _want(self, typing: Typing | None) -> None:
        self._wanted = typing
        self._wake.nudge()
