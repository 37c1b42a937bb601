"""How many receipts each region will write on each of the coming days, and who writes them.

People who bought before come by the model of their lifetime (BG/NBD over all regions); guests and
people who come for the first time come at their region's rate so far. Both go by the month of the
year, where a whole year is known, and by the day of the week, where eight weeks are. Without enough
people who came back there is no model, and everybody comes at the region's rate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from retail_core.errors import Fault
from retail_core.insight.arrays import Floats, Ints
from retail_core.insight.ltv import bgnbd
from retail_core.insight.ltv.season import Season, of_days
from retail_core.insight.ltv.summary import Summary
from retail_core.insight.stock.facts import Facts, People, VisitDay

AHEAD_DAYS = 56
_WEEK = 7
# Fewer people who came back, or days, tell chance from habit badly.
_AT_LEAST_BACK, _AT_LEAST_DAYS = 30, 28
_WEEKS_FOR_WEEKDAYS = 8
# Receipts that speak for "as on any other day" before a weekday's own count does.
_SHRINK = 50.0


@dataclass(frozen=True, slots=True)
class Coming:
    """Expected receipts by day ahead: `again` and `others` by region, `segments` by both names.

    `model` is None where people are too few for one; `season` says whether the year was known.
    """

    again: Mapping[str, Floats]
    others: Mapping[str, Floats]
    segments: Mapping[tuple[str, str], Floats]
    model: bgnbd.BgNbd | None
    by_month: bool
    by_weekday: bool


def look_ahead(facts: Facts) -> Coming:
    """Return what is to come after the last day of the facts."""
    days = facts.until - min((one.day for one in facts.visits), default=facts.until) + 1
    everybody = [one for one in facts.people if not one.segment]
    model = _model(everybody, facts.until, days)
    weekdays = weekday_index(facts.visits, days)
    season = None if model is None else _season(facts, everybody, model)
    index = _index(facts.until, weekdays, season)
    window = min(days, facts.window_days)
    at_rate = _rates(facts, window, weekdays, season)
    others = {region: rate[1] * index for region, rate in at_rate.items()}
    again = {region: rate[0] * index for region, rate in at_rate.items()}
    if model is not None:
        by_model = _by_model(model, everybody, facts.until, index)
        # Who comes for the first time tomorrow comes again next week.
        reach = bgnbd.expected_from_start(model, np.arange(AHEAD_DAYS) / _WEEK)
        again = {
            region: by_model.get((region, ""), np.zeros(AHEAD_DAYS))
            + _newcomers(everybody, region, facts.until - window) / window * reach * index
            for region in at_rate
        }
    return Coming(
        again,
        others,
        _segments(facts, model, index, window),
        model,
        by_month=season is not None and season.whole_year,
        by_weekday=days >= _WEEKS_FOR_WEEKDAYS * _WEEK,
    )


def weekday_index(visits: Sequence[VisitDay], days: int) -> Floats:
    """Return Monday's to Sunday's receipts beside an average day's; the mean is 1."""
    if days < _WEEKS_FOR_WEEKDAYS * _WEEK or not visits:
        return np.ones(_WEEK)
    last = max(one.day for one in visits)
    whole = last - days // _WEEK * _WEEK
    seen = np.zeros(_WEEK)
    for one in visits:
        if one.day > whole:
            seen[_weekday(one.day)] += one.again + one.others
    index = (seen + _SHRINK) / (seen.mean() + _SHRINK)
    return np.asarray(index / index.mean(), dtype=np.float64)


def _weekday(day: int) -> int:
    return date.fromordinal(day).weekday()


def _model(people: Sequence[People], until: int, days: int) -> bgnbd.BgNbd | None:
    back = sum(one.count for one in people if one.repeat)
    if back < _AT_LEAST_BACK or days < _AT_LEAST_DAYS:
        return None
    try:
        return bgnbd.fit(_summary(people, until, whole=True))
    except Fault:  # a log that the model does not fit still has a rate
        return None


