"""A box's figures over time: the worst of ten minutes, later the worst of an hour."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import or_
from typing import Literal
from uuid import UUID

import msgspec

from retail_core.wire.health import BoxVitals

SPAN_MS = 10 * 60_000
FINE_DAYS = 2
KEEP_DAYS = 90

Worse = Literal["most", "least", "bits"]
_WORSE: Mapping[Worse, Callable[[int, int], int]] = {"most": max, "least": min, "bits": or_}
# What is kept, and which of two values is the worse one.
WORST: Mapping[str, Worse] = {
    "temperature_c": "most",
    "disk_free_percent": "least",
    "memory_free_percent": "least",
    "queue_depth": "most",
    "queue_age_s": "most",
    "journal_ms": "most",
    "clock_off_ms": "most",
    "throttled": "bits",
    "card_life_percent": "most",
    "faces": "most",
}


@dataclass(frozen=True, slots=True)
class Span:
    """The worst figures of one box from `since_ms` on; what a board cannot say is absent."""

    device: UUID
    since_ms: int
    figures: Mapping[str, int]


def figures_of(vitals: BoxVitals) -> dict[str, int]:
    """Return the figures a box could say, by name."""
    said = msgspec.structs.asdict(vitals)
    return {name: value for name, value in said.items() if value is not None}


def span_at(device: UUID, vitals: BoxVitals, now_ms: int) -> Span:
    """Return the span that a look of this moment begins."""
    kept = {name: value for name, value in figures_of(vitals).items() if name in WORST}
    return Span(device, now_ms - now_ms % SPAN_MS, kept)


def worse(one: Span, other: Span) -> Span:
    """Return the worst of two looks at the same box within the same span."""
    both = dict(one.figures)
    for name, value in other.figures.items():
        both[name] = _WORSE[WORST[name]](both[name], value) if name in both else value
    return Span(one.device, one.since_ms, both)
