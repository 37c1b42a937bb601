"""Where the rules in force let nobody spend: what lies there would lie dead, so it is not lent."""

from collections.abc import Mapping
from uuid import UUID

from cloud_broker.ports.unit import Unit
from retail_core.pricing.rules.context import StoreContext
from retail_core.pricing.rules.restricting import Limits, limits_in
from retail_core.pricing.rules.ruleset import RuleBundle


def limits_by_store(unit: Unit, bundle: RuleBundle) -> Mapping[UUID, Limits]:
    """Return what is taken away in each store; without restrictions nobody is asked."""
    if not bundle.restrictions:
        return {}
    return {
        one.store: limits_in(bundle, StoreContext(store=one.name, region=one.region))
        for one in unit.masters.stores()
    }


def without_points(limits: Mapping[UUID, Limits]) -> frozenset[UUID]:
    """Return the stores that take no points."""
    return frozenset(store for store, here in limits.items() if here.points_off)


def without_campaign(
    limits: Mapping[UUID, Limits], bundle: RuleBundle, campaign: str
) -> frozenset[UUID]:
    """Return the stores in which none of a campaign's rules may be used."""
    rules = {one.id for one in (*bundle.offers, *bundle.coupons) if one.campaign == campaign}
    if not rules:
        return frozenset()
    return frozenset(store for store, here in limits.items() if rules <= here.off)
