"""Which tier a member holds, why, what keeps it and what the next one asks.

Tiers follow what was bought, never the points that are left: whoever spends points loses nothing.
A tier is reached at once and lost only after its time and the grace are over, and only where it may
be judged: a shop without the cloud does not know what was bought elsewhere and lowers nobody.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Literal

from retail_core.growth.plan import GrowthPlan, TierRule
from retail_core.growth.windows import counted_from, holds_until, keeps_from


@dataclass(frozen=True, slots=True)
class DayActivity:
    """What a member bought on one business day, refunds of it taken off; `visits` is 0 or 1.

    A day whose purchases were all given back has nothing left and no visit.
    """

    day: date
    spend_fen: int
    visits: int = 1


class Bought:
    """Days of purchases, summed up so that any span of them is known at once."""

    def __init__(self, days: Iterable[DayActivity]) -> None:
        spend: Counter[date] = Counter()
        visits: Counter[date] = Counter()
        for one in days:
            spend[one.day] += one.spend_fen
            visits[one.day] += one.visits
        self.days = tuple(sorted(spend))
        self._spend = (0, *accumulate(spend[day] for day in self.days))
        self._visits = (0, *accumulate(visits[day] for day in self.days))

    def between(self, first: date, last: date) -> tuple[int, int]:
        """Return spending (never below 0) and visits from a day to a day, both among them."""
        low, high = bisect_left(self.days, first), bisect_right(self.days, last)
        if high <= low:
            return 0, 0
        spend = self._spend[high] - self._spend[low]
        return max(0, spend), self._visits[high] - self._visits[low]


@dataclass(frozen=True, slots=True)
class Held:
    """A tier in a member's hand, to the end of `until`."""

    code: str
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Progress:
    """What counts from `first` on, and what is missing for a tier; 0 where nothing is.

    Under `any` either of the two missing numbers is enough.
    """

    code: str
    first: date
    spend_fen: int
    visits: int
    missing_fen: int
    missing_visits: int
    mode: Literal["all", "any"]

    @property
    def met(self) -> bool:
        """Whether the tier is reached."""
        lacks = (self.missing_fen > 0, self.missing_visits > 0)
        return not any(lacks) if self.mode == "all" else not all(lacks)


Change = Literal["none", "reached", "kept", "grace", "lowered"]


@dataclass(frozen=True, slots=True)
class Standing:
    """The tier held after judging, what happened, and the two numbers people ask for.

    `why` is the account of the tier held on the day it was judged, `keep` what its next judgement
    asks, `next` the tier above; `keep` is None at the lowest, `next` at the highest.
    """

    held: Held
    change: Change
    why: Progress
    keep: Progress | None
    next: Progress | None


def judge(
    plan: GrowthPlan,
    activity: Iterable[DayActivity] | Bought,
    held: Held | None,
    today: date,
    *,
    may_lower: bool = True,
    renews: bool = True,
) -> Standing:
    """Return a member's standing on a day; a new member (`held` None) begins at the lowest tier.

    Unless it `renews`, what is held is not prolonged: it was judged on the day she bought last.
    """
    bought = activity if isinstance(activity, Bought) else Bought(activity)
    first = counted_from(plan.window, today)
    before = held or Held(plan.tiers[0].code, today, holds_until(plan.window, today))
    after, change = _judged(plan, bought, before, today, (may_lower, renews))
    rank = plan.rank(after.code)
    why = progress(plan.tiers[rank], bought, first, today)
    keep = None
    if rank:
        keep = progress(plan.tiers[rank], bought, keeps_from(plan.window, after.until), after.until)
    upward = plan.tiers[rank + 1] if rank + 1 < len(plan.tiers) else None
    ahead = None if upward is None else progress(upward, bought, first, today)
    return Standing(after, change, why, keep, ahead)


def progress(tier: TierRule, bought: Bought, first: date, last: date) -> Progress:
    """Return how far the days from `first` to `last` go towards a tier."""
    spend, visits = bought.between(first, last)
    return Progress(
        code=tier.code,
        first=first,
        spend_fen=spend,
        visits=visits,
        missing_fen=max(0, tier.spend_fen - spend),
        missing_visits=max(0, tier.visits - visits),
        # under `any` a number that is not asked would be met at once
        mode="any" if tier.mode == "any" and tier.spend_fen and tier.visits else "all",
    )


def hold(plan: GrowthPlan, bought: Bought, held: Held | None, day: date, *, renews: bool) -> Held:
    """Return the tier held after judging a day, without the account of it."""
    before = held or Held(plan.tiers[0].code, day, holds_until(plan.window, day))
    return _judged(plan, bought, before, day, (True, renews))[0]


def _earned(plan: GrowthPlan, bought: Bought, first: date, last: date) -> int:
    """Return the place of the highest tier reached by what counts from a day to a day."""
    spend, visits = bought.between(first, last)
    met = (at for at, tier in enumerate(plan.tiers) if _reaches(tier, spend, visits))
    return max(met, default=0)


def _reaches(tier: TierRule, spend_fen: int, visits: int) -> bool:
    """Tell whether so much reaches a tier, as `Progress.met` does."""
    enough = (spend_fen >= tier.spend_fen, visits >= tier.visits)
    either = tier.mode == "any" and tier.spend_fen and tier.visits
    return any(enough) if either else all(enough)


def _judged(
    plan: GrowthPlan, bought: Bought, held: Held, today: date, allowed: tuple[bool, bool]
) -> tuple[Held, Change]:
    may_lower, renews = allowed
    earned = _earned(plan, bought, counted_from(plan.window, today), today)
    after = held
    while today > after.until:
        longer = _at_its_end(plan, bought, after)
        if plan.rank(longer.code) < plan.rank(after.code):
            over = after.until + timedelta(days=plan.grace_days)
            in_grace = today <= over or earned >= plan.rank(after.code)
            if in_grace or not may_lower:
                break
            longer = Held(longer.code, over + timedelta(days=1), longer.until)
        after = longer
    rank = plan.rank(after.code)
    if earned > rank:
        reached = Held(plan.tiers[earned].code, today, holds_until(plan.window, today))
        return reached, "reached" if earned > plan.rank(held.code) else "lowered"
    if earned == rank and renews:
        after = Held(after.code, after.since, max(after.until, holds_until(plan.window, today)))
    return after, _change(plan, held, after, today)


def _at_its_end(plan: GrowthPlan, bought: Bought, held: Held) -> Held:
    """Return what follows a tier by what counted on its last day, whenever one comes to judge."""
    rank = plan.rank(held.code)
    earned = _earned(plan, bought, keeps_from(plan.window, held.until), held.until)
    until = holds_until(plan.window, held.until)
    if earned >= rank:
        return Held(held.code, held.since, until)
    landing = max(earned, rank - 1) if plan.soft_landing else earned
    return Held(plan.tiers[landing].code, held.since, until)


def _change(plan: GrowthPlan, before: Held, after: Held, today: date) -> Change:
    if plan.rank(after.code) < plan.rank(before.code):
        return "lowered"
    if today > after.until:
        return "grace"
    return "kept" if after.until > before.until else "none"
