"""Embedders beside the acting one: the one before it, and one on trial.

A reader of faces begins a `visit` with each of them and shows it every frame it judged. Nothing
that is computed here outlives the visit, unless it is handed on under the member's consent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from edge_agent.ports.arrays import Float32s, UInt8s
from edge_agent.ports.face import FaceReading, SecondLook
from edge_agent.recognition.gallery import Gallery
from retail_core import limits
from retail_core.identity.face_match import Accept, Decision, FacePolicy, Unknown

Embedding = Float32s
Picture = UInt8s


@dataclass(frozen=True, slots=True)
class Elder:
    """The embedder before the acting one: it knows the members who were not taken over yet.

    `turn` rotates its embeddings as the rows of its gallery are; `adopt` is told of a member and
    the acting embedder's views of her, at the end of a visit that proved who she is.
    """

    look: SecondLook
    policy: FacePolicy
    gallery: Gallery
    turn: Callable[[Embedding], Embedding]
    adopt: Callable[[UUID, Sequence[Embedding]], None]

    def judge(self, image: Picture, reading: FaceReading) -> Decision:
        """Judge a frame by the old templates."""
        if not self.gallery.members or reading.points is None:
            return Unknown()
        embedding = self.look.embed(image, reading.points)
        if embedding is None:
            return Unknown()
        return self.gallery.judge(self.turn(embedding), self.policy)


@dataclass(slots=True)
class ElderVisit:
    """One visit: the acting embedder's view of each frame, by whom the old one saw in it."""

    elder: Elder
    seen: dict[UUID, list[Embedding]] = field(default_factory=dict)

    def judge(self, image: Picture, reading: FaceReading, acting: Decision) -> Decision:
        """Return the acting decision, or the old one's where only that accepts."""
        if isinstance(acting, Accept) or reading.embedding is None:
            return acting
        old = self.elder.judge(image, reading)
        # An ask is enough to be kept: whether it was she, a vote or a proof will say.
        for member_id in _meant(old):
            kept = self.seen.setdefault(member_id, [])
            if len(kept) < limits.ENROL_FRAMES_MAX:
                kept.append(reading.embedding)
        return old if isinstance(old, Accept) else acting

    def ended(self, member_id: UUID | None) -> None:
        """Hand on what was seen of who was recognised or proved herself; drop the rest."""
        views = self.seen.get(member_id, []) if member_id is not None else []
        self.seen = {}
        if member_id is not None and views and self.elder.gallery.holds(member_id):
            self.elder.adopt(member_id, views)


def _meant(decision: Decision) -> tuple[UUID, ...]:
    """Return the one member a decision means; an ask between two means neither."""
    if isinstance(decision, Accept):
        return (decision.member_id,)
    candidates = () if isinstance(decision, Unknown) else decision.candidates
    return candidates if len(candidates) == 1 else ()
