"""How fast and how often: a brand's rate, a person's cap, and one message where several are due."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Pace:
    """What a brand may send by one channel, and what one person may be sent by all of them.

    `person_max` messages within `person_days` days. A provider's own limits are higher as a rule.
    """

    per_minute: int = 120
    per_day: int = 20_000
    person_max: int = 2
    person_days: int = 7


@dataclass(frozen=True, slots=True)
class DueMessage:
    """A message that waits; `priority` 9 goes before 0."""

    message: UUID
    campaign: UUID
    person: UUID
    priority: int
    made_ms: int


def room(pace: Pace, last_minute: int, last_day: int) -> int:
    """Return how many may go now, having sent so many in the last minute and the last 24 hours."""
    return max(0, min(pace.per_minute - last_minute, pace.per_day - last_day))


def within_cap(pace: Pace, sent_ms: Iterable[int], now_ms: int) -> bool:
    """Tell whether one more message to a person keeps her cap; `sent_ms` are those she was sent."""
    since = now_ms - pace.person_days * DAY_MS
    return sum(ms > since for ms in sent_ms) < pace.person_max


def coalesced(due: Sequence[DueMessage]) -> tuple[tuple[DueMessage, ...], dict[UUID, UUID]]:
    """Keep one message a person; return what goes, and what is dropped with what goes instead.

    The more urgent campaign's, then the oldest. What was given with a dropped one stays given.
    """
    first: dict[UUID, DueMessage] = {}
    for one in sorted(due, key=lambda one: (-one.priority, one.made_ms, one.message)):
        first.setdefault(one.person, one)
    going = tuple(first.values())
    dropped = {
        one.message: first[one.person].message
        for one in due
        if first[one.person].message != one.message
    }
    return going, dropped


def reached(wanted: Collection[str], held: Collection[str], refused: Collection[str]) -> list[str]:
    """Return by which channels a person may be written to: agreed to, and refused by nobody of her.

    Members that are one person speak for her together: one no is a no.
    """
    return [one for one in wanted if one in held and one not in refused]
