"""Baskets for the bench: more overlap between offers than a shop would publish."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from retail_core.checkout.basket import Basket, BasketLine
from retail_core.pricing.rules.bundle import PointsRule, RuleBundle
from retail_core.pricing.rules.conditions import ItemSelector
from retail_core.pricing.rules.context import MemberContext
from retail_core.pricing.rules.coupons import Coupon, Held, PercentCoupon, ThresholdCoupon
from retail_core.pricing.rules.offers import (
    BundleSlot,
    MixAndMatch,
    Offer,
    SetAmount,
    SetPercent,
    SetPrice,
    SlotBundle,
    TierPrice,
)

OPENED = datetime(2026, 11, 20, 18, 30)  # noqa: DTZ001 - wall time of the store, without a zone


@dataclass(frozen=True, slots=True)
class Size:
    """How many units, offers and articles a basket has."""

    units: int
    offers: int
    articles: int

    def __str__(self) -> str:
        return f"{self.units} units, {self.offers} offers"


def plain_case(rng: random.Random, size: Size) -> tuple[Basket, RuleBundle]:
    """Make a basket and offers of all kinds over it."""
    skus = [f"S{number}" for number in range(size.articles)]
    prices = {sku: rng.randrange(190, 2_990) for sku in skus}
    lines = tuple(
        BasketLine(number + 1, sku, None, sku, prices[sku], 1_000)
        for number, sku in enumerate(rng.choices(skus, k=size.units))
    )
    offers = tuple(_offer(rng, number, skus) for number in range(size.offers))
    return Basket(lines, OPENED), RuleBundle(version=1, offers=offers)


def joint_case(rng: random.Random, size: Size) -> tuple[Basket, RuleBundle, MemberContext]:
    """Make a basket with three coupons in a member's hand, and points."""
    basket, bundle = plain_case(rng, size)
    shelf = sum(line.unit_price_fen for line in basket.lines)
    coupons: tuple[Coupon, ...] = tuple(_coupon(rng, number, shelf) for number in range(3))
    points = PointsRule(id="points", step=100, min_points=100, max_permille=500)
    held = tuple(
        Held(id=f"H{n}", coupon=coupon.id, expires=OPENED + timedelta(days=n + 1))
        for n, coupon in enumerate(coupons)
    )
    member = MemberContext("gold", points_free=rng.randrange(0, 6_000), coupons=held)
    return basket, replace_rules(bundle, coupons, points), member


def replace_rules(
    bundle: RuleBundle, coupons: tuple[Coupon, ...], points: PointsRule
) -> RuleBundle:
    """Return the bundle with coupons and points."""
    return RuleBundle(version=1, offers=bundle.offers, coupons=coupons, points=points)


def _coupon(rng: random.Random, number: int, shelf: int) -> Coupon:
    name = f"K{number}"
    threshold = shelf * rng.randrange(50, 95) // 100 // 500 * 500
    if rng.randrange(3) == 0:
        return PercentCoupon(
            id=name, name=name, threshold_fen=threshold, permille=950, max_off_fen=2_000
        )
    off = threshold * rng.randrange(5, 15) // 100 // 100 * 100 + 100
    return ThresholdCoupon(id=name, name=name, threshold_fen=threshold, fen_off=off)


def _offer(rng: random.Random, number: int, skus: list[str]) -> Offer:
    named = rng.sample(skus, rng.randrange(3, 8))
    items, name, need = ItemSelector(skus=frozenset(named)), f"O{number}", rng.randrange(2, 4)
    match rng.randrange(8):
        case 0 | 1:
            return TierPrice(id=name, name=name, items=items, permille=rng.randrange(800, 980))
        case 2 | 3:
            return MixAndMatch(id=name, name=name, items=items, need=rng.randrange(2, 5))
        case 4:
            price = rng.randrange(900, 4_000)
            return SetPrice(id=name, name=name, items=items, need=need, price_fen=price)
        case 5:
            permille = rng.randrange(700, 900)
            return SetPercent(id=name, name=name, items=items, need=need, permille=permille)
        case 6:
            off = rng.randrange(100, 800)
            return SetAmount(id=name, name=name, items=items, need=need, fen_off=off)
        case _:
            half = len(named) // 2
            slots = tuple(
                BundleSlot(items=ItemSelector(skus=frozenset(part)))
                for part in (named[:half], named[half:])
            )
            return SlotBundle(id=name, name=name, slots=slots, price_fen=rng.randrange(900, 3_000))
