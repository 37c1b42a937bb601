"""Tasks and invitations after a booking: what is due is worked out anew and given or taken back.

Not in the ingest's transaction: members about whom something was booked wait in a list, and each is
a transaction of its own. Members that were merged are one person: they are judged together, and
what is due is given under one of the names. What cannot be worked out waits an hour and holds up
nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from cloud_broker.domain.points import Moment
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.tasks import Completion, Reached
from cloud_broker.ports.unit import StoreRefusedError, Unit, Units
from cloud_broker.services.growth.mall import MallDesk
from cloud_broker.services.growth.rewarding import Rewarding
from cloud_broker.services.published.rules_in_force import RulesInForce
from cloud_broker.services.stores.refresh import refresh
from retail_core.checkout.business_date import business_date
from retail_core.errors import Fault
from retail_core.growth import referral
from retail_core.growth.referral import Referral, ReferralRule
from retail_core.growth.rewards import Reward, settle
from retail_core.growth.task_progress import Facts, due, present_day, progress, runs_on
from retail_core.growth.tasks import Task
from retail_core.pricing.rules.ruleset import RuleBundle
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

AT_A_TIME = 32
PASSED_AT_A_TIME = 1_000
PUT_OFF_MS = 3_600_000
# Facts older than this are not read again; a completion that is older stays as it is.
HORIZON_DAYS = 800
SETTLED_DAYS = 400
_MS = 1_000


class TaskWork:
    """Works off what is due; used from one thread."""

    def __init__(
        self, units: Units, clock: Clock, rules: RulesInForce, mall: MallDesk, tally: FaultTally
    ) -> None:
        self._units = units
        self._clock = clock
        self._rules = rules
        self._mall = mall
        self._tally = tally
        self._looked: dict[UUID, date] = {}

    def run(self, tenant: UUID) -> int:
        """Work on some members; return how many. Fault SYNC_LINK_DOWN leaves them due."""
        self._look_at_invitations(tenant)
        done = self._pass_over(tenant)
        while done < AT_A_TIME and self._one(tenant):
            done += 1
        return done + self._mall.finish(tenant)

    def _pass_over(self, tenant: UUID) -> int:
        """Let all go at once where there is nothing to judge by; what was given before stays."""
        now_ms = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            if _judges(self._rules.of(unit, tenant, now_ms)):
                return 0
            return unit.tasks.pass_over(now_ms, PASSED_AT_A_TIME)

    def _look_at_invitations(self, tenant: UUID) -> None:
        """Once a day, note whose return window is over."""
        now_ms = self._clock.now_ms()
        today = self._rules.day(now_ms)
        if self._looked.get(tenant) == today:
            return
        with self._units.begin(tenant) as unit:
            unit.tasks.add_due(unit.tasks.checks_due(today), now_ms)
        self._looked[tenant] = today

    def _one(self, tenant: UUID) -> bool:
        now_ms, taken = self._clock.now_ms(), list[UUID]()
        try:
            with self._units.begin(tenant) as unit:
                member = unit.tasks.take_due(now_ms)
                if member is None:
                    return False
                taken.append(member)
                self._work(unit, tenant, member, now_ms)
        except (Fault, StoreRefusedError, ArithmeticError, LookupError, ValueError) as error:
            code = error.code if isinstance(error, Fault) else FaultCode.API_INTERNAL
            if code == FaultCode.SYNC_LINK_DOWN:
                raise
            self._tally.count(code)
            with self._units.begin(tenant) as unit:
                for member in taken:
                    unit.tasks.put_off(member, now_ms + PUT_OFF_MS)
        return True

    def _work(self, unit: Unit, tenant: UUID, member: UUID, now_ms: int) -> None:
        """Judge a member and whoever brought her: her visit may be what theirs waited for."""
        moment = Moment(self._rules.day(now_ms), now_ms, now_ms)
        bundle = self._rules.of(unit, tenant, now_ms)
        if not _judges(bundle):
            return  # what was given by rules of before stays
        people = _people(unit, member)
        for one in sorted(same for person in people for same in person):
            unit.tasks.lock(one)
        rewarding = Rewarding(unit, tenant, moment)
        tasks = begun(unit, bundle, moment.day, days_running(unit, now_ms))
        changed = {
            same
            for person in people
            if _judge(unit, person, tasks, bundle, rewarding, moment)
            for same in person
        }
        rewarding.tell()
        if changed:
            refresh(unit, changed, now_ms)
            unit.announce(LiveEvent(tenant, frozenset({"member", "published"})))


def _judges(bundle: RuleBundle) -> bool:
    return bool(bundle.tasks) or bundle.referral is not None


def begun(
    unit: Unit, bundle: RuleBundle, today: date, running: frozenset[date]
) -> tuple[Task, ...]:
    """Return the tasks with the day from which they count: a new one does not reward the past.

    A day that still runs in a store is not past.
    """
    first = min(running, default=today)
    since = unit.tasks.known_since([task.id for task in bundle.tasks], min(first, today))
    return tuple(
        task
        if task.first_day is not None
        else msgspec.structs.replace(task, first_day=since[task.id])
        for task in bundle.tasks
    )


def days_running(unit: Unit, now_ms: int) -> frozenset[date]:
    """Return the business days that run in stores at a moment; two where they begin apart."""
    at = datetime.fromtimestamp(now_ms / _MS, UTC)
    return frozenset(
        business_date(at.astimezone(ZoneInfo(zone)).replace(tzinfo=None), starts)
        for zone, starts in unit.tasks.day_rules()
    )


def facts_since(tasks: tuple[Task, ...], today: date) -> date:
    """Return from which day on anything can count for a task."""
    horizon = today - timedelta(days=HORIZON_DAYS)
    return max(horizon, min((task.first_day or horizon for task in tasks), default=today))


def facts_of(unit: Unit, person: Iterable[UUID], since: date) -> Facts:
    """Return what happened to a person under any of her names."""
    found = [unit.tasks.facts(one, since) for one in person]
    return Facts(
        tuple(bought for facts in found for bought in facts.bought),
        tuple(seen for facts in found for seen in facts.checked_in),
        tuple(shared for facts in found for shared in facts.shared),
    )


def _people(unit: Unit, member: UUID) -> tuple[tuple[UUID, ...], ...]:
    """Return her and whoever brought her, each as a person with all her names in order."""
    herself = unit.benefits.persons([member]).get(member, (member,))
    inviters = {inviter for one in herself for inviter in unit.tasks.inviters_of(one)}
    found = unit.benefits.persons({member} | inviters)
    return tuple(sorted({tuple(sorted(same)) for same in found.values()}))


@dataclass(frozen=True, slots=True)
class _Due:
    """What a person's tasks come to; a cause is settled under one of her names only."""

    wanted: dict[str, Reward]
    rules: dict[str, Task | ReferralRule]
    facts: Facts
    settled: date


