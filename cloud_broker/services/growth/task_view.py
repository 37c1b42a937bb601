"""Tasks as a member sees them on her phone: worked out for her as she looks."""

from dataclasses import dataclass

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import Units
from cloud_broker.services.growth.task_work import begun, days_running, facts_of, facts_since
from cloud_broker.services.members.phones import PhoneHolder
from cloud_broker.services.published.rules_in_force import RulesInForce
from retail_core.growth.referral import ReferralRule
from retail_core.growth.task_progress import Progress, present_day, progress, runs_on
from retail_core.growth.tasks import Task
from retail_core.pricing.rules.english import EnglishNames


@dataclass(frozen=True, slots=True)
class TaskShown:
    """A task, how far she is in its present period, and how often she was rewarded for it."""

    task: Task
    progress: Progress
    times: int


@dataclass(frozen=True, slots=True)
class TasksShown:
    """All tasks that run today, and the invitation with how many friends came by hers.

    `coupons` maps the rules of coupons to what they are called, `english` says it in English.
    """

    tasks: tuple[TaskShown, ...]
    invitation: ReferralRule | None
    friends: int
    rewarded: int
    coupons: dict[str, str]
    english: EnglishNames


class TaskView:
    """Shows tasks; called from the API's threads."""

    def __init__(self, units: Units, clock: Clock, rules: RulesInForce) -> None:
        self._units = units
        self._clock = clock
        self._rules = rules

    def shown(self, who: PhoneHolder) -> TasksShown:
        """Return a member's tasks now."""
        now_ms = self._clock.now_ms()
        today = self._rules.day(now_ms)
        with self._units.begin(who.tenant) as unit:
            bundle = self._rules.of(unit, who.tenant, now_ms)
            running = days_running(unit, now_ms)
            tasks = begun(unit, bundle, today, running)
            person = unit.benefits.persons([who.member]).get(who.member, (who.member,))
            facts = facts_of(unit, person, facts_since(tasks, today))
            given = [one for name in person for one in unit.tasks.completions(name).items()]
            friends = unit.tasks.referrals([who.member])
        stand = {cause for cause, one in given if one.given.stands}
        return TasksShown(
            tuple(
                TaskShown(
                    task,
                    progress(task, facts, day),
                    sum(cause.startswith(f"task:{task.id}:") for cause in stand),
                )
                for task in tasks
                for day in (present_day(task, facts, today, running),)
                if runs_on(task, day)
            ),
            bundle.referral,
            len(friends),
            sum(cause.startswith("referral:") for cause in stand),
            {coupon.id: coupon.name for coupon in bundle.coupons},
            bundle.english,
        )
