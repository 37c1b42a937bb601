"""What of a member and a store a price depended on: the rest has no place in a certificate."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from retail_core.checkout.basket import Basket, BasketLine
from retail_core.pricing.matching.eligibility import is_near_birthday
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.context import MemberContext, StoreContext, Used
from retail_core.pricing.rules.line_index import LineIndex
from retail_core.pricing.rules.offers import OfferBase, PriceList, SlotBundle


def rules_of(bundle: RuleBundle) -> Iterator[OfferBase]:
    """Yield offers, coupons and gifts."""
    yield from bundle.offers
    yield from bundle.coupons
    yield from bundle.gifts


def asks_stock(bundle: RuleBundle, lines: Sequence[BasketLine]) -> bool:
    """Tell whether the price of these lines hangs on what lay in the shop.

    That does not travel with a sale. Gifts change no price.
    """
    index = LineIndex(tuple(lines))
    return any(
        _names_some(rule, index)
        for rule in (*bundle.offers, *bundle.coupons)
        if rule.when.stock_from is not None
    )


def _names_some(rule: OfferBase, index: LineIndex) -> bool:
    if isinstance(rule, PriceList):
        return bool(index.of_skus(rule.prices.keys()))
    if isinstance(rule, SlotBundle):
        return any(index.named_by(slot.items) for slot in rule.slots)
    return bool(index.named_by(rule.items))


def member_facts(
    member: MemberContext | None, bundle: RuleBundle, today: date
) -> MemberContext | None:
    """Return a member who meets the same rules, with nothing else about her."""
    if member is None:
        return None
    rules = tuple(rules_of(bundle))
    tags = {tag for rule in rules for tag in rule.member_tags}
    tags |= {tag for rule in rules for tag in rule.when.tags_all | rule.when.tags_none}
    groups = {group for rule in rules for group in rule.when.groups}
    ids = {rule.id for rule in rules}
    return replace(
        member,
        tags=member.tags & tags,
        groups=member.groups & groups,
        joined=_joined(member.joined, rules, today),
        birthday=_birthday(member.birthday, rules, today),
        points_free=member.points_free if bundle.points else 0,
        used=_named(member.used, ids),
    )


def _joined(joined: date | None, rules: tuple[OfferBase, ...], today: date) -> date | None:
    """Return the latest day of joining that passes the same thresholds of days."""
    asked = {rule.when.member_days_from for rule in rules}
    asked |= {rule.when.member_days_until for rule in rules}
    thresholds = {days for days in asked if days is not None}
    if joined is None or not thresholds:
        return None
    days = (today - joined).days
    if days < 0:
        return joined
    return today - timedelta(max((bar for bar in thresholds if 0 <= bar <= days), default=0))


def _birthday(
    birthday: tuple[int, int] | None, rules: tuple[OfferBase, ...], today: date
) -> tuple[int, int] | None:
    """Return a birthday as near as the narrowest rule that it meets asks; None when it meets none.

    Today itself would do for a rule, but not stand outside a narrower one.
    """
    asked = sorted({days for rule in rules if (days := rule.when.birthday_within_days) is not None})
    for days in asked:
        if is_near_birthday(birthday, today, days):
            other = today + timedelta(days)
            narrower = [fewer for fewer in asked if fewer < days]
            as_near = (other.month, other.day)
            if any(is_near_birthday(as_near, today, fewer) for fewer in narrower):
                return birthday
            return as_near if is_near_birthday(as_near, today, days) else birthday
    return None


def _named(used: Used, ids: set[str]) -> Used:
    return Used(
        {rule: times for rule, times in used.ever.items() if rule in ids},
        {rule: times for rule, times in used.today.items() if rule in ids},
    )


def store_facts(store: StoreContext, bundle: RuleBundle, basket: Basket) -> StoreContext:
    """Return the store with the stock and the uses that the bundle and the basket name."""
    ids = {rule.id for rule in rules_of(bundle)}
    skus = {line.sku for line in basket.lines} | {gift.sku for gift in bundle.gifts}
    return replace(
        store,
        stock={sku: units for sku, units in store.stock.items() if sku in skus},
        used=_named(store.used, ids),
    )
