"""Tiers kept up by themselves: after each purchase, and every night where time alone has a say.

Ingest only notes who bought; judging has transactions of its own and never holds up a sale. A
night's work goes page by page, each page a transaction with its place in the table: whoever is
stopped goes on where it was.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from cloud_broker.domain.lunar import lunar_year
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.growth import MERGE, JobState
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.growth.books import GrowthBooks
from cloud_broker.services.growth.perks import Perks
from cloud_broker.services.growth.profile_desk import Birthdays
from cloud_broker.services.published.rules_in_force import RulesInForce
from cloud_broker.services.rights.benefits import SWEEP_MAX, Benefits
from retail_core.growth.birthdays import born_on
from retail_core.growth.history import check_order

AT_A_TIME = 64
PAGE = 200
# Half a year ahead of a lunar birthday its day of the coming year is told.
TOLD_AHEAD_DAYS = 182


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of a night's work: `work` does a page after a member; None when there is no more."""

    name: str
    day: date
    work: Callable[[Unit, UUID | None], tuple[UUID | None, Counter[str]]]


class GrowthKeeper:
    """Judges what is due and does the nights' work; one thread uses it."""

    def __init__(self, units: Units, clock: Clock, zone: str) -> None:
        self._units = units
        self._clock = clock
        self._rules = RulesInForce(zone)
        self._over: dict[UUID, date] = {}

    def today(self) -> date:
        """Return the brand's business day."""
        return self._rules.day(self._clock.now_ms())

    def run(self, tenant: UUID) -> int:
        """Judge some who are due, else do a page of the night; return how much was done."""
        return self.judge_due(tenant) or self._night_page(tenant)

    def judge_due(self, tenant: UUID) -> int:
        """Judge some of those about whom something was booked; return how many."""
        with self._units.begin(tenant) as unit:
            seen = unit.growth.waiting(AT_A_TIME)
            if seen:
                books = GrowthBooks(unit, tenant, self.today(), self._clock.now_ms())
                merged = {member for member, due in seen.items() if due.because == MERGE}
                judged = books.judge(seen.keys() - merged)
                books.save(judged)
                books.save(books.judge(merged), because=MERGE)
                self._one_of_each(unit, tenant, merged)
                new = [one.row.member for one in judged if one.old is None]
                self._birthdays(unit, tenant, new)
                unit.announce(LiveEvent(tenant, frozenset({"member", "published"})))
        if seen:
            # In a transaction of its own, so that ingest never waits for a judgement.
            with self._units.begin(tenant) as unit:
                unit.growth.done(seen)
        return len(seen)

    def nightly(self, tenant: UUID, progress: Callable[[str, int], None]) -> Counter[str]:
        """Do all of the night's work that is left; return what this run did."""
        counts: Counter[str] = Counter()
        for job in self._jobs(tenant):
            while (done := self._page(tenant, job)) is not None:
                counts += done
                progress(job.name, counts["members"])
        self._over[tenant] = self.today()
        return counts

    def rehearse(self, tenant: UUID, progress: Callable[[str, int], None]) -> Counter[str]:
        """Return what the night would change of tiers; nothing is written."""
        counts: Counter[str] = Counter()
        after: UUID | None = None
        while True:
            with self._units.begin(tenant) as unit:
                page = unit.growth.everybody(after, PAGE)
                books = GrowthBooks(unit, tenant, self.today(), self._clock.now_ms())
                judged = books.judge(page)
            counts.update(one.change for one in judged if one.change is not None)
            counts["members"] += len(page)
            progress("rehearse", counts["members"])
            if len(page) < PAGE:
                return counts
            after = page[-1]

    # ---- inside ---------------------------------------------------------------------------------

    def _one_of_each(self, unit: Unit, tenant: UUID, merged: Collection[UUID]) -> None:
        """Leave a person who was two what one is given."""
        benefits = Benefits(unit, tenant, self._clock.now_ms())
        taken = [benefits.one_of_each(member) for member in sorted(merged)]
        if any(taken):
            benefits.tell()

    def _birthdays(self, unit: Unit, tenant: UUID, members: list[UUID]) -> None:
        """Give new members for a birthday that is near."""
        profiles = unit.profiles.profiles(members) if members else {}
        if profiles:
            desk = Birthdays(unit, tenant, self.today(), self._clock.now_ms())
            for profile in profiles.values():
                desk.give_soon(profile)
            desk.tell()

    def _night_page(self, tenant: UUID) -> int:
        if self._over.get(tenant) == self.today():
            return self._sweep(tenant)
        for job in self._jobs(tenant):
            if self._page(tenant, job) is not None:
                return 1
        self._over[tenant] = self.today()
        return 0

    def _sweep(self, tenant: UUID) -> int:
        """Lend what found no box before; what cannot be lent now does not count as work."""
        with self._units.begin(tenant) as unit:
            swept = Benefits(unit, tenant, self._clock.now_ms()).sweep()
            if swept:
                unit.announce(LiveEvent(tenant, frozenset({"published"})))
        return swept

    def _page(self, tenant: UUID, job: Job) -> Counter[str] | None:
        """Do a page of a job; None when it is done."""
        now_ms = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            state = unit.growth.job(job.day, job.name)
            if state.done:
                return None
            after, counted = job.work(unit, state.after)
            counts = Counter(state.counts) + counted
            last = state.after if after is None else after
            unit.growth.save_job(
                job.day, job.name, JobState(last, done=after is None, counts=counts), now_ms
            )
            if counted:
                unit.announce(LiveEvent(tenant, frozenset({"member", "published"})))
        return counted

    def _jobs(self, tenant: UUID) -> Sequence[Job]:
        today = self.today()
        with self._units.begin(tenant) as unit:
            plans = [(day, plan) for day, plan in unit.growth.plans() if day <= today]
        night = _Night(tenant, today, self._clock.now_ms())
        jobs = [
            Job("expire", today, night.expire),
            Job("calendar", today, night.calendar),
        ]
        if plans:
            notice = plans[-1][1].birthday_notice_days
            jobs += [
                # Everybody once for each plan: who was never judged is, by the new rules.
                Job(f"plan:{len(plans)}", plans[-1][0], night.everybody),
                Job("tiers", today, night.ending),
                Job("monthly", today.replace(day=1), night.monthly),
            ]
            days = (today + timedelta(days=ahead) for ahead in range(notice + 1))
            jobs += [Job("birthday", day, night.birthdays(day)) for day in days]
        return jobs


