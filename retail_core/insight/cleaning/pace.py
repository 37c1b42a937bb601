"""Too many orders in too short a time, and too much of one thing."""

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from retail_core.insight.cleaning.decision import STRONG, WEAK, Decision, Rule
from retail_core.insight.cleaning.limits import HOUR_MS, OrderLimits
from retail_core.insight.cleaning.seen import TILL, SeenOrder

# A normal distribution's standard deviation is so many median distances from its median.
_OF_MEDIAN_DISTANCE = 1.4826
_LEAST_SPREAD = 0.25
# An article's median logarithm of units, and its spread.
Usual = dict[str, tuple[float, float]]


def velocity(orders: Iterable[SeenOrder], limits: OrderLimits) -> Iterator[Decision]:
    """Mark orders beyond what one buyer, device or payer makes in an hour or a day.

    A till's are left out: a counter serves one guest after another.
    """
    marked: set[str] = set()
    for kind, own in _of_one(orders):
        for hours, most in crowds(limits):
            for one in _crowd(own, hours * HOUR_MS, most):
                if one.order_id not in marked:
                    marked.add(one.order_id)
                    detail: dict[str, int | str] = {"by": kind, "more_than": most, "hours": hours}
                    yield Decision(one.order_id, Rule.velocity, STRONG, detail)


def crowds(limits: OrderLimits) -> tuple[tuple[int, int], ...]:
    """Return within how many hours how many orders are no crowd yet."""
    return (1, limits.orders_an_hour), (24, limits.orders_a_day)


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
    bought = Counter(line for one in all_of for line in one.lines)
    usual = usual_units(((sku, units, many) for (sku, units), many in bought.items()), limits)
    yield from far_above(all_of, usual, limits)


def usual_units(bought: Iterable[tuple[str, int, int]], limits: OrderLimits) -> Usual:
    """Return what articles are bought by, from (article, units, how many lines)."""
    counts: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
    for sku, units, many in bought:
        counts[sku].append((math.log1p(max(units, 0)), many))
    usual: Usual = {}
    for sku, logs in counts.items():
        if sum(many for _, many in logs) >= limits.history_orders:
            middle = _middle(logs)
            spread = _OF_MEDIAN_DISTANCE * _middle([(abs(one - middle), n) for one, n in logs])
            usual[sku] = middle, max(spread, _LEAST_SPREAD)
    return usual


def far_above(orders: Iterable[SeenOrder], usual: Usual, limits: OrderLimits) -> Iterator[Decision]:
    """Mark orders with a line far above what its article is bought by."""
    for one in orders:
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


def _middle(values: Iterable[tuple[float, int]]) -> float:
    """Return the median of values that are there so many times each."""
    ordered = sorted(values)
    upto = list(accumulate(many for _, many in ordered))
    low, high = (ordered[bisect_right(upto, place)][0] for place in _places(upto[-1]))
    return low if low == high else (low + high) / 2


def _places(many: int) -> tuple[int, int]:
    return (many - 1) // 2, many // 2


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
