"""Campaign budgets as rights that are lent: which, and how much of them a priced basket draws.

A campaign of a bundle is a name; a right has an id. The id follows from the name, so that cloud and
boxes mean the same right without a table.
"""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Literal
from uuid import UUID

from retail_core.loyalty.leases import Right, RightKind
from retail_core.pricing.certificate import PricedBasket
from retail_core.pricing.proof.depends import rules_of
from retail_core.pricing.rules.ruleset import RuleBundle

Measure = Literal["fen", "uses"]


def budget_right(tenant: UUID, campaign: str, measure: Measure) -> Right:
    """Return the right to a campaign's money or uses."""
    name = b"\x00".join((b"regulars campaign", tenant.bytes, measure.encode(), campaign.encode()))
    return Right(RightKind.BUDGET, UUID(bytes=sha256(name).digest()[:16]))


def rights_drawn(
    tenant: UUID, bundle: RuleBundle, priced: PricedBasket
) -> Iterator[tuple[Right, int]]:
    """Yield what a price draws of the campaigns that have an end."""
    if not bundle.campaigns:
        return
    fen, uses = Counter[str](), Counter[str]()
    campaign_of = {rule.id: rule.campaign for rule in rules_of(bundle) if rule.campaign}
    for offer in priced.applied:
        fen[campaign_of.get(offer.offer_id, "")] += offer.fen_off
        uses[campaign_of.get(offer.offer_id, "")] += offer.uses
    if priced.coupon is not None:
        fen[campaign_of.get(priced.coupon.coupon_id, "")] += priced.coupon.fen_off
        uses[campaign_of.get(priced.coupon.coupon_id, "")] += 1
    for one in bundle.campaigns:
        if one.budget_fen is not None and fen[one.id]:
            yield budget_right(tenant, one.id, "fen"), fen[one.id]
        if one.uses is not None and uses[one.id]:
            yield budget_right(tenant, one.id, "uses"), uses[one.id]
