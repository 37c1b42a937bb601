"""Algebra of inclusive integer ranges: what was committed, what still waits.

A normal form is a tuple of (low, high) that ascends and neither overlaps nor touches.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

Range = tuple[int, int]
Ranges = tuple[Range, ...]


def normalise(ranges: Iterable[Range]) -> Ranges:
    """Sort, and merge what overlaps or touches; ValueError for a range that runs backwards."""
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if low > high:
            raise ValueError(f"range {low}..{high}")
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def from_seqs(seqs: Iterable[int]) -> Ranges:
    """Return the normal form of single sequences."""
    return normalise((seq, seq) for seq in seqs)


def covers(ranges: Iterable[Range], seq: int) -> bool:
    """Return whether a sequence lies in one of the ranges."""
    return any(low <= seq <= high for low, high in ranges)


def subtract(ranges: Iterable[Range], minus: Iterable[Range]) -> Ranges:
    """Return what of `ranges` is not in `minus`, in normal form."""
    left: list[Range] = []
    cuts = normalise(minus)
    for low, high in normalise(ranges):
        at = low
        for cut_low, cut_high in cuts:
            if cut_high < at or cut_low > high:
                continue
            if at < cut_low:
                left.append((at, cut_low - 1))
            at = cut_high + 1
        if at <= high:
            left.append((at, high))
    return tuple(left)


def clamp(ranges: Iterable[Range], low: int, high: int) -> Ranges:
    """Return what of `ranges` lies within low..high, in normal form."""
    return tuple(
        (max(low, first), min(high, last))
        for first, last in normalise(ranges)
        if max(low, first) <= min(high, last)
    )


def within(held: Collection[int], ranges: Sequence[Range]) -> Iterator[int]:
    """Give the sequences of `held` that lie in the ranges, walking whichever side is shorter."""
    for low, high in ranges:
        if high - low < len(held):
            yield from (seq for seq in range(low, high + 1) if seq in held)
        else:
            yield from (seq for seq in held if low <= seq <= high)
