"""One race: several readers, one deadline, the best finding wins and the rest stop."""

import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from edge_agent.ports.replica import HeldMember
from retail_core.errors import Fault
from retail_core.identity.assurance import Assurance, Factor, assurance_of
from retail_core.identity.face_match import Vote
from retail_core.texts.faults import FaultCode

# A reader asks its device in slices this long, so that it notices when the race is over.
SLICE_MS = 25
# How long a sure finding may overtake a less sure one, if its reader is at work already.
OVERTAKE_MS = 30


def now_ms() -> float:
    """Return CLOCK_MONOTONIC in milliseconds, the time base of frames and taps."""
    return time.monotonic_ns() / 1_000_000


def _admitted() -> None:
    """Nothing to check: a face proves nothing that could be used twice."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one reader concluded; times are monotonic milliseconds.

    `seen_ms`: the deciding frame or the card; `first_ms`: the first frame that could be used.
    `admit` takes the proof for its one use, or raises the Fault that says it was used before.
    """

    factor: Factor
    held: HeldMember
    seen_ms: float
    first_ms: float
    admit: Callable[[], None] = _admitted

    @property
    def assurance(self) -> Assurance:
        """What the finding is worth."""
        return assurance_of(self.factor)


@dataclass(slots=True)
class Seen:
    """What the readers noted on the way."""

    reasons: dict[FaultCode, bool] = field(default_factory=dict)
    stage_ms: dict[str, float] = field(default_factory=dict)
    gate: FaultCode | None = None
    vote: Vote | None = None
    suspicious: bool = False


class Race:
    """The clock, the finish and the notebook that all readers of one call share.

    `pace_ms`: how long readers of frames rest between two, when nobody waits for them.
    """

    def __init__(self, deadline_ms: float, *, asked: bool = True, pace_ms: int = 0) -> None:
        self.asked = asked
        self.pace_ms = pace_ms
        self.began_ms = now_ms()
        self.ends_ms = self.began_ms + deadline_ms
        self.seen = Seen()
        # Who proved herself by code or card.
        self.member_id: UUID | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._news: queue.SimpleQueue[Finding | None] = queue.SimpleQueue()
        self._at_work: set[str] = set()
        self._late: Finding | None = None
        self._looked: set[str] = set()

    # ---- for readers ----------------------------------------------------------------------------

    def is_over(self) -> bool:
        """Tell whether readers should stop."""
        return self._over.is_set() or self.left_ms() <= 0

    def left_ms(self) -> float:
        """Return how much time is left, not below zero."""
        return max(0.0, self.ends_ms - now_ms())

    def slice_ms(self) -> int:
        """Return how long to wait for a device before looking up again."""
        return max(1, min(SLICE_MS, int(self.left_ms())))

    def rest(self, ms: float) -> None:
        """Do nothing for a while, unless the race ends."""
        self._over.wait(min(ms, self.left_ms()) / 1000)

    def found(self, finding: Finding) -> bool:
        """Hand in a finding; False when the race was over before, so its proof is unused.

        Its proof is taken here, and a sure finding ends the race here: two cards laid down at once
        are two visits, and the second must not vanish with the first.
        """
        with self._lock:
            if self._over.is_set():
                return False
            try:
                finding.admit()
            except Fault as fault:
                self.seen.reasons[fault.code] = True
                return True
            self._news.put(finding)
            if finding.assurance >= Assurance.HIGH:
                self.member_id = finding.held.member_id
            if finding.assurance >= Assurance.HIGH:
                self._over.set()
            return True

    def too_late(self, finding: Finding) -> None:
        """Keep a proof that was read when the race was over, for whoever asks next."""
        with self._lock:
            self._late = finding

    def take_late(self) -> Finding | None:
        """Return the proof that came too late, once."""
        with self._lock:
            late, self._late = self._late, None
        return late

    def finished(self) -> None:
        """Say that this reader has nothing more to give."""
        self._news.put(None)

    def refuse(self, code: FaultCode, *, news: bool = True) -> None:
        """Note why something was not taken; `news` is False when it was told before."""
        with self._lock:
            self.seen.reasons[code] = news or self.seen.reasons.get(code, False)

    def gate(self, code: FaultCode | None) -> None:
        """Note which quality gate refused the newest frame; None when it was usable."""
        with self._lock:
            self.seen.gate = code

    def took(self, stage_ms: dict[str, float]) -> None:
        """Note how long stages took; the last frame's times stay."""
        with self._lock:
            self.seen.stage_ms |= stage_ms

    def voted(self, vote: Vote, *, suspicious: bool) -> None:
        """Note how the vote stands."""
        with self._lock:
            self.seen.vote = vote
            self.seen.suspicious = suspicious

    @contextmanager
    def at_work(self, reader: str) -> Iterator[None]:
        """Mark a reader as busy with a frame or card that may give a finding."""
        began = time.perf_counter()
        with self._lock:
            self._at_work.add(reader)
        try:
            yield
        finally:
            with self._lock:
                self._at_work.discard(reader)
                self._looked.add(reader)
                self.seen.stage_ms[reader] = (time.perf_counter() - began) * 1000

    # ---- for the judge --------------------------------------------------------------------------

    def cancel(self) -> None:
        """End the race: readers stop at their next look, and it goes to its judge as it stands."""
        with self._lock:
            self._over.set()
            self.ends_ms = now_ms()
            self._news.put(None)

    def judge(self, readers: int, awaited: Collection[str] = ()) -> Finding | None:
        """Wait for the best finding; None when none came in time.

        A sure finding ends the race at once. A less sure one waits for a moment: for readers that
        are at work on what they saw, and for the `awaited` ones that have not had a look yet.
        """
        best: Finding | None = None
        until_ms = self.ends_ms
        while readers > 0:
            try:
                finding = self._news.get(timeout=max(0.0, until_ms - now_ms()) / 1000)
            except queue.Empty:
                break
            if finding is None:
                readers -= 1
            elif best is None or finding.assurance > best.assurance:
                best = finding
                if best.assurance >= Assurance.HIGH or not self._may_be_overtaken(awaited):
                    break
                until_ms = min(self.ends_ms, now_ms() + OVERTAKE_MS)
        return self._last(best)

    def _last(self, best: Finding | None) -> Finding | None:
        """Close the finish; a sure finding that crossed it in this very moment counts."""
        with self._lock:
            self._over.set()
            while not self._news.empty():
                finding = self._news.get_nowait()
                if finding is not None and (best is None or finding.assurance > best.assurance):
                    best = finding
        return best

    def _may_be_overtaken(self, awaited: Collection[str]) -> bool:
        with self._lock:
            return bool(self._at_work & {"qr", "nfc"}) or not self._looked.issuperset(awaited)
