"""A member's standing from everything that is known of her, worked out anew each time.

Nothing is remembered between two judgements: purchases (refunds taken off the day they were made),
grants by people and the plans of their days give the same answer in whatever order they arrived. So
a refund undoes what its purchase brought, a merge adds two histories, and taking it apart needs no
memory of what it did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from retail_core.growth.account import day_number
from retail_core.growth.plan import GrowthPlan
from retail_core.growth.standing import Bought, Held, Progress, Standing, hold, judge
from retail_core.growth.windows import holds_until
from retail_core.wire.standing import TierAsk, TierStanding

FRESH_DAYS = 30


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of a chain by the day each began, in order; never empty."""

    since: tuple[tuple[date, GrowthPlan], ...]

    def on(self, day: date) -> GrowthPlan:
        """Return the plan of a day; the first one also judges what was before it."""
        found = self.since[0][1]
        for first, plan in self.since:
            if first > day:
                break
            found = plan
        return found

    @property
    def newest(self) -> GrowthPlan:
        """The plan in force."""
        return self.since[-1][1]


@dataclass(frozen=True, slots=True)
class Grant:
    """A tier given by people from a day on, to the end of `until`."""

    day: date
    code: str
    until: date


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a person: since when, what she bought, what she was granted."""

    begun: date
    bought: Bought
    grants: tuple[Grant, ...] = ()


def stand(plans: Plans, known: History, today: date) -> Standing:
    """Return the standing on a day, by judging every day on which something happened."""
    grants = [one for one in known.grants if one.day <= today]
    renewing = {day for day in known.bought.days if day <= today}
    renewing |= {first for first, _ in plans.since if known.begun <= first <= today}
    begun = min([known.begun, today, *renewing, *(one.day for one in grants)])
    held = _first(plans.on(begun), begun)
    for day in sorted({*renewing, *(one.day for one in grants)}):
        plan = plans.on(day)
        held = _known(plan, held)
        held = hold(plan, known.bought, held, day, renews=day in renewing)
        held = _granted(plan, held, [one for one in grants if one.day == day])
    plan = plans.on(today)
    return judge(plan, known.bought, _known(plan, held), today, renews=False)


def judge_on(plan: GrowthPlan, standing: Standing, today: date) -> date:
    """Return the day on which time alone may have changed the standing."""
    until = standing.held.until
    after = until if until >= today else until + timedelta(days=plan.grace_days)
    return max(today, min(after, today + timedelta(days=FRESH_DAYS))) + timedelta(days=1)


def grace_until(plan: GrowthPlan, standing: Standing) -> date | None:
    """Return the end of the grace while it is running."""
    if standing.change != "grace":
        return None
    return standing.held.until + timedelta(days=plan.grace_days)


def to_wire(plan: GrowthPlan, standing: Standing) -> TierStanding:
    """Return what shops and the member are told."""
    held, grace = standing.held, grace_until(plan, standing)
    return TierStanding(
        since=day_number(held.since),
        until=day_number(held.until),
        counted_from=day_number(standing.why.first),
        spend_fen=standing.why.spend_fen,
        visits=standing.why.visits,
        grace_until=0 if grace is None else day_number(grace),
        keep=_ask(standing.keep),
        next=_ask(standing.next),
    )


def check_order(plans: Sequence[tuple[date, GrowthPlan]]) -> Plans:
    """Return plans in order, those that say the same as the one before left out."""
    kept = [*plans[:1], *(new for old, new in pairwise(plans) if new[1] != old[1])]
    return Plans(tuple(sorted(kept, key=lambda one: one[0])))


def _first(plan: GrowthPlan, day: date) -> Held:
    return Held(plan.tiers[0].code, day, holds_until(plan.window, day))


def _known(plan: GrowthPlan, held: Held) -> Held:
    """Return what is held by the words of a plan: a tier it does not know is its lowest."""
    return Held(plan.tier(held.code).code, held.since, held.until)


def _granted(plan: GrowthPlan, held: Held, grants: Sequence[Grant]) -> Held:
    for one in grants:
        if plan.rank(one.code) > plan.rank(held.code):
            held = Held(one.code, one.day, one.until)
        elif one.code == held.code and one.until > held.until:
            held = Held(held.code, held.since, one.until)
    return held


def _ask(asked: Progress | None) -> TierAsk | None:
    if asked is None:
        return None
    return TierAsk(asked.code, asked.missing_fen, asked.missing_visits, asked.mode == "all")
