"""`make bench-price`: price baskets exactly, against brute force where that is possible."""

import random
import sys
import time
from datetime import datetime

from retail_core.checkout.basket import Basket, BasketLine
from retail_core.pricing.bundle import RuleBundle
from retail_core.pricing.conditions import ItemSelector
from retail_core.pricing.evaluate import MemberContext, price_basket
from retail_core.pricing.offers import MixAndMatch, Offer, SetPrice, TierPrice
from tools.bench.report import Bench, Row

OPENED = datetime(2026, 11, 20, 18, 30)  # noqa: DTZ001  # wall time of the store, without a zone
SEED = 20_261_122
SIZES = ((8, 3), (15, 4), (30, 8), (60, 8))
ROUNDS = 200
MEMBER = MemberContext("gold")


def main() -> int:
    """Measure and report."""
    bench = Bench("price")
    rng = random.Random(SEED)  # noqa: S311  # a bench repeats, it keeps no secret
    for units, offers in SIZES:
        times: list[float] = []
        optimal = 0
        for _ in range(ROUNDS):
            basket, bundle = _case(rng, units, offers)
            started = time.perf_counter()
            priced = price_basket(basket, bundle, MEMBER)
            times.append((time.perf_counter() - started) * 1000)
            optimal += priced.status == "optimal"
        name = f"{units} units, {offers} overlapping offers"
        bench.add_times(name, times, p95_bar=25.0 if (units, offers) == (30, 8) else None)
        bench.add(Row(f"{name}: proven optimal", 100 * optimal / ROUNDS, "%", None, "higher"))
    return bench.finish()


def _case(rng: random.Random, units: int, offers: int) -> tuple[Basket, RuleBundle]:
    skus = [f"S{number}" for number in range(12)]
    prices = {sku: rng.randrange(190, 2_990) for sku in skus}
    lines = tuple(
        BasketLine(number + 1, sku, None, sku, prices[sku], 1_000)
        for number, sku in enumerate(rng.choices(skus, k=units))
    )
    made = tuple(_offer(rng, number, skus) for number in range(offers))
    return Basket(lines, OPENED), RuleBundle(version=1, offers=made)


def _offer(rng: random.Random, number: int, skus: list[str]) -> Offer:
    items = ItemSelector(skus=frozenset(rng.sample(skus, rng.randrange(3, 8))))
    name = f"O{number}"
    match rng.randrange(3):
        case 0:
            return TierPrice(id=name, name=name, items=items, permille=rng.randrange(800, 980))
        case 1:
            return MixAndMatch(id=name, name=name, items=items, need=rng.randrange(2, 5), free=1)
        case _:
            price = rng.randrange(900, 4_000)
            return SetPrice(
                id=name, name=name, items=items, need=rng.randrange(2, 4), price_fen=price
            )


if __name__ == "__main__":
    sys.exit(main())
