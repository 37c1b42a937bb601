"""Gifts: settled on what is charged once the price is chosen; they never change it."""

from collections.abc import Iterable, Sequence

from retail_core.checkout.basket import BasketLine, whole_units
from retail_core.pricing.certificate import GivenGift, PricedLine, Reason, RejectedOffer
from retail_core.pricing.matching.matches import GiftMatch


def settle_gifts(
    lines: Sequence[BasketLine], charged: Sequence[PricedLine], matches: Iterable[GiftMatch]
) -> tuple[tuple[GivenGift, ...], tuple[RejectedOffer, ...]]:
    """Return the gifts that are given, and why the others are not."""
    given: list[GivenGift] = []
    refused: list[RejectedOffer] = []
    for match in matches:
        gift = match.gift
        outcome = match.reason or _units_or_reason(lines, charged, match)
        if isinstance(outcome, Reason):
            refused.append(RejectedOffer(gift.id, gift.name, outcome))
        else:
            given.append(GivenGift(gift.id, gift.name, gift.sku, outcome))
    return tuple(given), tuple(refused)


def _units_or_reason(
    lines: Sequence[BasketLine], charged: Sequence[PricedLine], match: GiftMatch
) -> int | Reason:
    gift = match.gift
    bought = sum(whole_units(lines[place]) or 1 for place in match.lines)
    fen = sum(charged[place].net_fen for place in match.lines)
    if bought < gift.need:
        return Reason.TOO_FEW_UNITS
    if fen < gift.threshold_fen:
        return Reason.BELOW_THRESHOLD
    times = 1
    if gift.repeat:
        rounds = [bought // gift.need] if gift.need else []
        rounds += [fen // gift.threshold_fen] if gift.threshold_fen else []
        times = min(rounds, default=1)
    if match.uses_left is not None:
        times = min(times, match.uses_left)
    units = gift.units * times
    return Reason.STOCK_TOO_LOW if match.stock is not None and match.stock < units else units
