"""Tasks and invitations after a booking: what is due is worked out anew and given or taken back.

Not in the ingest's transaction: members about whom something was booked wait in a list, and each is
a transaction of its own. What cannot be worked out waits an hour and holds up nobody.
"""

from datetime import date, timedelta
from uuid import UUID

import msgspec

from cloud_broker.domain.points import Moment
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.tasks import Completion, Reached
from cloud_broker.ports.unit import StoreRefusedError, Unit, Units
from cloud_broker.services.mall import MallDesk
from cloud_broker.services.refresh import refresh
from cloud_broker.services.rewarding import Rewarding
from cloud_broker.services.rules_in_force import RulesInForce
from retail_core.errors import Fault
from retail_core.growth import referral
from retail_core.growth.referral import Referral, ReferralRule
from retail_core.growth.rewards import Reward, settle
from retail_core.growth.task_progress import due, progress, runs_on
from retail_core.growth.tasks import Task
from retail_core.pricing.rules.ruleset import RuleBundle
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

AT_A_TIME = 32
PUT_OFF_MS = 3_600_000
# Facts older than this are not read again; a completion that is older stays as it is.
HORIZON_DAYS = 800
SETTLED_DAYS = 400


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
        done = 0
        while done < AT_A_TIME and self._one(tenant):
            done += 1
        return done + self._mall.finish(tenant)

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
        if not bundle.tasks and bundle.referral is None:
            return  # what was given by rules of before stays
        who = sorted({member} | unit.tasks.inviters_of(member))
        for one in who:
            unit.tasks.lock(one)
        rewarding = Rewarding(unit, tenant, moment)
        tasks = begun(unit, bundle, moment.day)
        changed = {one for one in who if _judge(unit, one, tasks, bundle, rewarding, moment)}
        rewarding.tell()
        if changed:
            refresh(unit, changed, now_ms)
            unit.announce(LiveEvent(tenant, frozenset({"member", "published"})))


def begun(unit: Unit, bundle: RuleBundle, today: date) -> tuple[Task, ...]:
    """Return the tasks with the day from which they count: a new one does not reward the past."""
    since = unit.tasks.known_since([task.id for task in bundle.tasks], today)
    return tuple(
        task
        if task.first_day is not None
        else msgspec.structs.replace(task, first_day=since[task.id])
        for task in bundle.tasks
    )


def facts_since(tasks: tuple[Task, ...], today: date) -> date:
    """Return from which day on anything can count for a task."""
    horizon = today - timedelta(days=HORIZON_DAYS)
    return max(horizon, min((task.first_day or horizon for task in tasks), default=today))


def _judge(
    unit: Unit,
    member: UUID,
    tasks: tuple[Task, ...],
    bundle: RuleBundle,
    rewarding: Rewarding,
    moment: Moment,
) -> bool:
    """Work out what is due for a member and do it; tell whether anything a shop shows changed."""
    home = unit.tasks.home(member)
    if home is None:
        return False
    today = moment.day
    before = unit.tasks.completions(member)
    ruled = [one.rule for one in before.values() if one.given.stands]
    old = tuple(rule for rule in ruled if not isinstance(rule, ReferralRule | None))
    facts = unit.tasks.facts(member, facts_since((*tasks, *old), today))
    settled = today - timedelta(days=SETTLED_DAYS)
    wanted: dict[str, Reward] = {}
    rules: dict[str, Task | ReferralRule] = {}
    for task in tasks:
        found = due(task, facts, earlier=_earlier(task, before, settled))
        wanted |= found
        rules |= dict.fromkeys(found, task)
    known = _friends(unit, member, bundle.referral, today)
    if bundle.referral is not None:
        found = referral.due(bundle.referral, known, today).get(member, {})
        wanted |= found
        rules |= dict.fromkeys(found, bundle.referral)

    def may_take(cause: str) -> bool:
        """Keep what is due still by the rule of the day it was given, and what is old."""
        given = before[cause]
        match given.rule:
            case None:
                return False
            case ReferralRule():
                still = referral.due(given.rule, known, today).get(member, {})
            case _:
                still = due(given.rule, facts)
        return given.day >= settled and cause not in still

    acts = settle({cause: one.given for cause, one in before.items()}, wanted, may_take)
    after = rewarding.act(member, home, acts, before, rules)
    unit.tasks.save_completions(member, after, moment.now_ms)
    reached = tuple(
        Reached(task.id, now.period.key, tuple(ask.has for ask in now.asks), now.last, now.done)
        for task in sorted(tasks, key=lambda one: one.id)
        if runs_on(task, today)
        for now in (progress(task, facts, today),)
        if now.last is not None
    )
    moved = reached != unit.tasks.reached(member)
    if moved:
        unit.tasks.save_reached(member, reached)
    return moved or bool(acts)


def _earlier(task: Task, before: dict[str, Completion], settled: date) -> int:
    """Return how often a task was done so long ago that its facts are not looked at any more."""
    return sum(
        cause.startswith(f"task:{task.id}:") and one.given.stands and one.day < settled
        for cause, one in before.items()
    )


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
