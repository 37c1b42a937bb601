"""Offers on articles: each takes whole units of the lines it names and says what it takes off.

What the fields mean to a shop stands in docs/reference/offers.md. A unit offer prices every unit on
its own; a set offer takes units by the set. A unit is in at most one offer.
"""

from typing import Annotated

import msgspec

from retail_core import limits
from retail_core.pricing.rules.conditions import NOBODY, Conditions, ItemSelector
from retail_core.pricing.rules.fields import (
    SET_UNITS_MAX,
    Discount,
    DiscountOrFree,
    Fen,
    FenAbove,
    Id,
    Label,
    Name,
    Names,
    Priority,
    SetUnits,
    Times,
)
from retail_core.pricing.rules.slots import WeekSlot

PERMILLE = 1000


class Caps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often an offer may be used: units of a unit offer, sets of a set offer, coupons, gifts.

    None is without end. What a member has used can only be counted for members.
    """

    per_receipt: Times | None = None
    per_member: Times | None = None
    per_member_day: Times | None = None
    per_store_day: Times | None = None

    @property
    def beyond_receipt(self) -> bool:
        """Whether uses on other receipts count."""
        caps = (self.per_member, self.per_member_day, self.per_store_day)
        return any(cap is not None for cap in caps)


NO_CAPS = Caps()
ALWAYS = Conditions()


class OfferBase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every offer has. Empty `tiers` and `member_tags` mean everybody, members or not.

    Of the offers that share an `exclusive` name at most one is used on a receipt. `name_en` is what
    English pages call it; it changes no price and stands in no certificate.
    """

    id: Id
    name: Name
    name_en: Label = ""
    items: ItemSelector = ItemSelector()
    except_items: ItemSelector | None = None
    tiers: Names = NOBODY
    member_tags: Names = NOBODY
    when: Conditions = ALWAYS
    priority: Priority = 0
    exclusive: Label = ""
    campaign: Label = ""
    caps: Caps = NO_CAPS


class Rebate(OfferBase, frozen=True, kw_only=True):
    """One of: `permille` thousandths of a price, `fen_off` less, `price_fen` instead."""

    permille: Discount | None = None
    fen_off: FenAbove | None = None
    price_fen: Fen | None = None


class TierPrice(Rebate, frozen=True, kw_only=True, tag_field="kind", tag="tier_price"):
    """A price of each unit, for tiers (or everybody)."""


class TagPrice(Rebate, frozen=True, kw_only=True, tag_field="kind", tag="tag_price"):
    """A price of each unit for members with one of `member_tags`, which may not be empty."""


class TimeSlotPrice(Rebate, frozen=True, kw_only=True, tag_field="kind", tag="time_slot_price"):
    """A price of each unit while the basket's opening time lies in a slot."""

    slots: Annotated[tuple[WeekSlot, ...], msgspec.Meta(min_length=1)]


class PriceList(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="price_list"):
    """Prices by sku, for the members of a customer group (`when.groups`) or everybody."""

    prices: Annotated[dict[Name, Fen], msgspec.Meta(min_length=1, max_length=limits.RULE_NAMES_MAX)]


class MixAndMatch(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="mix_and_match"):
    """Of each `need` units the `free` cheapest cost `permille` thousandths (0 is free)."""

    need: SetUnits
    free: Times = 1
    permille: DiscountOrFree = 0


class SetPrice(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="set_price"):
    """Each `need` units taken together cost `price_fen`; any multiple."""

    need: SetUnits
    price_fen: Fen


class SetPercent(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="set_percent"):
    """Each `need` units taken together cost `permille` thousandths, rounded unit by unit."""

    need: SetUnits
    permille: Discount


class SetAmount(OfferBase, frozen=True, kw_only=True, tag_field="kind", tag="set_amount"):
    """Each `need` units taken together cost `fen_off` less."""

    need: SetUnits
    fen_off: FenAbove


class BundleSlot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part of a bundle: `need` units out of `items`."""

    items: ItemSelector
    need: Annotated[int, msgspec.Meta(ge=1, le=SET_UNITS_MAX)] = 1


class SlotBundle(Rebate, frozen=True, kw_only=True, tag_field="kind", tag="slot_bundle"):
    """A unit for every slot, together at `price_fen`, `fen_off` or `permille`; any multiple."""

    slots: Annotated[
        tuple[BundleSlot, ...], msgspec.Meta(min_length=2, max_length=limits.BUNDLE_SLOTS_MAX)
    ]


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