def _summary(people: Sequence[People], until: int, *, whole: bool) -> Summary:
    """Return a row a history, or with `whole` one a person."""
    count = np.array([one.count for one in people], dtype=np.int64)
    times = count if whole else np.ones(len(people), dtype=np.int64)

    def column(values: Sequence[int]) -> Ints:
        return np.repeat(np.array(values, dtype=np.int64), times)

    first, last = column([one.first for one in people]), column([one.last for one in people])
    repeat = column([one.repeat for one in people])
    nothing = np.zeros(repeat.size)
    return Summary(
        np.arange(repeat.size, dtype=np.int64),
        repeat,
        (last - first) / _WEEK,
        (until - first) / _WEEK,
        nothing,
        nothing,
        first,
        last,
    )


def _season(facts: Facts, people: Sequence[People], model: bgnbd.BgNbd) -> Season:
    begin = min(one.first for one in people)
    days = facts.until - begin + 1
    newcomers, bought = np.zeros(days), np.zeros(days)
    for one in people:
        newcomers[one.first - begin] += one.count
    for day in facts.visits:
        if begin <= day.day <= facts.until:
            bought[day.day - begin] += day.again
    return of_days(begin, newcomers, bought, model, float(_WEEK))


def _newcomers(people: Sequence[People], region: str, since: int) -> int:
    return sum(one.count for one in people if one.region == region and one.first > since)


def _index(until: int, weekdays: Floats, season: Season | None) -> Floats:
    ahead = range(until + 1, until + 1 + AHEAD_DAYS)
    month = np.array([1.0 if season is None else season.index(day) for day in ahead])
    index = np.array([weekdays[_weekday(day)] for day in ahead]) * month
    return np.asarray(index, dtype=np.float64)


def _rates(
    facts: Facts, window: int, weekdays: Floats, season: Season | None
) -> dict[str, tuple[float, float]]:
    """Return receipts a day by region, of those who came again and of others, without season."""
    regions = {one.region for one in facts.visits} | {
        one.region for one in facts.places if not one.warehouse
    }
    found = {region: [0.0, 0.0] for region in regions}
    since = facts.until - window
    for one in facts.visits:
        if since < one.day <= facts.until:
            found[one.region][0] += one.again
            found[one.region][1] += one.others
    span = sum(
        weekdays[_weekday(day)] * (1.0 if season is None else season.index(day))
        for day in range(since + 1, facts.until + 1)
    )
    return {region: (again / span, others / span) for region, (again, others) in found.items()}


def _by_model(
    model: bgnbd.BgNbd, people: Sequence[People], until: int, index: Floats
) -> dict[tuple[str, str], Floats]:
    """Return expected receipts a day of the people of each region and segment."""
    if not people:
        return {}
    summary = _summary(people, until, whole=False)
    # Histories of one number and age share the sum over the chance to leave.
    ages, old = np.unique(summary.age, return_inverse=True)
    both, where = np.unique(summary.repeat * len(ages) + old, return_inverse=True)
    pairs = np.column_stack((both // len(ages), ages[both % len(ages)])).astype(np.float64)
    times = np.arange(1, AHEAD_DAYS + 1) / _WEEK
    up_to = bgnbd.expected_if_alive(model, pairs, times)
    alive = bgnbd.p_alive(model, summary) * np.array([one.count for one in people])
    daily = np.diff(up_to, axis=1, prepend=0.0) * index
    found: dict[tuple[str, str], Floats] = {}
    rows: dict[tuple[str, str], list[int]] = {}
    for nth, one in enumerate(people):
        rows.setdefault((one.region, one.segment), []).append(nth)
    for name, nths in rows.items():
        # People by history first: a history's row is multiplied once.
        weight = np.bincount(where[nths], alive[nths], minlength=len(pairs))
        found[name] = np.asarray(weight @ daily, dtype=np.float64)
    return found


def _segments(
    facts: Facts, model: bgnbd.BgNbd | None, index: Floats, window: int
) -> dict[tuple[str, str], Floats]:
    """Return what is to come of each segment, by segment and region."""
    members = [one for one in facts.people if one.segment]
    if model is not None:
        by_model = _by_model(model, members, facts.until, index)
        return {(segment, region): days for (region, segment), days in by_model.items()}
    return {name: count / window * index for name, count in facts.segment_visits.items()}
