"""The points mall as data, and whether a member may order from it now.

Stock is not a rule and stands in the cloud, by pick-up store. An order is paid from free points at
once: what lies in a store's lease is not touched, so that store can go on selling offline.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

import msgspec

from retail_core import limits
from retail_core.errors import Fault
from retail_core.growth.fields import (
    NAMES_NOTHING,
    Day,
    Id,
    Label,
    Lasting,
    Names,
    PointsAbove,
    Times,
    Title,
)
from retail_core.texts.faults import FaultCode

PICK_UP_DAYS = 14


class MallItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An article for points; `stores` by name, none means every store that has stock.

    `per_person`: how many in all, `pick_up_days`: how long it is kept for her.
    """

    id: Id
    sku: Title
    name: Title
    name_en: Label = ""
    points: PointsAbove
    per_person: Times | None = None
    pick_up_days: Lasting = PICK_UP_DAYS
    first_day: Day | None = None
    last_day: Day | None = None
    stores: Names = NAMES_NOTHING


class MallRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the mall offers."""

    items: Annotated[tuple[MallItem, ...], msgspec.Meta(max_length=limits.MALL_ITEMS_MAX)]


@dataclass(frozen=True, slots=True)
class Purse:
    """A member's points: those free everywhere, and all of hers, lent ones among them."""

    free: int
    whole: int


@dataclass(frozen=True, slots=True)
class Wish:
    """Where and when she wants an article, how many of it she ordered before, and what is there."""

    store: str
    day: date
    ordered: int
    in_stock: int


def offered_on(item: MallItem, day: date) -> bool:
    """Return whether an article may be ordered on a day."""
    begun = item.first_day is None or item.first_day <= day
    return begun and (item.last_day is None or day <= item.last_day)


def offered_in(item: MallItem, store: str) -> bool:
    """Return whether an article may be picked up in a store."""
    return not item.stores or store in item.stores


def pick_up_until(item: MallItem, day: date) -> date:
    """Return the last day on which an order made on a day may be picked up."""
    return day + timedelta(days=item.pick_up_days - 1)


def check_order(item: MallItem, purse: Purse, wish: Wish) -> None:
    """Refuse what cannot be had (Faults M130 to M134); nothing is touched by a refusal."""
    if not offered_on(item, wish.day) or not offered_in(item, wish.store):
        raise Fault(FaultCode.MALL_NOT_OFFERED, item=item.name)
    if item.per_person is not None and wish.ordered >= item.per_person:
        raise Fault(FaultCode.MALL_ENOUGH, item=item.name, limit=item.per_person)
    if wish.in_stock <= 0:
        raise Fault(FaultCode.MALL_SOLD_OUT, item=item.name)
    if purse.whole < item.points:
        raise Fault(FaultCode.MALL_POINTS_SHORT, wanted=item.points, have=purse.whole)
    if purse.free < item.points:
        lent = purse.whole - purse.free
        raise Fault(FaultCode.MALL_POINTS_LENT, wanted=item.points, free=purse.free, lent=lent)
