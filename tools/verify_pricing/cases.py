"""Random baskets and rules of every kind, from a seed; small amounts, so that ties are common."""

import random
from datetime import datetime, timedelta
from typing import Any

from retail_core.checkout.basket import Basket, BasketLine
from retail_core.pricing.rules.bundle import Campaign, PointsRule, RuleBundle
from retail_core.pricing.rules.conditions import ItemSelector
from retail_core.pricing.rules.context import MemberContext, StoreContext, Used
from retail_core.pricing.rules.coupons import Coupon, Held, PercentCoupon, ThresholdCoupon
from retail_core.pricing.rules.offers import (
    BundleSlot,
    Caps,
    MixAndMatch,
    Offer,
    PriceList,
    SetAmount,
    SetPercent,
    SetPrice,
    SlotBundle,
    TierPrice,
)
from tools.verify_pricing.oracle import Case

OPENED = datetime(2026, 11, 20, 18, 30)  # noqa: DTZ001 - wall time of the store, without a zone
TAGS = "abc"
TIERS = {"standard": "普通会员", "gold": "金卡"}
_PERMILLES = (500, 700, 800, 850, 900, 950)


class Maker:
    """Makes one case; `scale` is what a unit of price is worth in fen."""

    def __init__(self, seed: int, *, units: tuple[int, int] = (1, 8), offers: int = 4) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - a check repeats, it keeps no secret
        self._seed = seed
        self._units = units
        self._offers = offers
        self._scale = self._rng.choice((1, 10, 10, 37, 100))

    def case(self) -> Case:
        """Make the case."""
        rng = self._rng
        lines = self._lines()
        coupons = tuple(self._coupon(number) for number in range(rng.choice((0, 0, 1, 2))))
        member = self._member(coupons) if self._odds(80) else None
        campaigns = tuple(
            Campaign(
                id=name,
                budget_fen=self._fen(40) + 1 if self._odds(70) else None,
                uses=rng.randrange(1, 5) if self._odds(50) else None,
            )
            for name in ("c1", "c2")
        )
        bundle = RuleBundle(
            version=1,
            tier_names=TIERS,
            offers=tuple(self._offer(n) for n in range(rng.randrange(1, self._offers + 1))),
            coupons=coupons,
            campaigns=campaigns,
            points=self._points() if self._odds(50) else None,
        )
        store = StoreContext(
            used=Used(today={f"o{n}": rng.randrange(3) for n in range(3)}),
            campaign_fen={"c1": self._fen(10)},
            campaign_uses={"c2": 1},
        )
        wanted = rng.choice((0, self._fen(30), 10**6))
        return Case(self._seed, Basket(lines, OPENED), bundle, member, store, wanted)

    def _odds(self, percent: int) -> bool:
        return self._rng.randrange(100) < percent

    def _fen(self, most: int) -> int:
        return self._rng.randrange(most) * self._scale

    def _lines(self) -> tuple[BasketLine, ...]:
        rng, lines = self._rng, list[BasketLine]()
        left = rng.randrange(self._units[0], self._units[1] + 1)
        while left:
            units = min(left, rng.choice((1, 1, 1, 2, 3)))
            weighed = self._odds(8)
            lines.append(
                BasketLine(
                    line=len(lines) + 1,
                    sku=f"S{rng.randrange(6)}",
                    article_id=None,
                    name="article",
                    unit_price_fen=self._fen(13),
                    qty_milli=rng.choice((1, 437, 1500)) if weighed else units * 1000,
                    tags=frozenset(rng.sample(TAGS, rng.randrange(3))),
                )
            )
            left -= units
        return tuple(lines)

    def _selector(self) -> ItemSelector:
        tags = self._rng.sample(TAGS, self._rng.randrange(3))
        return ItemSelector(tags=frozenset(tags))

    def _common(self, name: str) -> dict[str, Any]:
        rng = self._rng
        common: dict[str, Any] = {"id": name, "name": name, "priority": rng.randrange(2)}
        if self._odds(15):
            common["except_items"] = ItemSelector(tags=frozenset(rng.choice(TAGS)))
        if self._odds(20):
            common["exclusive"] = rng.choice(("x", "y"))
        if self._odds(25):
            common["campaign"] = rng.choice(("c1", "c2"))
        if self._odds(30):
            kind = rng.choice(("per_receipt", "per_member", "per_member_day", "per_store_day"))
            common["caps"] = Caps(**{kind: rng.randrange(1, 4)})
        if self._odds(10):
            common["tiers"] = frozenset({"gold"})
        return common

    def _offer(self, number: int) -> Offer:
        units, sets = (self._unit, self._prices), (self._mix, self._set)
        make = self._rng.choice((self._unit, *units, *sets, *sets, self._bundle))
        return make(self._common(f"o{number}"))

    def _unit(self, common: dict[str, Any]) -> Offer:
        common["items"] = self._selector()
        if self._odds(50):
            return TierPrice(**common, permille=self._rng.choice(_PERMILLES))
        return TierPrice(**common, fen_off=self._fen(4) + 1)

    def _prices(self, common: dict[str, Any]) -> Offer:
        prices = {f"S{self._rng.randrange(6)}": self._fen(8) for _ in range(3)}
        return PriceList(**common, prices=prices)

    def _mix(self, common: dict[str, Any]) -> Offer:
        need = self._rng.randrange(2, 5)
        free, cut = self._rng.randrange(1, need), self._rng.choice((0, 0, 500))
        return MixAndMatch(**common, items=self._selector(), need=need, free=free, permille=cut)

    def _set(self, common: dict[str, Any]) -> Offer:
        rng, need = self._rng, self._rng.randrange(2, 5)
        common |= {"items": self._selector(), "need": need}
        if self._odds(50):
            return SetPrice(**common, price_fen=self._fen(9) * (need - 1))
        if self._odds(50):
            return SetPercent(**common, permille=rng.choice(_PERMILLES))
        return SetAmount(**common, fen_off=self._fen(12) + 1)

    def _bundle(self, common: dict[str, Any]) -> SlotBundle:
        rng = self._rng
        slots = tuple(
            BundleSlot(items=ItemSelector(tags=frozenset(rng.choice(TAGS))), need=need)
            for need in rng.choice(((1, 1), (1, 2), (1, 1, 1), (2, 1)))
        )
        way: dict[str, Any] = rng.choice(
            (
                {"permille": rng.choice(_PERMILLES)},
                {"fen_off": self._fen(10) + 1},
                {"price_fen": self._fen(20)},
            )
        )
        return SlotBundle(**common, slots=slots, **way)

    def _coupon(self, number: int) -> Coupon:
        rng, common = self._rng, self._common(f"k{number}")
        if self._odds(40):
            common["items"] = self._selector()
        if self._odds(70):
            common.pop("except_items", None)
        common |= {
            "automatic": self._odds(40),
            "with_points": self._odds(80),
            "threshold_fen": self._fen(40),
        }
        if self._odds(40):
            most = self._fen(10) + 1 if self._odds(40) else None
            return PercentCoupon(**common, permille=rng.choice(_PERMILLES), max_off_fen=most)
        repeat = self._odds(40) and common["threshold_fen"] != 0
        return ThresholdCoupon(**common, fen_off=self._fen(12) + 1, repeat=repeat)

    def _member(self, coupons: tuple[Coupon, ...]) -> MemberContext:
        rng = self._rng
        held = tuple(
            Held(
                id=f"h{rng.randrange(10)}{number}",
                coupon=rng.choice(coupons).id,
                expires=OPENED + timedelta(days=rng.randrange(1, 3)) if self._odds(60) else None,
            )
            for number in range(rng.randrange(3) if coupons else 0)
        )
        return MemberContext(
            rng.choice(("standard", "gold")),
            points_free=rng.choice((0, self._fen(20), 10**6)),
            coupons=held,
            used=Used(ever={"o0": 1}, today={"o1": 1, "k0": 1}),
        )

    def _points(self) -> PointsRule:
        rng = self._rng
        return PointsRule(
            id="p",
            fen_per_point=rng.choice((1, 1, 10)),
            step=rng.choice((1, 1, 10, 50)),
            min_points=rng.choice((0, 0, 20)),
            min_total_fen=rng.choice((0, 0, self._fen(20))),
            max_permille=rng.choice((1000, 500, 300)),
        )
