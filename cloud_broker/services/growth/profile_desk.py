"""What a member says of herself: her birthday, and whether guesses about her may be used."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

from cloud_broker.domain.benefits import Gift
from cloud_broker.domain.ingest_effects import NewMember
from cloud_broker.domain.lunar import lunar_year
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.profiles import Profile
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.growth.perks import Perks
from cloud_broker.services.members.phones import PhoneHolder
from cloud_broker.services.published.rules_in_force import RulesInForce
from cloud_broker.services.rights.benefits import Benefits
from cloud_broker.services.stores.refresh import refresh
from retail_core.errors import Fault
from retail_core.growth.account import Said, TierNames, explain
from retail_core.growth.birthdays import (
    Birthday,
    birthday_said,
    check_birthday,
    may_give,
    nearest,
)
from retail_core.growth.history import check_order
from retail_core.pricing.rules.english import EnglishNames
from retail_core.wire.standing import TierStanding

_MONTHS = 100
_MS = 1_000


class Birthdays:
    """One transaction's work on birthdays; `tell` comes last."""

    def __init__(self, unit: Unit, tenant: UUID, today: date, now_ms: int) -> None:
        self._unit = unit
        self._today = today
        self._now_ms = now_ms
        plans = unit.growth.plans()
        self._plan = check_order(plans).on(today) if plans else None
        self._benefits = Benefits(unit, tenant, now_ms)

    def declare(self, member: UUID, born: Birthday | None) -> Profile:
        """Keep a birthday as it was said, None to forget it (Fault M120)."""
        known = profile_of(self._unit, member)
        if born is not None:
            check_birthday(born)
        profile = replace(known, birthday=born, told=0)
        self.tell_day(profile)
        self.give_soon(profile)
        return profile

    def give_soon(self, profile: Profile) -> None:
        """Give at once for a birthday that is near: the night that gives for its day is over."""
        if profile.birthday is None or self._plan is None:
            return
        day = nearest(profile.birthday, self._today, lunar_year)
        if 0 <= (day - self._today).days <= self._plan.birthday_notice_days:
            self.give(profile.member, day)

    def tell_day(self, profile: Profile, day: date | None = None) -> None:
        """Let shops be told on which day a birthday is, by default the nearest one's."""
        told, born = 0, profile.birthday
        if born is not None:
            told = _month_and_day(born, day or nearest(born, self._today, lunar_year))
        self._unit.profiles.save(replace(profile, told=told), self._now_ms)
        self._benefits.touch([profile.member])

    def give(self, member: UUID, day: date) -> bool:
        """Give what a birthday brings her tier, once a year whatever was declared before."""
        standing = self._unit.growth.standings([member]).get(member)
        if self._plan is None or standing is None:
            return False
        if not self._plan.tier(standing.tier).privileges.birthday:
            return False
        persons = self._unit.benefits.persons([member]).get(member, ())
        if not may_give(self._unit.profiles.given_for(persons), day):
            return False
        self._unit.profiles.give_for(member, day, self._now_ms)
        return Perks(self._benefits, self._plan, self._today).birthday(member, standing.tier, day)

    def tell(self) -> None:
        """Lend what was given and tell the stores."""
        self._benefits.tell()


def enter_birthdays(unit: Unit, members: Sequence[NewMember], now_ms: int) -> None:
    """Keep what members said at their enrolment; a day that no year has is passed over."""
    for new in members:
        said = new.enrolled.birthday
        if said is None:
            continue
        try:
            born = birthday_said(said)
        except Fault:
            continue
        day = nearest(
            born, datetime.fromtimestamp(new.arrival.happened_ms / _MS, UTC).date(), lunar_year
        )
        profile = Profile(new.member, born, told=_month_and_day(born, day))
        unit.profiles.save(profile, now_ms)


@dataclass(frozen=True, slots=True)
class CouponShown:
    """A coupon as its owner reads it."""

    right: UUID
    name: str
    name_en: str
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class GrowthShown:
    """What a member sees of her tier, coupons, gifts and of what she said of herself."""

    standing: TierStanding | None
    said: Said | None
    next_name: str
    next_name_en: str
    coupons: tuple[CouponShown, ...]
    gifts: tuple[Gift, ...]
    profile: Profile
    english: EnglishNames


class ProfileDesk:
    """Answers to a phone that proved whose it is."""

    def __init__(self, units: Units, clock: Clock, rules: RulesInForce) -> None:
        self._units = units
        self._clock = clock
        self._rules = rules

    def shown(self, who: PhoneHolder) -> GrowthShown:
        """Return how she stands, as the person she is."""
        now_ms = self._clock.now_ms()
        with self._units.begin(who.tenant) as unit:
            bundle = self._rules.of(unit, who.tenant, now_ms)
            persons = unit.benefits.persons([who.member]).get(who.member, (who.member,))
            row = unit.growth.standings([who.member]).get(who.member)
            coupons = unit.benefits.coupons_of(persons)
            gifts = unit.benefits.gifts_of(persons)
            profile = profile_of(unit, who.member)
        named, english = bundle.coupons_by_id, bundle.english
        names = TierNames(bundle.tier_names, bundle.tier_names_en)
        ahead = None if row is None else row.account.next
        today = self._rules.day(now_ms)
        return GrowthShown(
            standing=None if row is None else row.account,
            said=None if row is None else explain(row.account, row.tier, names),
            next_name="" if ahead is None else names.said(ahead.tier).zh,
            next_name_en="" if ahead is None else names.said(ahead.tier).en,
            coupons=tuple(
                CouponShown(
                    one.right,
                    name := named[one.rule].name if one.rule in named else one.rule,
                    english.of(name, one.rule),
                    one.first_day,
                    one.last_day,
                )
                for one in coupons
                if one.last_day >= today
            ),
            gifts=tuple(one for one in gifts if one.last_day >= today),
            profile=profile,
            english=english,
        )

    def declare(self, who: PhoneHolder, born: Birthday | None) -> None:
        """Keep her birthday as she says it, None to forget it (Fault M120)."""
        now_ms = self._clock.now_ms()
        with self._units.begin(who.tenant) as unit:
            desk = Birthdays(unit, who.tenant, self._rules.day(now_ms), now_ms)
            desk.declare(who.member, born)
            desk.tell()
            self._noted(unit, who, {"birthday": "set" if born else "forgotten"})

    def set_personal(self, who: PhoneHolder, *, on: bool) -> None:
        """Let offers by guesses about her be made, or not; shops are told."""
        now_ms = self._clock.now_ms()
        with self._units.begin(who.tenant) as unit:
            profile = replace(profile_of(unit, who.member), personal=on)
            unit.profiles.save(profile, now_ms)
            refresh(unit, {who.member}, now_ms)
            self._noted(unit, who, {"personal": on})

    def _noted(self, unit: Unit, who: PhoneHolder, said: dict[str, object]) -> None:
        entry = AuditEntry("member", "profile.set", str(who.member), said)
        unit.hq.audit(entry, self._clock.now_ms())
        unit.announce(LiveEvent(who.tenant, frozenset({"member", "published"})))


def profile_of(unit: Unit, member: UUID) -> Profile:
    """Return a member's profile, an empty one when she never said anything."""
    return unit.profiles.profiles([member]).get(member, Profile(member))


def _month_and_day(born: Birthday, day: date) -> int:
    """Return a birthday for the shops: 29 February stays so, they know what to do with it."""
    if born.calendar == "solar":
        return born.month * _MONTHS + born.day
    return day.month * _MONTHS + day.day
