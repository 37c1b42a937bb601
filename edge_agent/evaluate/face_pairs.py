"""How far apart one person's photos and two persons' are: the error rates of one comparison."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from edge_agent.evaluate.face_photos import Photo
from edge_agent.evaluate.intervals import Share, share

FMRS = (1e-2, 1e-3, 1e-4)
# A rate is spoken of when at least so many false matches could have been seen: with none among
# 3 / f pairs the rate is below f with 95 % confidence.
PAIRS_FOR_A_RATE = 3
BINS = np.round(np.arange(-0.4, 1.0001, 0.02), 2)
WORST = 12
# All pairs of so many photos fit in memory with room; of more, these are drawn.
PHOTOS_MAX = 6_000

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photos and their similarity."""

    first: str
    second: str
    score: float


@dataclass(frozen=True, slots=True)
class Rate:
    """True matches at one false match rate; `supported` says whether the pairs allow the claim."""

    fmr: float
    threshold: float | None
    tar: Share
    supported: bool
    pairs_needed: int


@dataclass(frozen=True, slots=True)
class Pairs:
    """Both distributions, sorted, and what follows from them."""

    genuine: Scores
    impostor: Scores
    people: int
    eer: float | None
    eer_threshold: float | None
    rates: tuple[Rate, ...]
    worst_genuine: tuple[Pair, ...]
    worst_impostor: tuple[Pair, ...]
    drawn_from: int

    def passed(self, threshold: float) -> tuple[float | None, float | None]:
        """Return (false match rate, true match rate) of single comparisons at a threshold."""
        return _above(self.impostor, threshold), _above(self.genuine, threshold)


def compare(photos: Sequence[Photo]) -> Pairs:
    """Compare every two photos that gave an embedding."""
    total = len(photos)
    if total > PHOTOS_MAX:
        drawn = np.random.default_rng(1).choice(total, PHOTOS_MAX, replace=False)
        photos = [photos[number] for number in sorted(drawn.tolist())]
    vectors = [photo.at_till.embedding for photo in photos if photo.at_till.embedding is not None]
    scores = np.stack(vectors) @ np.stack(vectors).T if vectors else np.zeros((0, 0), np.float32)
    names = {person: number for number, person in enumerate({p.person for p in photos})}
    people = np.array([names[photo.person] for photo in photos], np.int64)
    first, second = np.triu_indices(len(photos), 1)
    same = people[first] == people[second]
    values = scores[first, second]
    genuine, impostor = np.sort(values[same]), np.sort(values[~same])
    with_pairs = len(set(people[first][same].tolist()))
    eer, eer_threshold = equal_error(genuine, impostor)
    return Pairs(
        genuine,
        impostor,
        with_pairs,
        eer,
        eer_threshold,
        tuple(rate_at(fmr, genuine, impostor, with_pairs) for fmr in FMRS),
        _worst(photos, values, (first, second), same, lowest=True),
        _worst(photos, values, (first, second), ~same, lowest=False),
        total,
    )


def rate_at(fmr: float, genuine: Scores, impostor: Scores, people: int) -> Rate:
    """Return the true matches above the score that lets at most this share of strangers pass.

    With fewer pairs than the rate asks for, none may pass.
    """
    needed = ceil(PAIRS_FOR_A_RATE / fmr)
    if not len(impostor):
        return Rate(fmr, None, share(0, 0), supported=False, pairs_needed=needed)
    allowed = int(len(impostor) * fmr + 1e-9)
    threshold = float(impostor[len(impostor) - 1 - allowed])
    hits = int(np.count_nonzero(genuine > threshold))
    tar = share(hits, len(genuine), independent=people)
    return Rate(fmr, threshold, tar, len(impostor) >= needed, needed)


def equal_error(genuine: Scores, impostor: Scores) -> tuple[float | None, float | None]:
    """Return the least error that both kinds can have together, and the score where they do."""
    if not len(genuine) or not len(impostor):
        return None, None
    thresholds = np.unique(np.concatenate((genuine, impostor)))
    missed = np.searchsorted(genuine, thresholds) / len(genuine)
    passed = 1 - np.searchsorted(impostor, thresholds) / len(impostor)
    worse = np.maximum(missed, passed)
    at = int(np.argmin(worse))
    return float(worse[at]), float(thresholds[at])


def histogram(scores: Scores) -> list[int]:
    """Count scores in bins of 0.02 from -0.4 to 1; those outside count at the ends."""
    counts, _ = np.histogram(np.clip(scores, BINS[0], BINS[-1]), BINS)
    return [int(count) for count in counts]


def _above(scores: Scores, threshold: float) -> float | None:
    return float(np.mean(scores >= threshold)) if len(scores) else None


def _worst(
    photos: Sequence[Photo],
    values: Scores,
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]],
    chosen: NDArray[np.bool_],
    *,
    lowest: bool,
) -> tuple[Pair, ...]:
    rows = np.flatnonzero(chosen)
    order = np.argsort(values[rows] if lowest else -values[rows], kind="stable")
    return tuple(
        Pair(photos[pairs[0][row]].file, photos[pairs[1][row]].file, float(values[row]))
        for row in rows[order[:WORST]].tolist()
    )
