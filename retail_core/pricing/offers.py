"""Offers on articles: each takes whole units of the lines it names and says what it takes off.

What the fields mean to a shop stands in docs/reference/offers.md. A unit offer prices every unit on
its own; a set offer takes units by the set. A unit is in at most one offer.
"""

import msgspec

from retail_core.pricing.conditions import NOBODY, Conditions, ItemSelector
from retail_core.pricing.slots import WeekSlot

PERMILLE = 1000


class Caps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often an offer may be used: units of a unit offer, sets of a set offer, coupons, gifts.

    None is without end. What a member has used can only be counted for members.
    """

    per_receipt: int | None = None
    per_member: int | None = None
    per_member_day: int | None = None
    per_store_day: int | None = None


NO_CAPS = Caps()
ALWAYS = Conditions()


class OfferBase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every offer has. Empty `tiers` and `member_tags` mean everybody, members or not.

    Of the offers that share an `exclusive` name at most one is used on a receipt.
    """

    id: str
    name: str
    items: ItemSelector = ItemSelector()
    except_items: ItemSelector | None = None
    tiers: frozenset[str] = NOBODY
    member_tags: frozenset[str] = NOBODY
    when: Conditions = ALWAYS
    priority: int = 0
    exclusive: str = ""
    campaign: str = ""
    caps: Caps = NO_CAPS


class Rebate(OfferBase, frozen=True, kw_only=True):
    """One of: `permille` thousandths of a price, `fen_off` less, `price_fen` instead."""

    permille: int | None = None
    fen_off: int | None = None
    price_fen: int | None = None


class TierPrice(Rebate, frozen=True, kw_only=True, tag_field="kind", tag="tier_price"):
    """A price of each unit, for tiers (or everybody)."""


class TagPrice(Rebate, frozen=True, kw_only=True, tag_field="kind", tag="tag_price"):
    """A price of each unit for members with one of `member_tags`, which may not be empty."""


class TimeSlotPrice(Rebate, frozen=True, kw_only=True, tag_field="kind", tag="time_slot_price"):
    """A price of each unit while the basket's opening time lies in a slot."""

    slots: tuple[WeekSlot, ...]


class PriceList(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="price_list"):
    """Prices by sku, for the members of a customer group (`when.groups`) or everybody."""

    prices: dict[str, int]


class MixAndMatch(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="mix_and_match"):
    """Of each `need` units the `free` cheapest cost `permille` thousandths (0 is free)."""

    need: int
    free: int = 1
    permille: int = 0


class SetPrice(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="set_price"):
    """Each `need` units taken together cost `price_fen`; any multiple."""

    need: int
    price_fen: int


class SetPercent(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="set_percent"):
    """Each `need` units taken together cost `permille` thousandths, rounded unit by unit."""

    need: int
    permille: int


class SetAmount(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="set_amount"):
    """Each `need` units taken together cost `fen_off` less."""

    need: int
    fen_off: int


class BundleSlot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part of a bundle: `need` units out of `items`."""

    items: ItemSelector
    need: int = 1


class SlotBundle(Rebate, frozen=True, kw_only=True, tag_field="kind", tag="slot_bundle"):
    """A unit for every slot, together at `price_fen`, `fen_off` or `permille`; any multiple."""

    slots: tuple[BundleSlot, ...]


UnitOffer = TierPrice | TagPrice | TimeSlotPrice | PriceList
SetOffer = MixAndMatch | SetPrice | SetPercent | SetAmount
Offer = (
    TierPrice
    | TagPrice
    | TimeSlotPrice
    | PriceList
    | MixAndMatch
    | SetPrice
    | SetPercent
    | SetAmount
    | SlotBundle
)


def order_key(offer: OfferBase) -> tuple[int, str]:
    """Return what decides between offers that save the same: priority first, then the lower id."""
    return -offer.priority, offer.id
