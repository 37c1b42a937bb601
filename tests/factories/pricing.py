"""Baskets, offers and bundles for tests, with everything not said left plain."""

from datetime import datetime
from uuid import UUID

from retail_core.checkout.basket import Basket, BasketLine
from retail_core.pricing.certificate import PricedBasket, PricedLine
from retail_core.pricing.rules.bundle import EarnRule, RuleBundle
from retail_core.pricing.rules.conditions import ItemSelector
from retail_core.pricing.rules.offers import MixAndMatch, Offer, SetPrice, TierPrice, TimeSlotPrice
from retail_core.pricing.rules.slots import WeekSlot

FRIDAY_NOON = datetime(2026, 7, 31, 12, 0)  # noqa: DTZ001 - wall time in the store's zone
TENANT = UUID(int=1)
LEGAL_ENTITY = UUID(int=2)
WALLET = UUID(int=3)
RECEIPT = UUID(int=4)
TIERS = {"standard": "普通会员", "gold": "金卡"}


def line(
    number: int,
    price_fen: int,
    units: int = 1,
    *,
    tags: str = "",
    qty_milli: int | None = None,
    sku: str | None = None,
) -> BasketLine:
    """A line of whole units, or of `qty_milli` thousandths; each letter of `tags` is a tag."""
    return BasketLine(
        line=number,
        sku=sku or f"S{number}",
        article_id=None,
        name=f"article {number}",
        unit_price_fen=price_fen,
        qty_milli=units * 1000 if qty_milli is None else qty_milli,
        tags=frozenset(tags),
    )


def basket(*lines: BasketLine, opened: datetime = FRIDAY_NOON) -> Basket:
    return Basket(lines, opened)


def bundle(*offers: Offer, earn: EarnRule | None = None) -> RuleBundle:
    return RuleBundle(version=7, offers=offers, earn=earn, tier_names=TIERS)


def tagged(tags: str) -> ItemSelector:
    """Selects articles with any of the letters as a tag; "" selects all."""
    return ItemSelector(tags=frozenset(tags))


def tier(offer_id: str, permille: int, tags: str = "", *tiers: str) -> TierPrice:
    return TierPrice(
        id=offer_id, name=offer_id, items=tagged(tags), permille=permille, tiers=frozenset(tiers)
    )


def slot(offer_id: str, permille: int, *slots: tuple[int, str, str]) -> TimeSlotPrice:
    weekly = tuple(WeekSlot(*entry) for entry in slots)
    return TimeSlotPrice(id=offer_id, name=offer_id, permille=permille, slots=weekly)


def mix(offer_id: str, need: int, free: int = 1, tags: str = "") -> MixAndMatch:
    return MixAndMatch(id=offer_id, name=offer_id, items=tagged(tags), need=need, free=free)


def set_price(offer_id: str, need: int, price_fen: int, tags: str = "") -> SetPrice:
    return SetPrice(id=offer_id, name=offer_id, items=tagged(tags), need=need, price_fen=price_fen)


def priced(*net_fens: int) -> PricedBasket:
    """A basket priced at these amounts, no offer involved."""
    lines = tuple(
        PricedLine(number, f"S{number}", "article", 1000, net, net, ())
        for number, net in enumerate(net_fens, start=1)
    )
    total = sum(net_fens)
    return PricedBasket(lines, total, total, 0, "optimal", 0, (), (), 7, 0)
