"""The same order twice, and orders that are made to be undone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from retail_core.insight.cleaning.decision import STRONG, Decision, Rule
from retail_core.insight.cleaning.limits import OrderLimits
from retail_core.insight.cleaning.seen import SeenOrder


def duplicates(orders: Iterable[SeenOrder], limits: OrderLimits) -> Iterator[Decision]:
    """Mark what says the same of the same buyer moments after the first; the first one stays."""
    same: defaultdict[tuple[object, ...], list[SeenOrder]] = defaultdict(list)
    for one in orders:
        if who := one.buyer or one.payer or one.device:
            same[one.channel, who, one.net_fen, one.lines].append(one)
    for alike in same.values():
        first = None
        for one in sorted(alike, key=_when):
            if first is None or one.at_ms - first.at_ms > limits.duplicate_ms:
                first = one
            else:
                yield Decision(one.order_id, Rule.duplicate, STRONG, {"of": first.order_id})


def undone(orders: Iterable[SeenOrder], limits: OrderLimits) -> Iterator[Decision]:
    """Mark quickly undone orders of buyers who do little else; a change of mind is none."""
    of_buyer: defaultdict[str, list[SeenOrder]] = defaultdict(list)
    for one in orders:
        if one.buyer:
            of_buyer[one.buyer].append(one)
    for own in of_buyer.values():
        quick = sorted((one for one in own if _quickly(one, limits)), key=_when)
        if len(quick) * 100 >= len(own) * limits.undone_share_percent and _crowded(quick, limits):
            for one in quick:
                yield Decision(
                    one.order_id, Rule.order_cancel, STRONG, {"undone": len(quick), "of": len(own)}
                )


def _quickly(order: SeenOrder, limits: OrderLimits) -> bool:
    return order.undone_ms is not None and order.undone_ms - order.at_ms <= limits.quick_undo_ms


def _crowded(quick: Sequence[SeenOrder], limits: OrderLimits) -> bool:
    many = limits.undone_orders
    return any(
        last.at_ms - first.at_ms <= limits.undone_window_ms
        for first, last in zip(quick, quick[many - 1 :], strict=False)
    )


def _when(order: SeenOrder) -> tuple[int, str]:
    return order.at_ms, order.order_id
