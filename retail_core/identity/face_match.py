"""Is this face that member? Accept, ask or unknown, and a vote over frames.

The threshold grows with the gallery. Measured on impostor pairs of the shipped embedder, the share
of strangers above a cosine similarity falls tenfold from 0.337 (1 in 1,000) to 0.474 (1 in 10,000),
a straight line in the logarithm. With N members a stranger has N chances, so the line is read at
target / N, within bounds that the measurements support.
"""

from dataclasses import dataclass, field
from math import log10
from typing import TypeAlias
from uuid import UUID

from retail_core import limits

COSINE_AT_FMR_1E_3 = 0.337
COSINE_AT_FMR_1E_4 = 0.474
_COSINE_PER_DECADE = COSINE_AT_FMR_1E_4 - COSINE_AT_FMR_1E_3
_DECADES_AT_1E_3 = 3.0
_PERMILLE = 1_000


@dataclass(frozen=True, slots=True)
class FacePolicy:
    """How sure a face must be; cosine similarities of L2-normalised embeddings."""

    target_fpir_permille: int = 10
    threshold_min: float = 0.40
    threshold_max: float = 0.55
    margin: float = 0.08
    ask_band: float = 0.10


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member and how close one frame came to the nearest of her templates."""

    member_id: UUID
    score: float


@dataclass(frozen=True, slots=True)
class Accept:
    """One member, close enough and clear of every other."""

    member_id: UUID
    score: float


@dataclass(frozen=True, slots=True)
class Ask:
    """Perhaps one of these; another factor must say."""

    candidates: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody of the gallery."""


Decision: TypeAlias = Accept | Ask | Unknown


def threshold_for(gallery_size: int, target_fpir_permille: int, policy: FacePolicy) -> float:
    """Return the least similarity at which a stranger passes as rarely as targeted."""
    chances = max(gallery_size, 1) * _PERMILLE / max(target_fpir_permille, 1)
    on_line = COSINE_AT_FMR_1E_3 + _COSINE_PER_DECADE * (log10(chances) - _DECADES_AT_1E_3)
    return min(max(on_line, policy.threshold_min), policy.threshold_max)


def decide(
    best: Candidate | None, second: Candidate | None, gallery_size: int, policy: FacePolicy
) -> Decision:
    """Judge one frame; `second` is the best candidate who is another member than `best`.

    ValueError when `second` is the same member: her own templates are no rivals of hers.
    """
    if best is not None and second is not None and best.member_id == second.member_id:
        raise ValueError("the runner-up must be another member")
    threshold = threshold_for(gallery_size, policy.target_fpir_permille, policy)
    if best is None or best.score < threshold - policy.ask_band:
        return Unknown()
    rival = second if second is not None and best.score - second.score < policy.margin else None
    if rival is not None:
        return Ask((best.member_id, rival.member_id))
    if best.score < threshold:
        return Ask((best.member_id,))
    return Accept(best.member_id, best.score)


@dataclass(frozen=True, slots=True)
class Vote:
    """Decisions of the frames of one visit, folded one by one."""

    needed: int = limits.VOTE_FRAMES
    frames: int = 0
    accepts: dict[UUID, int] = field(default_factory=dict)
    asked: tuple[UUID, ...] = ()

    def add(self, decision: Decision) -> "Vote":
        """Return the vote with one more frame."""
        accepts, asked = self.accepts, self.asked
        if isinstance(decision, Accept):
            accepts = {**accepts, decision.member_id: accepts.get(decision.member_id, 0) + 1}
        elif isinstance(decision, Ask):
            asked = tuple(dict.fromkeys((*asked, *decision.candidates)))
        return Vote(self.needed, self.frames + 1, accepts, asked)

    @property
    def winner(self) -> UUID | None:
        """The member ahead of every other by the frames needed, if there is one."""
        ranked = sorted(self.accepts.items(), key=lambda entry: entry[1], reverse=True)
        if not ranked:
            return None
        rival = ranked[1][1] if len(ranked) > 1 else 0
        return ranked[0][0] if ranked[0][1] - rival >= self.needed else None

    @property
    def candidates(self) -> tuple[UUID, ...]:
        """Every member whom a frame accepted or asked about, first seen first."""
        return tuple(dict.fromkeys((*self.accepts, *self.asked)))
