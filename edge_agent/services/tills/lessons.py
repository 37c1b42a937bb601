"""Samples of a till, taken from its tap while the shop sells, and what they teach.

Receipts are personal data: they stay in memory, as few as are needed, and are forgotten when the
lesson ends, when another begins, or after two hours.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from edge_agent.domain.tap_seen import TapSeen
from edge_agent.domain.tapped_receipt import TappedReceipt
from edge_agent.domain.taught import Sample, Taught
from edge_agent.ports.clock import Clock
from edge_agent.ports.till_tap import TillTap
from retail_core.errors import Fault
from retail_core.limits import LEARN_SAMPLES_MAX, RECEIPT_BYTES_MAX
from retail_core.texts.faults import FaultCode

FORGOTTEN_AFTER_MS = 2 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the profile will be called, and words a person gave a meaning."""

    name: str
    title: str
    corrections: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """One sample and how it is read so far."""

    sample: Sample
    receipt: TappedReceipt


@dataclass(slots=True)
class _Listening:
    """One till that is listened to; filled by the tap's own thread."""

    since_ms: int
    stop: Callable[[], None] = lambda: None
    taken: list[Taken] = field(default_factory=list)
    block: bytearray = field(default_factory=bytearray)


Learns = Callable[[Sequence[Sample], Lesson], Taught]
Keeps = Callable[[str, str, bool], object]


class Lessons:
    """Collects, learns, keeps; one lesson for each till."""

    def __init__(
        self, taps: Mapping[UUID, TillTap], clock: Clock, *, learn: Learns, keep: Keeps
    ) -> None:
        self._taps = taps
        self._clock = clock
        self._learn = learn
        self._keep = keep
        self._lock = threading.Lock()
        self._open: dict[UUID, _Listening] = {}

    def begin(self, till: UUID) -> None:
        """Forget what was taken from this till and listen; raises API_NOT_FOUND."""
        tap = self._taps.get(till)
        if tap is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="tapped till")
        self.end(till)
        listening = _Listening(self._clock.now().mono_ms)
        with self._lock:
            self._open[till] = listening
        listening.stop = tap.watch(lambda seen: self._hear_in_time(till, listening, seen))

    def taken(self, till: UUID) -> tuple[Taken, ...]:
        """Return the samples of the open lesson; raises LEARN_NOT_LISTENING."""
        listening = self._open.get(till)
        if listening is not None and self._is_over(listening):
            self.end(till)
            listening = None
        if listening is None:
            raise Fault(FaultCode.LEARN_NOT_LISTENING, till=till)
        with self._lock:
            return tuple(listening.taken)

    def end(self, till: UUID) -> None:
        """Stop listening and forget the samples; safe to call twice."""
        with self._lock:
            listening = self._open.pop(till, None)
        if listening is not None:
            listening.stop()

    def learn(self, till: UUID, lesson: Lesson) -> Taught:
        """Learn from what was taken so far; raises the Faults of learning."""
        return self._learn([each.sample for each in self.taken(till)], lesson)

    def keep(self, till: UUID, lesson: Lesson, *, force: bool) -> Taught:
        """Learn and write the profile; raises LEARN_PROFILE_EXISTS as well."""
        found = self.learn(till, lesson)
        self._keep(lesson.name, found.profile, force)
        return found

    def _is_over(self, listening: _Listening) -> bool:
        return self._clock.now().mono_ms - listening.since_ms > FORGOTTEN_AFTER_MS

    def _hear_in_time(self, till: UUID, listening: _Listening, seen: TapSeen) -> None:
        """Forget a lesson that nobody ended and nobody asks about."""
        if not self._is_over(listening):
            self._hear(listening, seen)
        elif self._open.get(till) is listening:
            self.end(till)

    def _hear(self, listening: _Listening, seen: TapSeen) -> None:
        """Cut what is printed into samples where the tap ends a job."""
        if seen.kind == "bytes":
            room = RECEIPT_BYTES_MAX - len(listening.block)
            listening.block += seen.data[: max(0, room)]
        elif seen.kind == "job" and seen.receipt is not None:
            data, listening.block = bytes(listening.block), bytearray()
            with self._lock:
                if not data and listening.taken:
                    listening.taken.pop()  # two receipts came in one block: neither is a sample
                elif data and len(listening.taken) < LEARN_SAMPLES_MAX:
                    name = f"{len(listening.taken) + 1:02d}"
                    listening.taken.append(Taken(Sample(name, data), seen.receipt))
