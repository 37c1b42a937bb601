"""Too many orders in too short a time, and too much of one thing."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from retail_core.insight.cleaning.decision import STRONG, WEAK, Decision, Rule
from retail_core.insight.cleaning.limits import HOUR_MS, OrderLimits
from retail_core.insight.cleaning.seen import TILL, SeenOrder

# A normal distribution's standard deviation is so many median distances from its median.
_OF_MEDIAN_DISTANCE = 1.4826
_LEAST_SPREAD = 0.25


def velocity(orders: Iterable[SeenOrder], limits: OrderLimits) -> Iterator[Decision]:
    """Mark orders beyond what one buyer, device or payer makes in an hour or a day.

    A till's are left out: a counter serves one guest after another.
    """
    marked: set[str] = set()
    for kind, own in _of_one(orders):
        for hours, most in ((1, limits.orders_an_hour), (24, limits.orders_a_day)):
            for one in _crowd(own, hours * HOUR_MS, most):
                if one.order_id not in marked:
                    marked.add(one.order_id)
                    detail: dict[str, int | str] = {"by": kind, "more_than": most, "hours": hours}
                    yield Decision(one.order_id, Rule.velocity, STRONG, detail)


def _of_one(orders: Iterable[SeenOrder]) -> Iterator[tuple[str, list[SeenOrder]]]:
    """Yield by what orders hang together, and those, oldest first."""
    found: defaultdict[tuple[str, str], list[SeenOrder]] = defaultdict(list)
    for one in sorted(orders, key=lambda one: (one.at_ms, one.order_id)):
        names = () if one.channel == TILL else _names(one)
        for name in names:
            found[name].append(one)
    for (kind, _), own in found.items():
        yield kind, own


def _names(order: SeenOrder) -> list[tuple[str, str]]:
    names = ("buyer", order.buyer), ("device", order.device), ("payer", order.payer)
    return [name for name in names if name[1]]


def quantities(orders: Iterable[SeenOrder], limits: OrderLimits) -> Iterator[Decision]:
    """Mark lines far above what an article is bought by; weak, because companies buy, too."""
    all_of = list(orders)
    bought: defaultdict[str, list[float]] = defaultdict(list)
    for one in all_of:
        for sku, units in one.lines:
            bought[sku].append(math.log1p(max(units, 0)))
    usual: dict[str, tuple[float, float]] = {}
    for sku, logs in bought.items():
        if len(logs) >= limits.history_orders:
            middle = median(logs)
            spread = _OF_MEDIAN_DISTANCE * median(abs(one - middle) for one in logs)
            usual[sku] = middle, max(spread, _LEAST_SPREAD)
    for one in all_of:
        found = max(
            (
                ((math.log1p(units) - usual[sku][0]) / usual[sku][1], sku, units)
                for sku, units in one.lines
                if sku in usual and units >= limits.least_units
            ),
            default=None,
        )
        if found is not None and found[0] >= limits.z_score:
            z_score, sku, units = found
            tenths = round(z_score * 10)
            yield Decision(
                one.order_id, Rule.quantity, WEAK, {"sku": sku, "units": units, "z_tenths": tenths}
            )


def _crowd(own: Sequence[SeenOrder], window_ms: int, most: int) -> Iterator[SeenOrder]:
    """Yield the orders of every stretch of more than `most` within a window."""
    until = -1
    for nth, first in enumerate(own):
        last = nth + most
        if last >= len(own):
            return
        if own[last].at_ms - first.at_ms <= window_ms:
            yield from own[max(nth, until + 1) : last + 1]
            until = last
