"""Would another embedder have decided the same? One verdict a frame, counted."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from retail_core.identity.face_match import Accept, Decision


class Verdict(StrEnum):
    """What the candidate would have done differently, if anything."""

    AGREE = "agree"
    WOULD_ACCEPT_OTHER = "would_accept_other"
    WOULD_MISS = "would_miss"
    LEARNING = "learning"


def compare(acting: Decision, candidate: Decision, known: Collection[UUID]) -> Verdict:
    """Judge one frame; `known` are the members of whom the candidate has seen enough.

    A member it does not know it cannot recognise: that says nothing of it yet. To accept where the
    acting one asked or knew nobody counts as accepting another.
    """
    theirs = candidate.member_id if isinstance(candidate, Accept) else None
    ours = acting.member_id if isinstance(acting, Accept) else None
    if theirs is not None and theirs != ours:
        return Verdict.WOULD_ACCEPT_OTHER
    if theirs == ours:
        return Verdict.AGREE
    return Verdict.WOULD_MISS if ours in known else Verdict.LEARNING


@dataclass(frozen=True, slots=True)
class ShadowCounts:
    """Verdicts so far; `dropped` frames found the candidate busy."""

    agree: int = 0
    would_accept_other: int = 0
    would_miss: int = 0
    learning: int = 0
    dropped: int = 0
