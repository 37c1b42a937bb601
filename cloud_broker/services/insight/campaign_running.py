"""Campaigns that run: people come in, the coin falls, and whoever is not held out is given.

A page of people is one transaction: in it they are entered, given and told of, or none of it is so.
Who could not be reached or is not worth what she may cost is left out before the coin, so that both
arms hold the same kind of people.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.domain.contacts import PURPOSES
from cloud_broker.ports.campaigns import (
    CallBack,
    Campaign,
    CampaignState,
    Entered,
    Look,
    coupon_source,
)
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.messages import Queued
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.growth.profile_desk import profile_of
from cloud_broker.services.insight.campaign_results import results_of
from cloud_broker.services.published.rules_in_force import RulesInForce
from cloud_broker.services.rights.benefits import Benefits
from retail_core.insight.campaigns import plan as plans
from retail_core.insight.campaigns.assignment import arm_of, salt_of
from retail_core.insight.campaigns.plan import Plan
from retail_core.insight.campaigns.stopping import people_left
from retail_core.insight.campaigns.triggers import due
from retail_core.insight.campaigns.worth import worth_it

PAGE: Final = 200
# How often the people of a segment are gone through for those who are due since.
PASS_MS: Final = 15 * 60_000
LOOK_MS: Final = 15 * 60_000
_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class CampaignRunning:
    """For one thread; `brand` is who messages are from."""

    units: Units
    clock: Clock
    ids: IdSource
    keys: KeyRing
    rules: RulesInForce
    zone: str
    brand: str

    def run(self, tenant: UUID) -> int:
        """Do a page of each campaign that has something to do; return how many did."""
        with self.units.begin(tenant) as unit:
            found = unit.campaigns.campaigns()
        return sum(self._turn(tenant, one) for one in found)

    def look(self, tenant: UUID, campaign: UUID) -> None:
        """Look at a campaign's results now, and end it if that is due."""
        with self.units.begin(tenant) as unit:
            held = unit.campaigns.campaign(campaign)
            if held is not None and held.state in {"running", "stopped", "ended"}:
                self._look(unit, held)

    # ---- inside ---------------------------------------------------------------------------------

    def _turn(self, tenant: UUID, seen: Campaign) -> int:
        now_ms = self.clock.now_ms()
        if not _has_work(seen, self._day(now_ms), now_ms):
            return 0
        with self.units.begin(tenant) as unit:
            held = unit.campaigns.campaign(seen.campaign)
            if held is None or not _has_work(held, self._day(now_ms), now_ms):
                return 0
            if held.state != "running":
                self._after(unit, tenant, held)
            elif _is_looked_at(held, now_ms):
                self._look(unit, held)
            else:
                self._page(unit, tenant, held)
            unit.announce(LiveEvent(tenant, frozenset({"member", "published"})))
        return 1

    def _page(self, unit: Unit, tenant: UUID, one: Campaign) -> None:
        now_ms = self.clock.now_ms()
        plan = one.plan
        people = unit.campaigns.newcomers(one.campaign, plan.segment, one.reached, PAGE)
        chosen = self._eligible(unit, plan, people)
        spent = unit.campaigns.tally(plan, one.campaign).spent(plan)
        salt = salt_of(self.keys.keys(tenant).bundle_seed, one.campaign)
        left, entered = people_left(plan, spent), []
        for person in chosen:
            arm = arm_of(salt, person, plan.holdout_permille)
            if arm == "treated" and left is not None:
                if left == 0:
                    # Who comes after is in no arm: both end at the same person.
                    break
                left -= 1
            entered.append(Entered(person, arm, now_ms))
        giving = _Giving(self, unit, tenant, one, now_ms)
        giving.give([one.person for one in entered if one.arm == "treated"])
        unit.campaigns.enter(
            one.campaign,
            [replace(row, grouped=row.person in giving.grouped) for row in entered],
        )
        over = len(people) < PAGE or (left == 0 and len(entered) < len(chosen))
        unit.campaigns.save(
            replace(one, reached=None, passed_ms=now_ms)
            if over
            else replace(one, reached=people[-1])
        )

    def _eligible(self, unit: Unit, plan: Plan, people: Sequence[UUID]) -> list[UUID]:
        """Leave out who is not due, said no to guesses, cannot be reached, or costs too much."""
        if not people:
            return []
        today = self._day(self.clock.now_ms())
        profiles = unit.profiles.profiles(people)
        expected = unit.campaigns.expected(people) if plan.worth_permille else {}
        asked = plan.trigger.kind not in {"once", "entered"}
        standings = unit.campaigns.standings(people) if asked else {}
        reachable: set[UUID] = set()
        if plan.only_messages:
            for message in plan.messages:
                purpose = PURPOSES[message.channel]
                reachable |= unit.messages.allowed(people, message.channel, purpose).keys()
        return [
            person
            for person in people
            if (person not in profiles or profiles[person].personal)
            and (not asked or (person in standings and due(plan.trigger, standings[person], today)))
            and worth_it(plan, expected.get(person))
            and (not plan.only_messages or person in reachable)
        ]

    def _look(self, unit: Unit, one: Campaign) -> None:
        now_ms = self.clock.now_ms()
        today = self._day(now_ms)
        found = results_of(unit, one)
        unit.campaigns.add_look(one.campaign, Look(today, now_ms, found.figures(one)))
        seen = replace(one, looked_ms=now_ms)
        why = found.stops(one, today) if one.state == "running" else None
        if why is not None:
            state: CampaignState = "ended" if why == "end" else "stopped"
            seen = replace(seen, state=state, why=why, stopped_ms=now_ms, take_back=why == "harm")
        unit.campaigns.save(seen)

    def _after(self, unit: Unit, tenant: UUID, one: Campaign) -> None:
        """Tidy up after a campaign: waiting messages, calls, groups, coupons if it was said so."""
        now_ms = self.clock.now_ms()
        if one.tidied:
            self._look(unit, one)
            return
        benefits = Benefits(unit, tenant, now_ms)
        unit.messages.drop_waiting(one.campaign, f"campaign {one.state}", now_ms)
        benefits.touch(unit.campaigns.end_calls(one.campaign, now_ms))
        grouped = unit.campaigns.grouped(one.campaign, PAGE)
        names = {action.group for action in one.plan.actions if isinstance(action, plans.Group)}
        for person in grouped:
            profile = profile_of(unit, person)
            kept = tuple(name for name in profile.groups if name not in names)
            unit.profiles.save(replace(profile, groups=kept), now_ms)
        unit.campaigns.ungroup(one.campaign, grouped)
        benefits.touch(grouped)
        sources = [coupon_source(one.campaign, coupon.rule) for coupon in one.plan.coupons]
        holders: tuple[UUID, ...] = ()
        if one.take_back and sources:
            holders = unit.campaigns.unused(one.campaign, sources, PAGE)
        for person in holders:
            for source in sources:
                benefits.take_back(person, source)
        benefits.tell()
        if len(grouped) < PAGE and len(holders) < PAGE:
            unit.campaigns.save(replace(one, tidied=True))

    def _day(self, now_ms: int) -> date:
        return self.rules.day(now_ms)

    def midnight_ms(self, day: date) -> int:
        """Return when a day begins by the brand's clock."""
        begins = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone))
        return round(begins.astimezone(UTC).timestamp() * _MS)


