"""Whether this customer may have a rule here and now; all of it is known before any price is."""

from datetime import date, timedelta

from retail_core.pricing.certificate import Reason
from retail_core.pricing.matching.setting import Setting
from retail_core.pricing.rules.conditions import Conditions
from retail_core.pricing.rules.offers import Caps, OfferBase, TimeSlotPrice
from retail_core.pricing.rules.slots import in_slots


def refusal(rule: OfferBase, at: Setting) -> Reason | None:
    """Return the first thing that keeps this customer from a rule, in the order below."""
    if rule.id in at.limits.off:
        return Reason.RESTRICTED
    return (
        _by_place(rule.when, at)
        or _by_member(rule, at)
        or _by_time(rule, at)
        or _by_membership(rule.when, at)
        or _by_use(rule, at)
    )


def _by_place(when: Conditions, at: Setting) -> Reason | None:
    if when.channels and at.store.channel not in when.channels:
        return Reason.OTHER_CHANNEL
    if when.regions and at.store.region not in when.regions:
        return Reason.OTHER_PLACE
    if when.stores and at.store.store not in when.stores:
        return Reason.OTHER_PLACE
    return None


def _by_time(rule: OfferBase, at: Setting) -> Reason | None:
    when = rule.when
    if not at.store.clock_known and needs_clock(rule):
        return Reason.CLOCK_UNKNOWN
    if when.valid_from is not None and at.opened < when.valid_from:
        return Reason.NOT_YET_VALID
    if when.valid_until is not None and at.opened >= when.valid_until:
        return Reason.NO_LONGER_VALID
    slots = rule.slots if isinstance(rule, TimeSlotPrice) else when.slots
    if slots and not in_slots(slots, at.opened):
        return Reason.OUTSIDE_SLOT
    return None


def needs_clock(rule: OfferBase) -> bool:
    """Tell whether a rule depends on the hour or the day."""
    when, caps = rule.when, rule.caps
    return (
        isinstance(rule, TimeSlotPrice)
        or bool(when.slots)
        or any(
            asked is not None
            for asked in (
                when.valid_from,
                when.valid_until,
                when.member_days_from,
                when.member_days_until,
                when.birthday_within_days,
                caps.per_member_day,
                caps.per_store_day,
            )
        )
    )


def _by_member(rule: OfferBase, at: Setting) -> Reason | None:
    when, member = rule.when, at.member
    if rule.tiers and (member is None or member.tier not in rule.tiers):
        return Reason.NOT_ELIGIBLE_TIER
    reason = _by_tags(rule, at)
    if reason is not None:
        return reason
    if when.groups and (member is None or not member.groups & when.groups):
        return Reason.NOT_IN_GROUP
    if member is None and _needs_member(rule):
        return Reason.MEMBERS_ONLY
    return None


def _by_tags(rule: OfferBase, at: Setting) -> Reason | None:
    when = rule.when
    if rule.member_tags and not at.tags & rule.member_tags:
        return Reason.OPTED_OUT if rule.member_tags & at.guesses else Reason.NOT_ELIGIBLE_TAG
    if when.tags_all - at.tags:
        return Reason.OPTED_OUT if when.tags_all & at.guesses else Reason.NOT_ELIGIBLE_TAG
    return Reason.TAG_EXCLUDED if when.tags_none & at.tags else None


def _needs_member(rule: OfferBase) -> bool:
    when, caps = rule.when, rule.caps
    return when.members_only or any(
        asked is not None
        for asked in (
            when.member_days_from,
            when.member_days_until,
            when.birthday_within_days,
            caps.per_member,
            caps.per_member_day,
        )
    )


def _by_membership(when: Conditions, at: Setting) -> Reason | None:
    if at.member is None:
        return None
    today = at.opened.date()
    joined = at.member.joined
    days = -1 if joined is None else (today - joined).days
    if when.member_days_from is not None and days < when.member_days_from:
        return Reason.MEMBER_TOO_NEW
    if when.member_days_until is not None:
        if days < 0:
            return Reason.MEMBER_TOO_NEW
        if days >= when.member_days_until:
            return Reason.MEMBER_TOO_LONG
    within = when.birthday_within_days
    if within is not None and not is_near_birthday(at.member.birthday, today, within):
        return Reason.NOT_BIRTHDAY
    return None


def is_near_birthday(birthday: tuple[int, int] | None, today: date, days: int) -> bool:
    """Tell whether a birthday is at most so many days off; 29 February is 28 in common years."""
    if birthday is None:
        return False
    years = (today.year - 1, today.year, today.year + 1)
    return any(abs(_birthday_in(year, birthday) - today) <= timedelta(days) for year in years)


def _birthday_in(year: int, birthday: tuple[int, int]) -> date:
    try:
        return date(year, *birthday)
    except ValueError:
        return date(year, 2, 28)


def _by_use(rule: OfferBase, at: Setting) -> Reason | None:
    if at.shelf_fen < rule.when.basket_shelf_from_fen:
        return Reason.BASKET_TOO_SMALL
    if not at.store.use_known and _is_counted(rule):
        return Reason.USE_UNKNOWN
    left = uses_left(rule, at)
    if left is not None and left <= 0:
        return Reason.CAP_REACHED
    if rule.campaign and at.campaigns[rule.campaign].is_spent():
        return Reason.BUDGET_SPENT
    return None


def _is_counted(rule: OfferBase) -> bool:
    return bool(rule.campaign) or rule.caps.beyond_receipt


def uses_left(rule: OfferBase, at: Setting) -> int | None:
    """Return how often a rule may still be used on this receipt; None is without end."""
    caps: Caps = rule.caps
    member, store = at.member, at.store.used
    rooms = [caps.per_receipt, at.limits.per_receipt.get(rule.id)]
    if member is not None:
        rooms.append(_room(caps.per_member, member.used.ever.get(rule.id, 0)))
        rooms.append(_room(caps.per_member_day, member.used.today.get(rule.id, 0)))
    rooms.append(_room(caps.per_store_day, store.today.get(rule.id, 0)))
    return min((room for room in rooms if room is not None), default=None)


def _room(cap: int | None, used: int) -> int | None:
    return None if cap is None else cap - used
