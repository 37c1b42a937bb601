"""What a tier brings: welcome, trial goods, the month's and the birthday's coupons and gifts."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from cloud_broker.ports.growth import StandingRow
from cloud_broker.services.rights.benefits import Benefits
from retail_core.growth.plan import GrowthPlan


class Perks:
    """Gives by the plan in force; everything is named by its cause, so it is given once."""

    def __init__(self, benefits: Benefits, plan: GrowthPlan, today: date) -> None:
        self._benefits = benefits
        self._plan = plan
        self._gifts = {gift.id: gift for gift in plan.gifts}
        self._today = today

    def reached(self, row: StandingRow) -> None:
        """Give what reaching a tier brings: welcome once a calendar year, trials once in a life."""
        rights = self._plan.tier(row.tier).privileges
        last = self._last(rights.days)
        self._give(row.member, "tier", rights.welcome, (_welcome(row.tier, row.since), last))
        self._give(row.member, "tier", rights.trial, (f"trial:{row.tier}", last))
        self.monthly(row.member, row.tier)

    def monthly(self, member: UUID, tier: str) -> bool:
        """Give what this calendar month brings; False when nothing was new."""
        day = self._today
        last = date(day.year, day.month, monthrange(day.year, day.month)[1])
        ids = self._plan.tier(tier).privileges.monthly
        return self._give(member, "monthly", ids, (f"monthly:{day:%Y%m}", last))

    def birthday(self, member: UUID, tier: str, birthday: date) -> bool:
        """Give what a birthday brings; False when nothing was."""
        rights = self._plan.tier(tier).privileges
        source = f"birthday:{birthday:%Y%m%d}"
        last = max(birthday, self._last(rights.days))
        return self._give(member, "birthday", rights.birthday, (source, last))

    def take_back(self, member: UUID, tier: str, old: StandingRow | None) -> None:
        """Take back the welcome to a tier that was undone by a refund."""
        if old is None:
            return
        for name in self._plan.tier(tier).privileges.welcome:
            self._benefits.take_back(member, f"{_welcome(tier, old.since)}:{name}")

    def _give(self, member: UUID, kind: str, ids: Iterable[str], how: tuple[str, date]) -> bool:
        source, last = how
        given = [self._one(member, kind, name, (f"{source}:{name}", last)) for name in ids]
        return any(given)

    def _one(self, member: UUID, kind: str, name: str, how: tuple[str, date]) -> bool:
        source, last = how
        gift = self._gifts.get(name)
        if gift is None:
            right = self._benefits.give_coupon(
                member, name, source=source, first_day=self._today, last_day=last
            )
        else:
            right = self._benefits.give_gift(
                member,
                kind=kind,
                sku=gift.sku,
                name=gift.name,
                source=source,
                store=None,
                last_day=last,
            )
        return right is not None

    def _last(self, days: int) -> date:
        return self._today + timedelta(days=days - 1)


def _welcome(tier: str, since: date) -> str:
    return f"tier:{tier}:{since.year}"
