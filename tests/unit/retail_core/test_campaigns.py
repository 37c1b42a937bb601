"""Campaign budgets as rights: the same everywhere, drawn as far as they have an end."""

from dataclasses import replace
from uuid import UUID

from retail_core.loyalty.campaigns import budget_right, rights_drawn
from retail_core.loyalty.leases import RightKind
from retail_core.pricing.certificate import AppliedOffer, PricedBasket, UsedCoupon
from retail_core.pricing.rules.bundle import parse_bundle

CHAIN, OTHER = UUID(int=1), UUID(int=2)
BUNDLE = parse_bundle(
    b"""{"version": 1,
 "campaigns": [{"id": "autumn", "budget_fen": 5000, "uses": 9}, {"id": "endless"}],
 "offers": [{"kind": "tier_price", "id": "a", "name": "a", "permille": 900, "campaign": "autumn"},
  {"kind": "tier_price", "id": "b", "name": "b", "permille": 900, "campaign": "endless"}],
 "coupons": [{"kind": "threshold", "id": "c", "name": "c", "fen_off": 100, "threshold_fen": 1,
  "campaign": "autumn"}]}"""
)
PRICED = PricedBasket((), 0, 0, 0, "optimal", 0, (), (), 1, 0)


def test_a_right_follows_from_its_name() -> None:
    right = budget_right(CHAIN, "autumn", "fen")
    assert right.kind is RightKind.BUDGET
    assert right == budget_right(CHAIN, "autumn", "fen")
    others = {budget_right(CHAIN, "autumn", "uses"), budget_right(OTHER, "autumn", "fen")}
    assert right not in others | {budget_right(CHAIN, "winter", "fen")}


def test_offers_and_the_coupon_draw_on_their_campaign() -> None:
    priced = replace(
        PRICED,
        applied=(AppliedOffer("a", "a", 300, (1,), 2), AppliedOffer("b", "b", 50, (2,), 1)),
        coupon=UsedCoupon("", "c", "c", 100),
    )
    assert list(rights_drawn(CHAIN, BUNDLE, priced)) == [
        (budget_right(CHAIN, "autumn", "fen"), 400),
        (budget_right(CHAIN, "autumn", "uses"), 3),
    ]
    assert list(rights_drawn(CHAIN, BUNDLE, PRICED)) == []


def test_offers_of_one_campaign_draw_together() -> None:
    rules = parse_bundle(
        b"""{"version": 1, "campaigns": [{"id": "autumn", "budget_fen": 5000, "uses": 9}],
 "offers": [
  {"kind": "tier_price", "id": "a", "name": "a", "permille": 900, "campaign": "autumn"},
  {"kind": "tier_price", "id": "b", "name": "b", "permille": 900, "campaign": "autumn"}]}"""
    )
    applied = (AppliedOffer("a", "a", 300, (1,), 2), AppliedOffer("b", "b", 50, (2,), 1))
    assert list(rights_drawn(CHAIN, rules, replace(PRICED, applied=applied))) == [
        (budget_right(CHAIN, "autumn", "fen"), 350),
        (budget_right(CHAIN, "autumn", "uses"), 3),
    ]