class _Giving:
    """What one page of people is given, in the transaction at hand."""

    def __init__(
        self, running: CampaignRunning, unit: Unit, tenant: UUID, one: Campaign, now_ms: int
    ) -> None:
        self.grouped: set[UUID] = set()
        self._running = running
        self._unit = unit
        self._one = one
        self._now_ms = now_ms
        self._benefits = Benefits(unit, tenant, now_ms)
        self._today = running.rules.day(now_ms)
        bundle = running.rules.of(unit, tenant, now_ms)
        self._names = {rule: coupon.name for rule, coupon in bundle.coupons_by_id.items()}

    def give(self, people: Sequence[UUID]) -> None:
        """Give all of it and tell the stores."""
        for action in self._one.plan.actions:
            if isinstance(action, plans.Coupon):
                self._coupons(people, action)
            elif isinstance(action, plans.Message):
                self._messages(people, action)
            elif isinstance(action, plans.CallBack):
                self._calls(people, action)
            else:
                self._group(people, action)
        self._benefits.tell()

    def _coupons(self, people: Sequence[UUID], action: plans.Coupon) -> None:
        last = self._today + timedelta(days=action.days - 1)
        source = coupon_source(self._one.campaign, action.rule)
        for person in people:
            self._benefits.give_coupon(
                person, action.rule, source=source, first_day=self._today, last_day=last
            )

    def _messages(self, people: Sequence[UUID], action: plans.Message) -> None:
        plan = self._one.plan
        last = min(
            (self._today + timedelta(days=one.days - 1) for one in plan.coupons),
            default=plan.last_day,
        )
        fills = {
            "brand": self._running.brand,
            "campaign": plan.name,
            "coupon": "、".join(self._names.get(one.rule, one.rule) for one in plan.coupons),
            "last_day": last.isoformat(),
        }
        until = self._running.midnight_ms(last + timedelta(days=1))
        self._unit.messages.add(
            [
                Queued(
                    *(self._running.ids.uuid7(), self._one.campaign, person, action.channel),
                    *(action.template, fills, plan.priority),
                    *(self._now_ms, self._now_ms, until),
                )
                for person in people
            ]
        )

    def _calls(self, people: Sequence[UUID], action: plans.CallBack) -> None:
        last = self._today + timedelta(days=action.days - 1)
        self._unit.campaigns.add_calls(
            [
                CallBack(
                    *(self._running.ids.uuid7(), self._one.campaign, person),
                    *(action.note, self._now_ms, last),
                )
                for person in people
            ]
        )
        self._benefits.touch(people)

    def _group(self, people: Sequence[UUID], action: plans.Group) -> None:
        for person in people:
            profile = profile_of(self._unit, person)
            if action.group not in profile.groups:
                groups = tuple(sorted({*profile.groups, action.group}))
                self._unit.profiles.save(replace(profile, groups=groups), self._now_ms)
                self.grouped.add(person)
        self._benefits.touch(self.grouped)


def _has_work(one: Campaign, today: date, now_ms: int) -> bool:
    if one.state in {"stopped", "ended"}:
        # Purchases go on counting for whoever came in last.
        counting = today <= one.plan.measured_until and _is_looked_at(one, now_ms)
        return not one.tidied or counting
    if one.state != "running" or today < one.plan.first_day:
        return False
    return _is_looked_at(one, now_ms) or _is_passed_through(one, now_ms)


def _is_looked_at(one: Campaign, now_ms: int) -> bool:
    return one.passed_ms > 0 and now_ms - one.looked_ms >= LOOK_MS


def _is_passed_through(one: Campaign, now_ms: int) -> bool:
    if one.reached is not None or not one.passed_ms:
        return True
    return one.plan.trigger.kind != "once" and now_ms - one.passed_ms >= PASS_MS
