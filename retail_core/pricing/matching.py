"""Which offers name which lines, and which of those this customer may have now."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from retail_core.checkout.basket import Basket, BasketLine
from retail_core.pricing.bundle import RuleBundle
from retail_core.pricing.certificate import Reason
from retail_core.pricing.conditions import ItemSelector
from retail_core.pricing.context import MemberContext
from retail_core.pricing.offers import Offer, TimeSlotPrice, order_key
from retail_core.pricing.slots import in_slots


@dataclass(frozen=True, slots=True)
class Match:
    """An offer with the positions of the lines it names, or why it may not be had."""

    offer: Offer
    lines: tuple[int, ...]
    reason: Reason | None


def match_offers(
    basket: Basket, bundle: RuleBundle, member: MemberContext | None
) -> tuple[Match, ...]:
    """Return the offers that name any line, strongest first (priority, then id)."""
    index = _LineIndex(basket.lines)
    return tuple(
        Match(offer, lines, _refusal(offer, member, basket.opened_local))
        for offer in sorted(bundle.offers, key=order_key)
        if (lines := index.named_by(offer.items))
    )


def _refusal(offer: Offer, member: MemberContext | None, local: datetime) -> Reason | None:
    if offer.tiers and (member is None or member.tier not in offer.tiers):
        return Reason.NOT_ELIGIBLE_TIER
    if offer.member_tags and (member is None or not member.tags & offer.member_tags):
        return Reason.NOT_ELIGIBLE_TAG
    if isinstance(offer, TimeSlotPrice) and not in_slots(offer.slots, local):
        return Reason.OUTSIDE_SLOT
    return None


class _LineIndex:
    """Lines by what selectors name: thousands of offers must not each read every line."""

    def __init__(self, lines: tuple[BasketLine, ...]) -> None:
        self._all = tuple(range(len(lines)))
        self._skus = _by(lines, lambda line: (line.sku,))
        self._categories = _by(lines, lambda line: (line.category,))
        self._brands = _by(lines, lambda line: (line.brand,))
        self._tags = _by(lines, lambda line: line.tags)

    def named_by(self, items: ItemSelector) -> tuple[int, ...]:
        if not (items.skus or items.categories or items.brands or items.tags):
            return self._all
        named: set[int] = set()
        for index, names in (
            (self._skus, items.skus),
            (self._categories, items.categories),
            (self._brands, items.brands),
            (self._tags, items.tags),
        ):
            for name in names & index.keys():
                named.update(index[name])
        return tuple(sorted(named))


def _by(
    lines: tuple[BasketLine, ...], names: Callable[[BasketLine], frozenset[str] | tuple[str, ...]]
) -> dict[str, list[int]]:
    index: dict[str, list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        for name in names(line):
            index[name].append(place)
    return index
