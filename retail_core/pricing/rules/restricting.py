"""What a region or a store does not take part in.

Nothing here can add to what a rule grants: all that comes out is a set of rules to leave out, caps
to lower and whether points are left out, and whoever reads it can only take away.
"""

from dataclasses import dataclass

from retail_core.pricing.rules.context import StoreContext
from retail_core.pricing.rules.ruleset import PointsRule, Restriction, RuleBundle


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken away in one store."""

    off: frozenset[str]
    per_receipt: dict[str, int]
    points_off: bool


def limits_in(bundle: RuleBundle, store: StoreContext) -> Limits:
    """Return what all restrictions on a store and its region take away together."""
    off: set[str] = set()
    per_receipt: dict[str, int] = {}
    points_off = False
    for restriction in bundle.restrictions:
        if not _is_for(restriction, store):
            continue
        off |= restriction.off
        points_off = points_off or restriction.points_off
        for rule, cap in restriction.per_receipt.items():
            per_receipt[rule] = min(cap, per_receipt.get(rule, cap))
    return Limits(frozenset(off), per_receipt, points_off)


def points_in(bundle: RuleBundle, store: StoreContext) -> PointsRule | None:
    """Return how points pay in a store; None where they do not."""
    return None if limits_in(bundle, store).points_off else bundle.points


def _is_for(restriction: Restriction, store: StoreContext) -> bool:
    return store.store in restriction.stores or store.region in restriction.regions
