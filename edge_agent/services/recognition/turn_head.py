"""The head-turn challenge at a counter: who was known by the face shows that it is no picture."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from edge_agent.ports.camera import Camera
from edge_agent.ports.clock import IdSource
from edge_agent.ports.face import FaceEngine
from edge_agent.recognition.gallery import Embedding, Gallery
from edge_agent.recognition.race import now_ms
from retail_core.errors import Fault
from retail_core.identity.head_turn import Glimpse, HeadTurn, Phase, plan_of
from retail_core.texts.faults import FaultCode

# Two turns: who guesses, or plays a film at random, is right once in four tries.
TURNS = 2
FRAME_WAIT_MS = 250
TRIES_MAX = 4
TRIES_FORGOTTEN_MS = 15 * 60_000


@dataclass(frozen=True, slots=True)
class TurnDesk:
    """Where heads turn; `engine` and `camera` are those of the lane, None when there are none."""

    engine: FaceEngine | None
    camera: Camera | None
    gallery: Gallery


@dataclass(frozen=True, slots=True)
class Turned:
    """How a challenge ended."""

    turn: HeadTurn
    cancelled: bool
    frames: int
    total_ms: float

    @property
    def passed(self) -> bool:
        """Whether a head turned as it was asked to."""
        return self.turn.phase is Phase.PASSED and not self.cancelled

    @property
    def reason(self) -> FaultCode | None:
        """Why it did not pass."""
        return FaultCode.FACE_TURN_CANCELLED if self.cancelled else self.turn.reason


class Tries:
    """Failed tries by member, in monotonic milliseconds: guessing must not be free.

    The lanes of a box share one, or every further lane would give as many guesses again.
    """

    def __init__(self) -> None:
        self.failed: dict[UUID, list[float]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def one(self, member_id: UUID, now: float) -> Iterator["Try"]:
        """Begin a try; Fault FACE_TURN_LOCKED after too many.

        Until it has ended it counts as failed: two lanes at once are two guesses. One that passed
        forgets them all, one that came to nothing is forgotten itself.
        """
        with self._lock:
            fresh = {
                member: [at for at in times if now - at < TRIES_FORGOTTEN_MS]
                for member, times in self.failed.items()
            }
            self.failed = {member: times for member, times in fresh.items() if times}
            if len(self.failed.get(member_id, ())) >= TRIES_MAX:
                raise Fault(FaultCode.FACE_TURN_LOCKED)
            self.failed.setdefault(member_id, []).append(now)
        result = Try()
        try:
            yield result
        finally:
            with self._lock:
                if result.passed:
                    self.failed.pop(member_id, None)
                elif result.passed is None:
                    self._forget(member_id, now)

    def _forget(self, member_id: UUID, at: float) -> None:
        times = self.failed.get(member_id, [])
        if at in times:
            times.remove(at)
        if not times:
            self.failed.pop(member_id, None)


@dataclass(slots=True)
class Try:
    """How a try ended; None where it was not decided."""

    passed: bool | None = None


class TurnHead:
    """One challenge at a time at one lane; calls from any thread."""

    def __init__(self, desk: TurnDesk, ids: IdSource, tries: Tries) -> None:
        self._desk = desk
        self._ids = ids
        self._busy = threading.Lock()
        self._cancelled = threading.Event()
        self._stopped = False
        self._tries = tries

    def run(
        self,
        member_id: UUID,
        on_change: Callable[[HeadTurn], None],
        is_moot: Callable[[], bool] = lambda: False,
    ) -> Turned:
        """Ask for the turns and watch; `on_change` hears each new prompt, on this thread.

        Ends early when `is_moot`, for instance because a code was shown. Faults FACE_DISABLED,
        CAMERA_OPEN, FACE_TURN_NOBODY, FACE_TURN_BUSY, FACE_TURN_LOCKED.
        """
        engine, camera, gallery = self._desk.engine, self._desk.camera, self._desk.gallery
        if engine is None:
            raise Fault(FaultCode.FACE_DISABLED)
        if camera is None:
            raise Fault(FaultCode.CAMERA_OPEN, source="-")
        templates = gallery.templates_of(member_id)
        if not templates:
            raise Fault(FaultCode.FACE_TURN_NOBODY)
        began = now_ms()
        with self._alone(), self._tries.one(member_id, began) as this:
            turn, frames = HeadTurn(plan_of(self._ids.random_bytes(TURNS))), 0
            on_change(turn)
            for seen in self._glimpses(engine, camera, templates):
                if self._cancelled.is_set() or is_moot():
                    return Turned(turn, cancelled=True, frames=frames, total_ms=now_ms() - began)
                before, turn, frames = turn, turn.add(seen), frames + 1
                if (turn.phase, turn.step) != (before.phase, before.step):
                    on_change(turn)
                if turn.over:
                    break
            this.passed = turn.phase is Phase.PASSED
            return Turned(turn, cancelled=False, frames=frames, total_ms=now_ms() - began)

    @property
    def busy(self) -> bool:
        """Whether somebody turns her head now."""
        return self._busy.locked()

    def cancel(self) -> bool:
        """End the challenge under way; False when there is none."""
        if not self._busy.locked():
            return False
        self._cancelled.set()
        return True

    def stop(self) -> None:
        """End the challenge under way and begin no other."""
        self._stopped = True
        self._cancelled.set()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._stopped or not self._busy.acquire(blocking=False):
            raise Fault(FaultCode.FACE_TURN_BUSY)
        try:
            if not self._stopped:
                self._cancelled.clear()
            yield
        finally:
            self._busy.release()

    def _glimpses(
        self, engine: FaceEngine, camera: Camera, templates: tuple[Embedding, ...]
    ) -> Iterator[Glimpse]:
        """Yield what is seen, frame by frame; without frames time still passes."""
        seq = 0
        while True:
            frame = camera.newest(after_seq=seq, timeout_ms=FRAME_WAIT_MS)
            if frame is None:
                yield Glimpse(now_ms())
                continue
            seq = frame.seq
            reading = engine.read(frame.image)
            alike = None
            if reading.embedding is not None:
                alike = max(float(known @ reading.embedding) for known in templates)
            yield Glimpse(float(frame.captured_mono_ms), reading.points, alike)
