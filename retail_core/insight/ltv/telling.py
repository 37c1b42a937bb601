"""A report as plain values for JSON, and as rows for a file: a customer each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta

import numpy as np

from retail_core.insight.arrays import Ints
from retail_core.insight.ltv import bgnbd, next_purchase
from retail_core.insight.ltv.holdout import Holdout, top_decile
from retail_core.insight.ltv.preference import everybodys_shares, preferences
from retail_core.insight.ltv.report import Report

HEADINGS = (
    *("customer", "purchases", "first", "last", "spent", "expected_purchases", "expected_spend"),
    *("value", "expected_soon", "p_alive", "next_from", "next_middle", "next_to", "prefers"),
)
_PLACES = 4


def as_values(report: Report) -> dict[str, object]:
    """Return figures by name, the model's parameters first."""
    model, spend, summary = report.model, report.spend, report.summary
    values = report.values
    return {
        "r": model.r,
        "alpha": model.alpha,
        "a": model.a,
        "b": model.b,
        "log_likelihood": model.log_likelihood,
        "p": None if spend is None else spend.p,
        "q": None if spend is None else spend.q,
        "v": None if spend is None else spend.v,
        "boundary": [*model.boundary, *(() if spend is None else spend.boundary)],
        "until": _day(report.until),
        "first_day": _day(report.first),
        "last_day": _day(report.last),
        "customers": summary.size,
        "customers_who_came_back": int(np.count_nonzero(summary.repeat)),
        "repeat_purchases": int(summary.repeat.sum()),
        "holdout": None if report.holdout is None else _holdout(report.holdout, report),
        "next_year": None
        if values is None
        else {
            "purchases": float(values.purchases.sum()),
            "value": float(values.value.sum()),
            "value_mean": float(values.value.mean()),
            "top_decile_share": top_decile(values.value, values.value),
        },
        "season": {
            "applied": report.season.whole_year,
            "months": [asdict(month) for month in report.season.months],
        },
        "churn": {
            "promoted": "challenger" if report.churn.promoted else "expected_purchases",
            "folds": [asdict(one) | {"cut": _day(one.cut)} for one in report.churn.folds],
        },
        "next_purchase": None
        if report.cadence is None
        else {"gap_days": report.cadence.gap_days, "covered": report.cadence.covered},
    }


@dataclass(frozen=True, slots=True)
class Known:
    """What a log knows of customers: names by the log's number, purchases by category.

    `who`: the log's number of each customer of the report.
    """

    names: Sequence[str]
    by_category: Mapping[int, Mapping[str, float]]
    who: Ints


def customer_rows(report: Report, known: Known) -> Iterator[Sequence[object]]:
    """Yield a row for each customer, as `HEADINGS` says; empty cells where nothing is known."""
    summary = report.summary
    alive = bgnbd.p_alive(report.model, summary)
    waits = None
    if report.cadence is not None:
        waits = next_purchase.intervals(report.cadence, summary, report.until)
    usual = everybodys_shares({str(who): hers for who, hers in known.by_category.items()})
    for nth, number in enumerate(known.who[summary.who].tolist()):
        worth: tuple[object, ...] = ("", "", "")
        if report.values is not None:
            cells = report.values.purchases, report.values.spend, report.values.value
            worth = tuple(round(float(one[nth]), _PLACES) for one in cells)
        days: tuple[object, ...] = ("", "", "")
        if waits is not None:
            days = tuple(_ahead(report.until, float(one[nth])) for one in waits)
        yield (
            known.names[number],
            int(summary.repeat[nth]) + 1,
            _day(int(summary.first[nth])),
            _day(int(summary.last[nth])),
            round(float(summary.total[nth]), 2),
            *worth,
            round(float(report.soon[nth]), _PLACES),
            round(float(alive[nth]), _PLACES),
            *days,
            _prefers(known.by_category.get(number, {}), usual),
        )


def _prefers(hers: Mapping[str, float], usual: Mapping[str, float]) -> str:
    return preferences(hers, usual)[0].category if hers and usual else ""


def _holdout(held: Holdout, report: Report) -> dict[str, object]:
    found = asdict(held) | {"cut": _day(held.cut), "end": _day(held.end)}
    model = report.holdout_model
    if model is not None and model is not report.model:
        found["model"] = {name: getattr(model, name) for name in ("r", "alpha", "a", "b")}
    return found


def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def _ahead(until: int, days: float) -> str:
    return (date.fromordinal(until) + timedelta(days=max(1, round(days)))).isoformat()
