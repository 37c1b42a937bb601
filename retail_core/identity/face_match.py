"""Is this face that member? Accept, ask or unknown, and a vote over frames.

Every embedder has scores of its own, so its calibration travels with it: the similarities above
which one pair of strangers in 1,000 and one in 10,000 lies. Between and beyond them the share is
taken to fall tenfold every so many points, a straight line in the logarithm. With N members a
stranger has N chances; the line is read at target / N, within a floor and a cap.

The floor lies above everything strangers reached in measurements. The cap lets a very close face be
accepted in any gallery; where it holds the threshold below the line the target is not promised, and
`expected_fpir` says what is to be expected instead.
"""

from dataclasses import dataclass, field
from math import inf, log10
from typing import TypeAlias
from uuid import UUID

from retail_core import limits

_DECADES_AT_1E_3 = 3.0
_PERMILLE = 1_000


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores of strangers under one embedder, and what they were measured on.

    `measured_to` is the lowest false match rate that rests on pairs; below it the line is drawn on.
    """

    score_fmr_1e_3: float
    score_fmr_1e_4: float
    impostor_pairs: int
    genuine_pairs: int
    people: int
    measured_to: float
    source: str

    def __post_init__(self) -> None:
        """ValueError for a line that does not fall."""
        if not self.score_fmr_1e_3 < self.score_fmr_1e_4:
            raise ValueError("a lower false match rate needs a higher score")

    @property
    def score_per_decade(self) -> float:
        """How much closer a stranger must be to be ten times rarer."""
        return self.score_fmr_1e_4 - self.score_fmr_1e_3

    def score_at(self, fmr: float) -> float:
        """Return the score above which this share of pairs of strangers lies."""
        return self.score_fmr_1e_3 + self.score_per_decade * (-log10(fmr) - _DECADES_AT_1E_3)

    def fmr_at(self, score: float) -> float:
        """Return the share of pairs of strangers above a score."""
        decades = _DECADES_AT_1E_3 + (score - self.score_fmr_1e_3) / self.score_per_decade
        return float(min(1.0, 10.0**-decades))


@dataclass(frozen=True, slots=True)
class FacePolicy:
    """How sure a face must be; scores are the embedder's similarities, 1 is the same picture.

    `same_picture`: two pictures this alike are one picture twice.
    """

    calibration: Calibration
    threshold_min: float
    threshold_max: float
    margin: float
    ask_band: float
    same_picture: float
    target_fpir_permille: int = 10

    def __post_init__(self) -> None:
        """ValueError for bounds that contradict each other."""
        ordered = self.threshold_min <= self.threshold_max < self.same_picture <= 1
        if not ordered or self.margin < 0 or self.ask_band < 0 or self.target_fpir_permille < 1:
            raise ValueError("the bounds of a face policy contradict each other")

    @property
    def same_person_min(self) -> float:
        """Two pictures less alike are of two people, all but one time in a thousand."""
        return self.calibration.score_fmr_1e_3


# What holds where no embedder is loaded: nobody is near enough.
NOBODY = FacePolicy(
    Calibration(0.98, 0.99, 0, 0, 0, measured_to=1.0, source="none"),
    threshold_min=0.999,
    threshold_max=0.999,
    margin=1.0,
    ask_band=0.0,
    same_picture=1.0,
)


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
    share = max(target_fpir_permille, 1) / (_PERMILLE * max(gallery_size, 1))
    on_line = policy.calibration.score_at(share)
    return min(max(on_line, policy.threshold_min), policy.threshold_max)


def expected_fpir(gallery_size: int, policy: FacePolicy) -> float:
    """Return the share of strangers to be taken for a member by one frame, by the calibration."""
    threshold = threshold_for(gallery_size, policy.target_fpir_permille, policy)
    return min(1.0, gallery_size * policy.calibration.fmr_at(threshold))


def promised(gallery_size: int, policy: FacePolicy) -> bool:
    """Tell whether the target holds for a gallery of this size, or the cap stands against it."""
    share = policy.target_fpir_permille / (_PERMILLE * max(gallery_size, 1))
    return policy.calibration.score_at(share) <= policy.threshold_max


@dataclass(frozen=True, slots=True)
class Reach:
    """What a decision asks of a search: nobody below `floor`, no other `margin` behind the best.

    `rival_min`: nor another below it, however near the best she is.
    """

    floor: float
    margin: float
    rival_min: float = -inf

    def rivals(self, best: float, other: float) -> bool:
        """Tell whether another member's score is too near the best one's."""
        return best - other < self.margin and other >= self.rival_min


def reach_of(gallery_size: int, policy: FacePolicy) -> Reach:
    """Return what `decide` asks of a search; whom it leaves out changes no decision."""
    threshold = threshold_for(gallery_size, policy.target_fpir_permille, policy)
    return Reach(threshold - policy.ask_band, policy.margin)


def decide(
    best: Candidate | None, second: Candidate | None, gallery_size: int, policy: FacePolicy
) -> Decision:
    """Judge one frame; `second` is the best candidate who is another member than `best`.

    ValueError when `second` is the same member: her own templates are no rivals of hers.
    """
    if best is not None and second is not None and best.member_id == second.member_id:
        raise ValueError("the runner-up must be another member")
    threshold = threshold_for(gallery_size, policy.target_fpir_permille, policy)
    reach = reach_of(gallery_size, policy)
    if best is None or best.score < reach.floor:
        return Unknown()
    rival = second if second is not None and reach.rivals(best.score, second.score) else None
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
