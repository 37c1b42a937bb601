"""Customers' value: the published tables of CDNOW, and a million simulated customers."""

import time
from datetime import date
from pathlib import Path

import numpy as np

from cloud_broker.adapters.analytics.table_file import open_table
from retail_core.insight.ltv import bgnbd, churn
from retail_core.insight.ltv.report import Plan, Report, work_out
from retail_core.insight.ltv.summary import Summary, merge_days
from retail_core.insight.tabular.orders import read_orders
from tools.bench.bench_insight.files import absent
from tools.bench.report import Bench, Row

CDNOW = "cdnow_sample_elog.csv.gz"
# Fader, Hardie and Lee 2005 and the note on Gamma-Gamma, with as many places as they print.
PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426, "log_likelihood": -9582.4}
PUBLISHED_SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}
PLACES = {"log_likelihood": 1, "p": 2, "q": 2, "v": 2}
UNTIL = date(1997, 9, 30).toordinal()
CUSTOMERS = 1_000_000
FIT_BAR_S = 3.0
SEED = 1


def measure(bench: Bench, folder: Path) -> None:
    """Add the rows of the published tables and of a million."""
    path = folder / CDNOW
    if path.exists():
        _published(bench, path)
    else:
        bench.add(absent("CDNOW sample: figures unlike the published", "", 0, path))
    _million(bench)


def _published(bench: Bench, path: Path) -> None:
    with open_table(path) as table:
        log = read_orders(table.header, table.rows)
    cleaned = merge_days(log.customer, log.day, log.amount)
    report = work_out(cleaned.purchases, Plan(until=UNTIL))
    found = _figures(report)
    unlike = 0
    for name, printed in (PUBLISHED | PUBLISHED_SPEND).items():
        rounded = round(found[name], PLACES.get(name, 3))
        unlike += rounded != printed
        bench.add(Row(f"CDNOW sample: {name}", found[name], "", peer=f"published {printed}"))
    bench.add(Row("CDNOW sample: figures unlike the published", unlike, "", 0))
    began = time.perf_counter()
    bgnbd.fit(report.summary)
    bench.add(Row("CDNOW sample: fit", 1e3 * (time.perf_counter() - began), "ms"))
    held = report.holdout
    if held is not None:
        naive = f"her own rate {held.naive_ratio:.3f}, {held.naive_mae:.3f}"
        bench.add(Row("CDNOW holdout: expected over actual", held.ratio, "", peer=naive))
        bench.add(Row("CDNOW holdout: mean absolute error", held.mae, "purchases", peer=naive))
        perfect = f"perfect {held.top_decile_perfect or 0:.3f}"
        share = held.top_decile_share
        bench.add(Row("CDNOW holdout: spend in the best tenth", share, "", peer=perfect))
    _churn(bench, report.churn)


def _churn(bench: Bench, trial: churn.Trial) -> None:
    for fold in trial.folds[-1:]:
        peer = f"silence {fold.by_silence:.3f}, 1 - P(alive) {fold.by_p_alive:.3f}"
        bench.add(Row("CDNOW churn in 90 days: AUC", fold.by_expected, "", peer=peer))


def _figures(report: Report) -> dict[str, float]:
    model, spend = report.model, report.spend
    found = {name: float(getattr(model, name)) for name in PUBLISHED}
    return found | {name: float(getattr(spend, name)) for name in PUBLISHED_SPEND}


def _million(bench: Bench) -> None:
    summary = simulated(CUSTOMERS)
    began = time.perf_counter()
    model = bgnbd.fit(summary)
    fitted_s = time.perf_counter() - began
    began = time.perf_counter()
    bgnbd.expected_purchases(model, summary, 365.0)
    scored_s = time.perf_counter() - began
    planted = "planted r 0.8, alpha 40, a 0.8, b 2.5"
    said = f"r {model.r:.3f}, alpha {model.alpha:.2f}, a {model.a:.3f}, b {model.b:.3f}; {planted}"
    bench.add(Row("fit of 1,000,000 customers", fitted_s, "s", FIT_BAR_S, peer=said))
    bench.add(Row("expected purchases of 1,000,000 customers", scored_s, "s"))


def simulated(size: int) -> Summary:
    """Draw customers as the model tells of them, days whole, each up to two years old."""
    rng = np.random.default_rng(SEED)
    rate, leaves = rng.gamma(0.8, 1 / 40.0, size), rng.beta(0.8, 2.5, size)
    age = rng.integers(30, 730, size).astype(np.float64)
    now, recency = np.zeros(size), np.zeros(size)
    repeat = np.zeros(size, dtype=np.int64)
    there = np.arange(size)
    while there.size:
        now[there] += rng.exponential(1 / rate[there])
        there = there[now[there] <= age[there]]
        repeat[there] += 1
        recency[there] = np.ceil(now[there])
        there = there[rng.random(there.size) >= leaves[there]]
    nothing, none = np.zeros(size), np.zeros(size, dtype=np.int64)
    return Summary(np.arange(size), repeat, recency, age, nothing, nothing, none, none)
