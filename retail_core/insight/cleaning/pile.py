"""Orders too many to hold at once: each layer asks for those alone that it might mark.

What comes of it is what `judge_orders` says of all of them together, sign by sign. Every question
below is answered with all that can matter to its layer, which then judges as it always does.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from retail_core.insight.cleaning.browsing import looks_mostly, unlooked
from retail_core.insight.cleaning.decision import Decision
from retail_core.insight.cleaning.limits import HOUR_MS, OrderLimits
from retail_core.insight.cleaning.pace import crowds, far_above, usual_units, velocity
from retail_core.insight.cleaning.repeats import duplicates, undone
from retail_core.insight.cleaning.rings import rings
from retail_core.insight.cleaning.seen import SeenOrder


class OrderPile(Protocol):
    """Orders that lie somewhere; whole ones are told in any order."""

    def close_together(self, gap_ms: int) -> Iterable[SeenOrder]:
        """Tell those that another like them follows or precedes within a gap.

        Like them: the same channel, net and who, which is the buyer, else payer, else device.
        """
        ...

    def of_undoers(self, quick_ms: int, least: int) -> Iterable[SeenOrder]:
        """Tell all orders of buyers with so many undone in so short a time."""
        ...

    def shared(self, many: int) -> Iterable[SeenOrder]:
        """Tell orders by what buyers share: a device or payer many do, two kinds any two do."""
        ...

    def crowded(self, most: Sequence[tuple[int, int]]) -> Iterable[SeenOrder]:
        """Tell all of a buyer, device or payer with more orders than so many within so many ms.

        A till's are left out.
        """
        ...

    def bought(self) -> Iterable[tuple[str, int, int]]:
        """Tell each article, units of a line, and of how many lines."""
        ...

    def of_many_units(self, least: int) -> Iterable[SeenOrder]:
        """Tell those with so many units of something."""
        ...

    def looked(self) -> Iterable[tuple[str, int, int]]:
        """Tell channels that tell of looks, with how many orders, and how many after a look."""
        ...

    def unlooked(self, channel: str) -> Iterable[str]:
        """Tell a channel's orders without a look at anything, by id."""
        ...


def judge_pile(pile: OrderPile, limits: OrderLimits | None = None) -> Iterator[Decision]:
    """Yield every sign of every layer, layer by layer."""
    lines = limits or OrderLimits()
    yield from duplicates(pile.close_together(lines.duplicate_ms), lines)
    yield from undone(pile.of_undoers(lines.quick_undo_ms, lines.undone_orders), lines)
    yield from rings(pile.shared(lines.many_on_one), lines)
    most = [(hours * HOUR_MS, many) for hours, many in crowds(lines)]
    yield from velocity(pile.crowded(most), lines)
    usual = usual_units(pile.bought(), lines)
    yield from far_above(pile.of_many_units(lines.least_units), usual, lines)
    for channel, told, after in pile.looked():
        if looks_mostly(told, after, lines):
            yield from map(unlooked, pile.unlooked(channel))
