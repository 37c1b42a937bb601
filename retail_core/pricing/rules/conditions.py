"""Whom and what a rule is for: which articles, and when, where and for whom it holds."""

from typing import Annotated

import msgspec

from retail_core.pricing.rules.fields import Days, Fen, Names, Times, WallTime
from retail_core.pricing.rules.slots import WeekSlot

NOBODY: frozenset[str] = frozenset()


class ItemSelector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which articles: any of the named ones; a selector that names nothing means all."""

    skus: Names = NOBODY
    categories: Names = NOBODY
    brands: Names = NOBODY
    tags: Names = NOBODY


def names_all(items: ItemSelector) -> bool:
    """Tell whether a selector names nothing, which means every article."""
    return not (items.skus or items.categories or items.brands or items.tags)


def leaves_nothing(items: ItemSelector, excepted: ItemSelector) -> bool:
    """Tell whether all that a selector names is excepted by name."""
    return not names_all(items) and (
        items.skus <= excepted.skus
        and items.categories <= excepted.categories
        and items.brands <= excepted.brands
        and items.tags <= excepted.tags
    )


class Conditions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must hold besides; a field left out asks nothing, all that are given must hold.

    Times are wall times in the store's zone, [from, until). Days of membership are counted from
    the day of joining. `birthday_within_days` counts to either side. `stock_from` is asked of each
    article: one whose stock is not known does not have it.
    """

    valid_from: WallTime | None = None
    valid_until: WallTime | None = None
    slots: tuple[WeekSlot, ...] = ()
    channels: Names = NOBODY
    regions: Names = NOBODY
    stores: Names = NOBODY
    groups: Names = NOBODY
    tags_all: Names = NOBODY
    tags_none: Names = NOBODY
    members_only: bool = False
    member_days_from: Days | None = None
    member_days_until: Days | None = None
    birthday_within_days: Annotated[int, msgspec.Meta(ge=0, le=182)] | None = None
    basket_shelf_from_fen: Fen = 0
    stock_from: Times | None = None
