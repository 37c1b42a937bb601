"""What `cloud-broker insight` works out: files in, plain values out."""

import csv
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from cloud_broker.adapters.analytics.table_file import open_table, open_text, readable
from cloud_broker.cli.progress import Bar
from retail_core.insight.attribution import intervals
from retail_core.insight.attribution.ways import WAYS
from retail_core.insight.leave_one_out import try_out
from retail_core.insight.ltv.churn import Learn
from retail_core.insight.ltv.report import Plan, work_out
from retail_core.insight.ltv.summary import merge_days
from retail_core.insight.ltv.telling import HEADINGS, Known, as_values, customer_rows
from retail_core.insight.tabular.baskets import AskedBaskets, from_json_lines, from_table
from retail_core.insight.tabular.orders import Asked, read_orders
from retail_core.insight.tabular.paths import AskedPaths, read_paths

__all__ = ["WAYS", "Asked", "AskedBaskets", "AskedPaths", "Plan"]

SEED = 20_261_101  # the same file gives the same intervals


@dataclass(frozen=True, slots=True)
class Files:
    """Where the log is, and where a row a customer goes."""

    orders: Path
    customers: Path | None


def trees() -> Learn:
    """Return the learner that challenges the model of churn."""
    # Imported here: nothing else needs the trees.
    from cloud_broker.adapters.analytics.boosting import learn  # noqa: PLC0415  # see above

    return learn


def value(
    files: Files, asked: Asked, plan: Plan, bar: Bar, *, same_day: bool = True
) -> dict[str, object]:
    """Work out a log of orders. Faults E101 to E109."""
    with open_table(files.orders, bar.bytes) as table:
        log = read_orders(table.header, table.rows, asked)
    cleaned = merge_days(log.customer, log.day, log.amount, same_day=same_day)
    report = work_out(cleaned.purchases, plan, bar.step)
    if files.customers is not None:
        bar.step("out")
        with (
            readable(files.customers),
            files.customers.open("w", encoding="utf-8", newline="") as text,
        ):
            known = Known(log.names, log.by_category, cleaned.who)
            writer = csv.writer(text)
            writer.writerow(HEADINGS)
            writer.writerows(customer_rows(report, known))
    read = {"rows": log.rows, **log.left_out, "days_of_returns": cleaned.days_of_returns}
    return as_values(report) | {"unit": plan.unit, "read": read | {"columns": log.columns}}


def attribution(path: Path, asked: AskedPaths, draws: int, bar: Bar) -> dict[str, Any]:
    """Share conversions out by every way. Faults E101 to E105 and E110."""
    with open_table(path, bar.bytes) as table:
        journeys = read_paths(table.header, table.rows, asked)
    shared = {}
    for name, way in WAYS.items():
        bar.step(name)
        shared[name] = way(journeys)
    found: dict[str, Any] = {name: one.conversions for name, one in shared.items()}
    if journeys.value is not None:
        found["value"] = {name: one.value for name, one in shared.items()}
    if draws:
        bar.step("bootstrap")
        spans = intervals.intervals(journeys, 1, draws, np.random.default_rng(SEED))
        found["interval95"] = {"markov1": {name: list(span) for name, span in spans.items()}}
    return found | {"total": float(journeys.conversions.sum())}


def suggestions(path: Path, asked: AskedBaskets, folds: int, bar: Bar) -> dict[str, Any]:
    """Try ways to suggest on a file of baskets. Faults E101 to E105."""
    baskets = _baskets(path, asked, bar)
    trial = try_out(baskets, folds, lambda done, whole: bar.share("folds", done, whole))
    methods = {
        name: {f"hr@{rank}": share for rank, share in one.hit.items()} | {"mrr@10": one.mrr10}
        for name, one in trial.methods.items()
    }
    counts = {"baskets": len(baskets), "asked": trial.asked, "articles": trial.articles}
    return {**methods[trial.best], "best": trial.best, "methods": methods, **counts}


def _baskets(path: Path, asked: AskedBaskets, bar: Bar) -> list[tuple[str, ...]]:
    with open_text(path) as (text, _raw), readable(path):
        first = text.readline()
        while first and not first.strip():
            first = text.readline()
        if first.lstrip().startswith(("[", "{")):
            return from_json_lines(chain([first], text))
    with open_table(path, bar.bytes) as table:
        return from_table(table.header, table.rows, asked)
