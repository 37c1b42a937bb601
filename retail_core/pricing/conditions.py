"""Whom and what a rule is for: which articles, and when, where and for whom it holds."""

from datetime import datetime

import msgspec

from retail_core.pricing.slots import WeekSlot

NOBODY: frozenset[str] = frozenset()


class ItemSelector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which articles: any of the named ones; a selector that names nothing means all."""

    skus: frozenset[str] = NOBODY
    categories: frozenset[str] = NOBODY
    brands: frozenset[str] = NOBODY
    tags: frozenset[str] = NOBODY


class Conditions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must hold besides; a field left out asks nothing, all that are given must hold.

    Times are wall times in the store's zone, [from, until). Days of membership are counted from
    the day of joining. `birthday_within_days` counts to either side. `stock_from` is asked of each
    article: one whose stock is not known does not have it.
    """

    valid_from: datetime | None = None
    valid_until: datetime | None = None
    slots: tuple[WeekSlot, ...] = ()
    channels: frozenset[str] = NOBODY
    regions: frozenset[str] = NOBODY
    stores: frozenset[str] = NOBODY
    groups: frozenset[str] = NOBODY
    tags_all: frozenset[str] = NOBODY
    tags_none: frozenset[str] = NOBODY
    members_only: bool = False
    member_days_from: int | None = None
    member_days_until: int | None = None
    birthday_within_days: int | None = None
    basket_shelf_from_fen: int = 0
    stock_from: int | None = None
