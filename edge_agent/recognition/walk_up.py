"""The reader of faces that nobody asked for: only members who agreed to it, and silent otherwise.

It tells the race who she is or nothing at all: no gate, no doubt, no stranger leaves a trace, and
whatever was computed is gone when `run` returns.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from edge_agent.ports.camera import Camera
from edge_agent.ports.face import FaceEngine
from edge_agent.recognition.faces import LIVE_MIN
from edge_agent.recognition.frames import Frames
from edge_agent.recognition.gallery import Embedding, Gallery
from edge_agent.recognition.gallery_trail import Trail
from edge_agent.recognition.lookup import MemberLookup
from edge_agent.recognition.race import Finding, Race
from retail_core.identity.assurance import Factor
from retail_core.identity.face_match import Decision, FacePolicy, Vote, decide, reach_of

# So many pictures in one look: whoever turns away is not stared at.
FRAMES_A_LOOK = 8


@dataclass(frozen=True, slots=True)
class WalkUpReader:
    """Votes as `FaceReader` does, over `gallery`: those who agreed to be recognised on walking up.

    `may` is asked before every picture, `computed` hears of every template. `everybody` is the
    shop's whole gallery: the threshold is that of an ordinary recognition here.
    """

    camera: Camera
    engine: FaceEngine
    gallery: Gallery
    everybody: Gallery
    lookup: MemberLookup
    policy: FacePolicy
    may: Callable[[], bool]
    computed: Callable[[], object]
    live_min: float = LIVE_MIN

    def run(self, race: Race) -> None:
        """Look at a few pictures; hand in a member who has the vote and looks alive."""
        frames, vote, trail = Frames(self.camera, race), Vote(), Trail()
        live: list[float] = []
        for _ in range(FRAMES_A_LOOK):
            frame = frames.next()
            if frame is None or not self.gallery.members or not self.may():
                return
            with race.at_work("walk_up"):
                reading = self.engine.read(frame.image)
                if reading.embedding is None:
                    continue
                self.computed()
                if reading.liveness is not None:
                    live.append(reading.liveness)
                vote = vote.add(self._judge(reading.embedding, trail))
            if vote.winner is None:
                continue
            held = self.lookup.member(vote.winner)
            alive = not live or median(live) >= self.live_min
            if held is not None and alive and self.may():
                seen_ms = frame.captured_mono_ms
                race.found(Finding(Factor.FACE_VOTE, held, seen_ms, race.began_ms))
            return

    def _judge(self, embedding: Embedding, trail: Trail) -> Decision:
        size = max(self.everybody.members, self.gallery.members)
        best, second = self.gallery.search(embedding, reach_of(size, self.policy), trail)
        return decide(best, second, size, self.policy)