class _Night:
    """The pages of a night's jobs."""

    def __init__(self, tenant: UUID, today: date, now_ms: int) -> None:
        self._tenant = tenant
        self._today = today
        self._now_ms = now_ms

    def everybody(self, unit: Unit, after: UUID | None) -> tuple[UUID | None, Counter[str]]:
        """Judge a page of all members."""
        return self._judge(unit, unit.growth.everybody(after, PAGE))

    def ending(self, unit: Unit, after: UUID | None) -> tuple[UUID | None, Counter[str]]:
        """Judge a page of those whose tier may end."""
        return self._judge(unit, unit.growth.ending(self._today, after, PAGE))

    def monthly(self, unit: Unit, after: UUID | None) -> tuple[UUID | None, Counter[str]]:
        """Give a page of members what the month brings their tier."""
        plan = check_order(unit.growth.plans()).on(self._today)
        tiers = [tier.code for tier in plan.tiers if tier.privileges.monthly]
        page = unit.growth.in_tiers(tiers, after, PAGE) if tiers else ()
        benefits = Benefits(unit, self._tenant, self._now_ms)
        perks = Perks(benefits, plan, self._today)
        given = sum(perks.monthly(member, tier) for member, tier in page)
        benefits.tell()
        return page[-1][0] if page else None, _counted(len(page), monthly=given)

    def birthdays(
        self, day: date
    ) -> Callable[[Unit, UUID | None], tuple[UUID | None, Counter[str]]]:
        """Return the job of giving for birthdays on a day."""

        def work(unit: Unit, after: UUID | None) -> tuple[UUID | None, Counter[str]]:
            page = unit.profiles.born(born_on(day, lunar_year), after, PAGE)
            desk = Birthdays(unit, self._tenant, self._today, self._now_ms)
            given = sum(desk.give(one.member, day) for one in page)
            desk.tell()
            return page[-1].member if page else None, _counted(len(page), birthday=given)

        return work

    def calendar(self, unit: Unit, after: UUID | None) -> tuple[UUID | None, Counter[str]]:
        """Tell the shops the coming year's day of a page of lunar birthdays."""
        day = self._today + timedelta(days=TOLD_AHEAD_DAYS)
        births = {born for born in born_on(day, lunar_year) if born.calendar == "lunar"}
        page = unit.profiles.born(births, after, PAGE)
        desk = Birthdays(unit, self._tenant, self._today, self._now_ms)
        for one in page:
            desk.tell_day(one, day)
        desk.tell()
        return page[-1].member if page else None, _counted(len(page))

    def expire(self, unit: Unit, _after: UUID | None) -> tuple[UUID | None, Counter[str]]:
        """End a page of coupons and gifts whose last day is over; recall them from the boxes."""
        benefits = Benefits(unit, self._tenant, self._now_ms)
        ended = benefits.expire(self._today)
        benefits.tell()
        more = UUID(int=0) if ended == SWEEP_MAX else None
        return more, _counted(0, expired=ended)

    def _judge(self, unit: Unit, page: tuple[UUID, ...]) -> tuple[UUID | None, Counter[str]]:
        books = GrowthBooks(unit, self._tenant, self._today, self._now_ms)
        changed = books.save(books.judge(page))
        return page[-1] if page else None, _counted(len(page)) + changed


def _counted(members: int, **given: int) -> Counter[str]:
    return +Counter({"members": members, **given})