def _judge(
    unit: Unit,
    person: tuple[UUID, ...],
    tasks: tuple[Task, ...],
    bundle: RuleBundle,
    rewarding: Rewarding,
    moment: Moment,
) -> bool:
    """Work out what is due for a person and do it; tell whether anything a shop shows changed."""
    today = moment.day
    before = {one: unit.tasks.completions(one) for one in person}
    ruled = [one.rule for mine in before.values() for one in mine.values() if one.given.stands]
    old = tuple(rule for rule in ruled if not isinstance(rule, ReferralRule | None))
    facts = facts_of(unit, person, facts_since((*tasks, *old), today))
    hers = _Due({}, {}, facts, today - timedelta(days=SETTLED_DAYS))
    for task in tasks:
        found = due(task, facts, earlier=_earlier(task, before, hers))
        hers.wanted.update(found)
        hers.rules.update(dict.fromkeys(found, task))
    acted, running = False, days_running(unit, moment.now_ms)
    for one in person:
        acted |= _settle(unit, one, (before, hers), bundle.referral, rewarding, moment)
    reached = tuple(
        Reached(task.id, now.period.key, tuple(ask.has for ask in now.asks), now.last, now.done)
        for task in sorted(tasks, key=lambda one: one.id)
        for day in (present_day(task, facts, today, running),)
        if runs_on(task, day)
        for now in (progress(task, facts, day),)
        if now.last is not None
    )
    for one in person:
        if reached != unit.tasks.reached(one):
            unit.tasks.save_reached(one, reached)
            acted = True
    return acted


