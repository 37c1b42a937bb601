"""Who may have a rule, when, where and how often: each condition as a short phrase."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from retail_core.money import format_yuan
from retail_core.pricing.rules.conditions import Conditions
from retail_core.pricing.rules.coupons import CouponBase
from retail_core.pricing.rules.offers import Caps, OfferBase, TimeSlotPrice
from retail_core.pricing.rules.slots import WeekSlot, minute_of
from retail_core.texts.rule_phrases import COMMA, DAYS, EVERY_DAY, phrase

_NAMED = ("stores", "regions", "channels", "groups", "tags_all", "tags_none")
_COUNTED = ("per_receipt", "per_member", "per_member_day", "per_store_day")


def terms(rule: OfferBase, tier_names: Mapping[str, str], language: str) -> tuple[str, ...]:
    """Return every condition of a rule, in the order in which people ask for them."""
    return tuple(_all(rule, tier_names, language))


def _all(rule: OfferBase, tier_names: Mapping[str, str], language: str) -> Iterator[str]:
    if rule.tiers:
        known = [name for code, name in tier_names.items() if code in rule.tiers]
        yield phrase("tiers", language, names=COMMA[language == "en"].join(known))
    if rule.member_tags:
        yield phrase("member_tags", language, names=joined(rule.member_tags, language))
    slots = rule.slots if isinstance(rule, TimeSlotPrice) else rule.when.slots
    yield from _times(rule.when, slots, language)
    yield from _places(rule.when, language)
    yield from _members(rule.when, language)
    yield from _counts(rule.caps, language)
    if rule.exclusive:
        yield phrase("exclusive", language, name=rule.exclusive)
    if rule.campaign:
        yield phrase("campaign", language, name=rule.campaign)
    if rule.priority:
        yield phrase("priority", language, n=rule.priority)
    if isinstance(rule, CouponBase) and not rule.with_points:
        yield phrase("no_points", language)


def joined(names: Collection[str], language: str) -> str:
    """Return names in a row, in a fixed order."""
    return COMMA[language == "en"].join(sorted(names))


def _times(when: Conditions, slots: Sequence[WeekSlot], language: str) -> Iterator[str]:
    if when.valid_from is not None:
        yield phrase("valid_from", language, moment=_moment(when.valid_from))
    if when.valid_until is not None:
        yield phrase("valid_until", language, moment=_moment(when.valid_until))
    if slots:
        yield hours(slots, language)


def hours(slots: Sequence[WeekSlot], language: str) -> str:
    """Return weekly hours, days of the same hours together."""
    by_hours = sorted(slots, key=lambda slot: (slot.start, slot.end, slot.weekday))
    said = []
    for (start, end), some in groupby(by_hours, key=lambda slot: (slot.start, slot.end)):
        days = [slot.weekday for slot in some]
        named = COMMA[language == "en"].join(DAYS[day][language == "en"] for day in days)
        if len(days) == len(DAYS):
            named = EVERY_DAY[language == "en"]
        until = end
        if minute_of(end) <= minute_of(start):
            until = phrase("next_day", language, end=end)
        words = phrase("days", language, days=named, start=start, end=until)
        said.append(((days[0], start), words))
    return COMMA[language == "en"].join(words for _, words in sorted(said))


def _moment(moment: datetime) -> str:
    """Write wall time to the minute; midnight is the day alone."""
    return (
        f"{moment:%Y-%m-%d}" if not (moment.hour or moment.minute) else f"{moment:%Y-%m-%d %H:%M}"
    )


def _places(when: Conditions, language: str) -> Iterator[str]:
    for name in _NAMED:
        names = getattr(when, name)
        if names:
            yield phrase(name, language, names=joined(names, language))


def _members(when: Conditions, language: str) -> Iterator[str]:
    if when.members_only:
        yield phrase("members_only", language)
    if when.member_days_from is not None:
        yield phrase("member_days_from", language, n=when.member_days_from)
    if when.member_days_until is not None:
        yield phrase("member_days_until", language, n=when.member_days_until)
    if when.birthday_within_days is not None:
        yield phrase("birthday", language, n=when.birthday_within_days)
    if when.basket_shelf_from_fen:
        yield phrase("basket_from", language, amount=format_yuan(when.basket_shelf_from_fen))
    if when.stock_from is not None:
        yield phrase("stock_from", language, n=when.stock_from)


def _counts(caps: Caps, language: str) -> Iterator[str]:
    for name in _COUNTED:
        cap = getattr(caps, name)
        if cap is not None:
            yield phrase(name, language, n=cap)
