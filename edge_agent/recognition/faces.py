"""The face reader: frames are read and voted on until one member has the vote."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from uuid import UUID

from edge_agent.ports.camera import Camera, Frame
from edge_agent.ports.face import FaceEngine, FaceReading
from edge_agent.recognition.beside import Elder, ElderVisit
from edge_agent.recognition.frames import Frames
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.gallery_trail import Trail
from edge_agent.recognition.lookup import MemberLookup
from edge_agent.recognition.race import Finding, Race, now_ms
from edge_agent.recognition.shadow import Shadow, ShadowVisit
from retail_core.identity.assurance import Factor
from retail_core.identity.face_match import Accept, FacePolicy, Vote
from retail_core.texts.faults import FaultCode

# The liveness net calls one real face in ten suspicious at 0.5: only plain cases are asked again.
LIVE_MIN = 0.02


@dataclass(frozen=True, slots=True)
class FaceReader:
    """Votes over frames; a median liveness hint below `live_min` asks for another factor."""

    camera: Camera
    engine: FaceEngine
    gallery: Gallery
    lookup: MemberLookup
    policy: FacePolicy
    live_min: float = LIVE_MIN
    enabled: Callable[[], bool] = lambda: True
    off: Callable[[], FaultCode | None] = lambda: None
    recognised: Callable[[UUID], object] = lambda _member: None
    elder: Elder | None = None
    shadow: Shadow | None = None

    def run(self, race: Race) -> None:
        """Read frames until a member has the vote; no template is computed for an empty gallery."""
        if not self.enabled():
            race.refuse(FaultCode.FACE_DISABLED, news=False)
            return
        if (why := self.off()) is not None:
            # Whoever asked would else take it for an empty counter: without models nobody is known.
            race.refuse(why, news=False)
            return
        visit = _Visit(self)
        try:
            self._look(race, visit)
        finally:
            # A code or card that ended the race says as well who stood before the camera.
            visit.ended(race.member_id)

    def _look(self, race: Race, visit: "_Visit") -> None:
        frames = Frames(self.camera, race)
        first_ms: float | None = None
        while self._knows_anybody() and (frame := frames.next()) is not None:
            race.took({"frame_age": now_ms() - frame.captured_mono_ms})
            with race.at_work("face"):
                reading = self.engine.read(frame.image)
                race.took(reading.stage_ms)
                if reading.embedding is None:
                    race.gate(reading.refused_by or FaultCode.FACE_NONE)
                    continue
                race.gate(None)
                first_ms = frame.captured_mono_ms if first_ms is None else first_ms
                visit.count(frame, reading)
                race.voted(visit.vote, suspicious=visit.suspicious)
                finding = self._finding(visit.vote, frame, first_ms)
            if finding is not None:
                if visit.suspicious:
                    race.refuse(FaultCode.FACE_SPOOF_SUSPECTED)
                else:
                    race.found(finding)
                    self.recognised(finding.held.member_id)
                    visit.winner = finding.held.member_id
                return

    def _knows_anybody(self) -> bool:
        return bool(self.gallery.members or (self.elder and self.elder.gallery.members))

    def _finding(self, vote: Vote, frame: Frame, first_ms: float) -> Finding | None:
        if vote.winner is None:
            return None
        held = self.lookup.member(vote.winner)
        if held is None:
            return None
        return Finding(Factor.FACE_VOTE, held, frame.captured_mono_ms, first_ms)


class _Visit:
    """What the frames of one race add up to; nothing of it outlives the race."""

    def __init__(self, reader: FaceReader) -> None:
        self._reader = reader
        self._elder = ElderVisit(reader.elder) if reader.elder is not None else None
        self._shadow = ShadowVisit(reader.shadow) if reader.shadow is not None else None
        self._live: list[float] = []
        self._trail = Trail()
        self.vote = Vote()
        self.winner: UUID | None = None

    @property
    def suspicious(self) -> bool:
        """Whether the liveness hint speaks against a living face."""
        return bool(self._live) and median(self._live) < self._reader.live_min

    def count(self, frame: Frame, reading: FaceReading) -> None:
        """Add a frame whose face passed the gates."""
        assert reading.embedding is not None  # noqa: S101 -- the caller looked
        reader = self._reader
        decision = reader.gallery.judge(reading.embedding, reader.policy, self._trail)
        if self._elder is not None:
            decision = self._elder.judge(frame.image, reading, decision)
        if isinstance(decision, Accept):
            # Prefetched with the first good frame: the view is there when the vote is.
            reader.lookup.member(decision.member_id)
        if reading.liveness is not None:
            self._live.append(reading.liveness)
        self.vote = self.vote.add(decision)
        if self._shadow is not None:
            self._shadow.offer(frame.image, reading.points, decision)

    def ended(self, proved: UUID | None) -> None:
        """Close the visit; `proved` is who a code or card says it was."""
        member_id = None if self.suspicious else self.winner or proved
        if self._elder is not None:
            self._elder.ended(member_id)
        if self._shadow is not None:
            self._shadow.ended(self.winner)
