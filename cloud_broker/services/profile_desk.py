"""What a member says of herself: her birthday, and whether guesses about her may be used."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from cloud_broker.domain.lunar import lunar_year
from cloud_broker.ports.profiles import Profile
from cloud_broker.ports.unit import Unit
from cloud_broker.services.benefits import Benefits
from cloud_broker.services.growth_perks import Perks
from retail_core.growth.birthdays import Birthday, check_birthday, may_give, nearest
from retail_core.growth.history import check_order

_MONTHS = 100


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
        if born is not None and self._plan is not None:
            day = nearest(born, self._today, lunar_year)
            if 0 <= (day - self._today).days <= self._plan.birthday_notice_days:
                self.give(member, day)
        return profile

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


def profile_of(unit: Unit, member: UUID) -> Profile:
    """Return a member's profile, an empty one when she never said anything."""
    return unit.profiles.profiles([member]).get(member, Profile(member))


def _month_and_day(born: Birthday, day: date) -> int:
    """Return a birthday for the shops: 29 February stays so, they know what to do with it."""
    if born.calendar == "solar":
        return born.month * _MONTHS + born.day
    return day.month * _MONTHS + day.day
