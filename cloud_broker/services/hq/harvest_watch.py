"""Looks at clerks' days after they are booked: points harvested by her own card, or like it."""

from dataclasses import replace
from uuid import UUID

from cloud_broker.ports.clerks import Alert, ClerkDay
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.persons.persons import who_holds
from retail_core.insight.harvest import Harvest, HarvestRule, find_harvests

AT_A_TIME = 64


class HarvestWatch:
    """Works off the days on the list; used from one thread."""

    def __init__(self, units: Units, clock: Clock, rule: HarvestRule | None = None) -> None:
        self._units = units
        self._clock = clock
        self._rule = rule or HarvestRule()

    def run(self, tenant: UUID) -> int:
        """Look at some days; return how many."""
        now_ms = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            due = unit.clerks.take(AT_A_TIME)
            alerts = [alert for day in due for alert in self._alerts(unit, day)]
            if unit.clerks.raise_alerts(alerts, now_ms):
                unit.announce(LiveEvent(tenant, frozenset({"repair"})))
        return len(due)

    def _alerts(self, unit: Unit, day: ClerkDay) -> list[Alert]:
        sold, own = unit.clerks.sold(day), unit.clerks.own_members(day.operator)
        # Members that were merged are one person.
        person = who_holds(unit, own | {sale.member for sale in sold})
        sales = [replace(sale, member=person.get(sale.member, sale.member)) for sale in sold]
        found = find_harvests(
            sales, frozenset(person.get(member, member) for member in own), self._rule
        )
        return [_alert(day, harvest) for harvest in found]


def _alert(day: ClerkDay, harvest: Harvest) -> Alert:
    return Alert(
        operator=day.operator,
        member=harvest.member,
        day=day.day,
        kind=harvest.sign,
        receipts=tuple(sale.receipt for sale in harvest.sales),
        first_ms=harvest.sales[0].at_ms,
        last_ms=harvest.sales[-1].at_ms,
    )
