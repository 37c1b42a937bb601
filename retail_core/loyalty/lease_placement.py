"""Where to lend a member's points: by how likely she comes to each store next.

Every visit weighs half as much after `HALF_LIFE_DAYS`, so a member who moved house is followed. A
store she seldom comes to gets nothing: a lease too small for what she asks serves nobody. A part
stays free in the cloud for all other stores and for the phone. Integers only: the same history
gives the same placement everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from retail_core.money import allocate

HALF_LIFE_DAYS = 45
RESERVE_PERMILLE = 100
SHARE_PERMILLE_MIN = 300
LEAST_AMOUNT = 10
_ONE = 1 << 24
_PER_MILLE = 1_000


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit to a store, so many days ago."""

    store: UUID
    days_ago: int


@dataclass(frozen=True, slots=True)
class PlacementRule:
    """What may be tuned by HQ."""

    half_life_days: int = HALF_LIFE_DAYS
    reserve_permille: int = RESERVE_PERMILLE
    share_permille_min: int = SHARE_PERMILLE_MIN
    least_amount: int = LEAST_AMOUNT


DEFAULT_RULE = PlacementRule()


def affinity(
    visits: Sequence[Visit], half_life_days: int = HALF_LIFE_DAYS
) -> tuple[tuple[UUID, int], ...]:
    """Return each store with the weight of its visits, the heaviest first."""
    weights: dict[UUID, int] = {}
    for visit in visits:
        weight = _weight(max(0, visit.days_ago), half_life_days)
        weights[visit.store] = weights.get(visit.store, 0) + weight
    return tuple(sorted(weights.items(), key=lambda one: (-one[1], one[0].int)))


def place(
    balance: int, visits: Sequence[Visit], rule: PlacementRule = DEFAULT_RULE
) -> Mapping[UUID, int]:
    """Return how much to lend to which store; the rest, at least the reserve, stays free.

    Neither a larger balance nor one more visit to a store ever lends that store less.
    """
    lendable = max(0, balance) * (_PER_MILLE - rule.reserve_permille) // _PER_MILLE
    weights = affinity(visits, rule.half_life_days)
    whole = sum(weight for _, weight in weights)
    likely = [
        (store, weight)
        for place_, (store, weight) in enumerate(weights)
        if place_ == 0 or weight * _PER_MILLE >= whole * rule.share_permille_min
    ]
    shared = sum(weight for _, weight in likely)
    parts = ((store, lendable * weight // shared) for store, weight in likely)
    return {store: part for store, part in parts if part >= rule.least_amount}


def spread(budget: int, sales: Mapping[UUID, int], rule: PlacementRule) -> Mapping[UUID, int]:
    """Spread a campaign's budget over stores by their sales; the reserve stays in the cloud."""
    lendable = max(0, budget) * (_PER_MILLE - rule.reserve_permille) // _PER_MILLE
    stores = sorted(sales, key=lambda store: store.int)
    if not sum(sales.values()):
        return {}
    return dict(zip(stores, allocate(lendable, [sales[store] for store in stores]), strict=True))


def _weight(days_ago: int, half_life_days: int) -> int:
    """Halve every half-life, straight in between."""
    halvings, rest = divmod(days_ago, half_life_days)
    top = _ONE >> min(halvings, _ONE.bit_length())
    return max(1, top - top * rest // (2 * half_life_days))