def _settle(
    unit: Unit,
    member: UUID,
    known: tuple[dict[UUID, dict[str, Completion]], _Due],
    referral_rule: ReferralRule | None,
    rewarding: Rewarding,
    moment: Moment,
) -> bool:
    """Give and take under one of a person's names; tell whether there was anything to do."""
    (everything, hers), today = known, moment.day
    before, home = everything[member], unit.tasks.home(member)
    if home is None:
        return False
    elsewhere = _standing(mine for one, mine in everything.items() if one != member)
    first = member == min(everything)
    wanted = {
        cause: reward
        for cause, reward in hers.wanted.items()
        if _stands(before, cause) or (first and cause not in elsewhere)
    }
    rules = dict(hers.rules)
    friends = _friends(unit, member, referral_rule, today)
    if referral_rule is not None:
        found = referral.due(referral_rule, friends, today).get(member, {})
        wanted |= found
        rules |= dict.fromkeys(found, referral_rule)

    def may_take(cause: str) -> bool:
        """Keep what is due still by the rule of the day it was given, and what is old."""
        given = before[cause]
        match given.rule:
            case None:
                return False
            case ReferralRule():
                still = referral.due(given.rule, friends, today).get(member, {})
            case _:
                still = due(given.rule, hers.facts)
        return given.day >= hers.settled and cause not in still

    acts = settle({cause: one.given for cause, one in before.items()}, wanted, may_take)
    after = rewarding.act(member, home, acts, before, rules)
    unit.tasks.save_completions(member, after, moment.now_ms)
    # What it gave was used then, and may have come back since with a refund of where it was used.
    undone = {
        cause
        for cause, one in before.items()
        if not one.given.stands and cause not in hers.wanted.keys() | wanted.keys() | elsewhere
    }
    again = [cause for cause in sorted(undone) if rewarding.take_again(member, cause)]
    return bool(acts or again)


def _standing(completions: Iterable[dict[str, Completion]]) -> set[str]:
    return {cause for mine in completions for cause, one in mine.items() if one.given.stands}


def _stands(mine: dict[str, Completion], cause: str) -> bool:
    return cause in mine and mine[cause].given.stands


def _earlier(task: Task, before: dict[UUID, dict[str, Completion]], hers: _Due) -> int:
    """Return how often a task was done so long ago that its facts do not tell any more."""
    told = due(msgspec.structs.replace(task, per_person=None), hers.facts)
    old = {
        cause
        for mine in before.values()
        for cause, one in mine.items()
        if one.given.stands and one.day < hers.settled
    }
    return sum(cause.startswith(f"task:{task.id}:") for cause in old - told.keys())


def _friends(
    unit: Unit, member: UUID, rule: ReferralRule | None, today: date
) -> tuple[Referral, ...]:
    """Return the invitations around a member; note when something about them may change."""
    known = unit.tasks.referrals(unit.tasks.inviters_of(member) | {member})
    if rule is not None:
        waits: dict[UUID, date | None] = {}
        for one in known:
            day = referral.earned_on(rule, one)
            waits[one.friend] = day if day is not None and day > today else None
        unit.tasks.check_on(waits)
    return known
