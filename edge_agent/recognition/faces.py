"""The face reader: frames are read and voted on until one member has the vote."""

from dataclasses import dataclass
from statistics import median

from edge_agent.ports.camera import Camera, Frame
from edge_agent.ports.face import FaceEngine, FaceReading
from edge_agent.recognition.frames import Frames
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.lookup import MemberLookup
from edge_agent.recognition.race import Finding, Race, now_ms
from retail_core.identity.assurance import Factor
from retail_core.identity.face_match import Accept, FacePolicy, Vote, decide
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

    def run(self, race: Race) -> None:
        """Read frames until a member has the vote; no template is computed for an empty gallery."""
        frames, vote = Frames(self.camera, race), Vote()
        first_ms: float | None = None
        live: list[float] = []
        while self.gallery.members and (frame := frames.next()) is not None:
            race.took({"frame_age": now_ms() - frame.captured_mono_ms})
            with race.at_work("face"):
                reading = self.engine.read(frame.image)
                race.took(reading.stage_ms)
                if reading.embedding is None:
                    race.gate(reading.refused_by or FaultCode.FACE_NONE)
                    continue
                race.gate(None)
                first_ms = frame.captured_mono_ms if first_ms is None else first_ms
                vote = self._count(vote, reading, live)
                suspicious = bool(live) and median(live) < self.live_min
                race.voted(vote, suspicious=suspicious)
                finding = self._finding(vote, frame, first_ms)
            if finding is not None:
                if suspicious:
                    race.refuse(FaultCode.FACE_SPOOF_SUSPECTED)
                else:
                    race.found(finding)
                return

    def _count(self, vote: Vote, reading: FaceReading, live: list[float]) -> Vote:
        assert reading.embedding is not None  # noqa: S101 -- the caller looked
        best, second = self.gallery.search(reading.embedding)
        decision = decide(best, second, self.gallery.members, self.policy)
        if isinstance(decision, Accept):
            # Prefetched with the first good frame: the view is there when the vote is.
            self.lookup.member(decision.member_id)
        if reading.liveness is not None:
            live.append(reading.liveness)
        return vote.add(decision)

    def _finding(self, vote: Vote, frame: Frame, first_ms: float) -> Finding | None:
        if vote.winner is None:
            return None
        held = self.lookup.member(vote.winner)
        if held is None:
            return None
        return Finding(Factor.FACE_VOTE, held, frame.captured_mono_ms, first_ms)
