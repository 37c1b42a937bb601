"""Invitations as data, who may be invited, and when both are rewarded.

A reward waits until the friend's first real purchase can no longer be given back. Worked out anew
from what is left of her purchases, so a purchase that is taken back later takes the rewards along.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from retail_core.growth.fields import Day, Id, Label, Lasting, Points, Times, Title, Waiting
from retail_core.growth.rewards import Reward

LINK_DAYS = 30


class ReferralRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a friend and who invited her get after her first purchase of `least_fen`.

    `after_days` is the return window, counted from the day of the purchase. `per_month` and
    `per_person` cap how often one person is rewarded for inviting; the friend gets hers all the
    same. `link_days`: how long an opened link may lead to joining.
    """

    id: Id = "referral"
    name: Title = "邀请有礼"
    name_en: Label = "Invite a friend"
    inviter: Reward
    friend: Reward = Reward()
    least_fen: Points = 1
    after_days: Waiting = 7
    per_month: Times | None = None
    per_person: Times | None = None
    link_days: Lasting = LINK_DAYS
    first_day: Day | None = None
    last_day: Day | None = None


class Refusal(StrEnum):
    """Why somebody does not count as invited."""

    HERSELF = "herself"
    KNOWN = "known"
    SAME_DEVICE = "same_device"
    INVITED = "invited"
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True)
class Link:
    """A member's link: since when, and a hash of the browser that made it (empty: not told)."""

    inviter: UUID
    made_ms: int
    device: bytes = b""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who came by a link: since when she is a member, and what is known of her browser.

    `used_devices` are browsers that came by an invitation before, `invited` that she did.
    """

    member: UUID
    joined_ms: int
    device: bytes = b""
    invited: bool = False
    used_devices: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Referral:
    """A friend who joined by an invitation, and what is left of her purchases: (day, fen)."""

    inviter: UUID
    friend: UUID
    joined: date
    bought: tuple[tuple[date, int], ...] = ()


_DAY_MS = 86_400_000


def refusal(rule: ReferralRule, link: Link, who: Newcomer, now_ms: int) -> Refusal | None:
    """Return why somebody does not count as invited by a link, None when she does."""
    if who.member == link.inviter:
        return Refusal.HERSELF
    if who.invited:
        return Refusal.INVITED
    if who.joined_ms < link.made_ms:
        return Refusal.KNOWN
    if who.device and (who.device == link.device or who.device in who.used_devices):
        return Refusal.SAME_DEVICE
    if now_ms - who.joined_ms > rule.link_days * _DAY_MS:
        return Refusal.TOO_LATE
    return None


def earned_on(rule: ReferralRule, referral: Referral) -> date | None:
    """Return the day from which an invitation is rewarded, None while nothing is bought."""
    if not _runs(rule, referral.joined):
        return None
    real = [day for day, fen in referral.bought if fen >= max(1, rule.least_fen)]
    return min(real) + timedelta(days=rule.after_days) if real else None


def due(
    rule: ReferralRule, referrals: Iterable[Referral], today: date
) -> dict[UUID, dict[str, Reward]]:
    """Return the rewards due by member and cause; the earliest count towards the caps.

    `referrals` are all of the inviters among them: a cap is counted over what is given here.
    """
    once = {one.friend: one for one in referrals}.values()
    earned = [(day, one) for one in once for day in (earned_on(rule, one),) if day is not None]
    found: dict[UUID, dict[str, Reward]] = {}
    months: Counter[tuple[UUID, int, int]] = Counter()
    persons: Counter[UUID] = Counter()
    for day, one in sorted(earned, key=lambda entry: (entry[0], entry[1].friend)):
        if day > today:
            continue
        _give(found, one.friend, f"invited:{rule.id}:{one.inviter}", rule.friend)
        month = (one.inviter, day.year, day.month)
        if _full(rule.per_month, months[month]) or _full(rule.per_person, persons[one.inviter]):
            continue
        months[month] += 1
        persons[one.inviter] += 1
        _give(found, one.inviter, f"referral:{rule.id}:{one.friend}", rule.inviter)
    return found


def _give(found: dict[UUID, dict[str, Reward]], member: UUID, cause: str, reward: Reward) -> None:
    if not reward.is_nothing:
        found.setdefault(member, {})[cause] = reward


def _full(cap: int | None, given: int) -> bool:
    return cap is not None and given >= cap


def _runs(rule: ReferralRule, day: date) -> bool:
    begun = rule.first_day is None or rule.first_day <= day
    return begun and (rule.last_day is None or day <= rule.last_day)
