"""Which category a customer prefers: her share of each, drawn towards everybody's."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

PULL = 3.0


@dataclass(frozen=True, slots=True)
class Preference:
    """A category, her share of it as drawn, and that over everybody's share."""

    category: str
    share: float
    lift: float


def everybodys_shares(bought: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return each category's share of all that all bought, by customer and category."""
    totals: Counter[str] = Counter()
    for hers in bought.values():
        totals.update(hers)
    whole = sum(totals.values())
    return {category: count / whole for category, count in totals.items()} if whole else {}


def preferences(
    hers: Mapping[str, float], everybodys: Mapping[str, float], pull: float = PULL
) -> tuple[Preference, ...]:
    """Return categories by how much more of them she buys than others, best first.

    Few purchases say little: she is taken to have bought `pull` more as everybody does.
    """
    whole = sum(hers.values()) + pull
    found = []
    for category, usual in everybodys.items():
        share = (hers.get(category, 0.0) + pull * usual) / whole
        if usual > 0:
            found.append(Preference(category, share, share / usual))
    return tuple(sorted(found, key=lambda one: (-one.lift, one.category)))
