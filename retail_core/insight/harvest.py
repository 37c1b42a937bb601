"""Points that a clerk may have harvested: sales of strangers booked to one member, day by day.

Two signs. A sale booked to the clerk's own membership is one by itself. Else it counts how often
one member stood at one clerk's counter in a day: sales within `gap_minutes` are one visit, because
a customer who comes back for a bag does no harm.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Sign = Literal["own_card", "harvest"]
_MS_PER_MINUTE = 60_000


@dataclass(frozen=True, slots=True, order=True)
class SoldTo:
    """A sale that a clerk booked to a member."""

    at_ms: int
    receipt: UUID
    member: UUID


@dataclass(frozen=True, slots=True)
class HarvestRule:
    """`visits_max` of one member at one clerk in a day are nothing unusual; one more is."""

    visits_max: int = 3
    gap_minutes: int = 10


@dataclass(frozen=True, slots=True)
class Harvest:
    """What a person should look at; `sales` are in the order they were rung up."""

    sign: Sign
    member: UUID
    sales: tuple[SoldTo, ...]


def find_harvests(
    sales: Iterable[SoldTo], own: frozenset[UUID], rule: HarvestRule
) -> tuple[Harvest, ...]:
    """Return what stands out in one clerk's sales of one day; `own` are her own memberships."""
    by_member: dict[UUID, list[SoldTo]] = {}
    for sale in sorted(set(sales)):
        by_member.setdefault(sale.member, []).append(sale)
    found: list[Harvest] = []
    for member, theirs in sorted(by_member.items()):
        if member in own:
            found.append(Harvest("own_card", member, tuple(theirs)))
        elif visits(theirs, rule.gap_minutes) > rule.visits_max:
            found.append(Harvest("harvest", member, tuple(theirs)))
    return tuple(found)


def visits(sales: Iterable[SoldTo], gap_minutes: int) -> int:
    """Return the most sales that lie pairwise at least a gap apart."""
    count, last_ms = 0, None
    for at_ms in sorted(sale.at_ms for sale in sales):
        if last_ms is None or at_ms - last_ms >= gap_minutes * _MS_PER_MINUTE:
            count, last_ms = count + 1, at_ms
    return count
