"""Rings: many buyers who are few, seen by what they share.

A device or a payer many buyers order by is shared by itself. Of an address that is nothing: people
live in one house, work in one office, fetch at one counter. With fewer buyers two kinds of sharing
are needed, device with address, say; a family does that, too, so a ring has more buyers than one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from retail_core.insight.cleaning.decision import STRONG, Decision, Rule
from retail_core.insight.cleaning.limits import OrderLimits
from retail_core.insight.cleaning.seen import TILL, SeenOrder

_Key = tuple[str, str, str]


def rings(orders: Iterable[SeenOrder], limits: OrderLimits) -> Iterator[Decision]:
    """Mark orders made by what a ring shares; its buyers' other orders are left alone."""
    kept = [one for one in orders if one.buyer and one.channel != TILL]
    buyers: defaultdict[_Key, set[str]] = defaultdict(set)
    for one in kept:
        for key in _keys(one):
            buyers[key].add(one.buyer)
    telling = {key: who for key, who in buyers.items() if _tells(key, len(who), limits)}
    ring_of = _components(telling.values())
    size: defaultdict[str, int] = defaultdict(int)
    for root in ring_of.values():
        size[root] += 1
    for one in kept:
        shared = [key for key in _keys(one) if key in telling]
        many = size[ring_of[one.buyer]] if shared else 0
        if many >= limits.ring_buyers:
            yield Decision(
                one.order_id, Rule.ring, STRONG, {"buyers": many, "shares": shared[0][0]}
            )


def _keys(order: SeenOrder) -> Sequence[_Key]:
    device, address, payer = order.device, order.address, order.payer
    single = [("device", device, ""), ("payer", payer, "")]
    pairs = [
        ("device+address", device, address),
        ("device+payer", device, payer),
        ("address+payer", address, payer),
    ]
    return [key for key in single if key[1]] + [key for key in pairs if key[1] and key[2]]


def _tells(key: _Key, buyers: int, limits: OrderLimits) -> bool:
    return buyers >= (2 if key[2] else limits.many_on_one)


def _components(groups: Iterable[Iterable[str]]) -> dict[str, str]:
    """Return for each buyer in a group one buyer who stands for all that hang together."""
    parent: dict[str, str] = {}

    def root(one: str) -> str:
        while (up := parent.setdefault(one, one)) != one:
            parent[one] = one = parent[up]
        return one

    for group in groups:
        first, *others = sorted(group)
        for other in others:
            parent[root(other)] = root(first)
    return {one: root(one) for one in list(parent)}
