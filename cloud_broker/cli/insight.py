"""What logs of orders, journeys and baskets say; any file, nothing is written to the database."""

import csv
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from cloud_broker.adapters.analytics.table_file import open_table, open_text, readable
from cloud_broker.cli.common import JsonOption, coded_errors, err, out, say, table_of
from retail_core.insight.attribution import intervals, markov, rules
from retail_core.insight.leave_one_out import try_out
from retail_core.insight.ltv.churn import Learn
from retail_core.insight.ltv.report import CHURN_DAYS, Plan, work_out
from retail_core.insight.ltv.summary import merge_days
from retail_core.insight.ltv.telling import HEADINGS, as_values, customer_rows
from retail_core.insight.ltv.value import Horizon
from retail_core.insight.tabular.baskets import AskedBaskets, from_json_lines, from_table
from retail_core.insight.tabular.orders import Asked, OrderLog, read_orders
from retail_core.insight.tabular.paths import AskedPaths, read_paths

app = typer.Typer()
insight_app = typer.Typer(help="顾客洞察 / what logs say of customers", no_args_is_help=True)
app.add_typer(insight_app, name="insight")

SEED = 20_261_101  # the same file gives the same intervals


class Unit(StrEnum):
    """Units of time of a model."""

    days = "days"
    weeks = "weeks"
    months = "months"


@insight_app.callback()
def _group() -> None:
    """顾客洞察 / what logs say of customers."""


@insight_app.command()
def ltv(  # noqa: PLR0913  # each is an option of the command line
    orders: Annotated[
        Path, typer.Option("--orders", help="订单记录:CSV、空格分列、gzip / a log of orders")
    ],
    unit: Annotated[Unit, typer.Option(help="时间单位 unit of time")] = Unit.weeks,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="模型只看到这天为止 the model knows days up to it"),
    ] = None,
    customer: Annotated[str, typer.Option(help="顾客列 column of the customer")] = "",
    date: Annotated[str, typer.Option(help="日期列 column of the day")] = "",
    amount: Annotated[str, typer.Option(help="金额列 column of the amount")] = "",
    category: Annotated[str, typer.Option(help="品类列 column of the category")] = "",
    date_format: Annotated[
        str,
        typer.Option(
            help="ymd、dmy、mdy、yyyymmdd、named、epoch 或 %Y-%m-%d 这样的式样 / a pattern"
        ),
    ] = "",
    margin: Annotated[float, typer.Option(min=0, max=1, help="毛利率 share earned")] = 1.0,
    discount: Annotated[float, typer.Option(min=0, max=1, help="年折现率 yearly discount")] = 0.0,
    churn_days: Annotated[
        int, typer.Option(min=7, max=365, help="流失看多少天 horizon")
    ] = CHURN_DAYS,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="每位顾客一行的 CSV / a row a customer")
    ] = None,
    *,
    each_row: Annotated[
        bool,
        typer.Option("--each-row", help="同一天的几行各算一次购买 rows of one day count each"),
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="读不懂的行跳过并计数 leave out what cannot be read")
    ] = False,
    challenger: Annotated[
        bool, typer.Option("--challenger", help="让梯度提升树挑战流失模型 try boosted trees")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """十二个月价值、流失、下次购买 / BG/NBD and Gamma-Gamma, with a holdout shown."""
    asked = Asked(customer, date, amount, category, date_format, skip_bad)
    learn: Learn | None = None
    if challenger:
        # Imported here: nothing else needs the trees.
        from cloud_broker.adapters.analytics import boosting  # noqa: PLC0415  # see above

        learn = boosting.learn
    day = None if until is None else until.date().toordinal()
    plan = Plan(
        unit.value, day, Horizon(margin=margin, yearly_discount=discount), churn_days, learn
    )
    with coded_errors(), _progress() as bar:
        log = _orders(orders, asked, bar)
        cleaned = merge_days(log.customer, log.day, log.amount, same_day=not each_row)
        report = work_out(cleaned.purchases, plan, bar.step)
        if out_file is not None:
            with readable(out_file), out_file.open("w", encoding="utf-8", newline="") as text:
                writer = csv.writer(text)
                writer.writerow(HEADINGS)
                writer.writerows(customer_rows(report, log, cleaned.who))
    read = {"rows": log.rows, **log.left_out, "days_of_returns": cleaned.days_of_returns}
    values = as_values(report) | {"unit": unit.value, "read": read | {"columns": log.columns}}
    say(values if as_json else _flat(values), as_json=as_json)


@insight_app.command()
def attribution(  # noqa: PLR0913  # each is an option of the command line
    paths: Annotated[
        Path, typer.Option("--paths", help="按路径汇总的 CSV,可 gzip / aggregated paths")
    ],
    path: Annotated[str, typer.Option(help="路径列 column of the path")] = "",
    conversions: Annotated[str, typer.Option(help="转化列 column of conversions")] = "",
    value: Annotated[str, typer.Option(help="金额列 column of their value")] = "",
    nulls: Annotated[str, typer.Option(help="未转化列 column of journeys without")] = "",
    separator: Annotated[str, typer.Option(help="渠道之间的符号 between channels")] = "",
    draws: Annotated[
        int, typer.Option("--bootstrap", min=0, max=10_000, help="抽多少次算区间 draws")
    ] = 0,
    *,
    as_json: JsonOption = False,
) -> None:
    """每个渠道带来多少转化 / exact Markov (order 1, 2), Shapley, first, last, linear."""
    asked = AskedPaths(path, conversions, value, nulls, separator)
    with coded_errors(), _progress() as bar:
        with open_table(paths, bar.bytes) as table:
            journeys = read_paths(table.header, table.rows, asked)
        bar.step("markov")
        ways = {
            "markov1": markov.credit(journeys, 1),
            "markov2": markov.credit(journeys, 2),
            "shapley": rules.credit(journeys, rules.shapley),
            "first": rules.credit(journeys, rules.first),
            "last": rules.credit(journeys, rules.last),
            "linear": rules.credit(journeys, rules.linear),
        }
        spans = {}
        if draws:
            bar.step("bootstrap")
            rng = np.random.default_rng(SEED)
            spans = intervals.intervals(journeys, 1, draws, rng)
    found: dict[str, object] = {name: one.conversions for name, one in ways.items()}
    if journeys.value is not None:
        found["value"] = {name: one.value for name, one in ways.items()}
    if spans:
        found["interval95"] = {"markov1": {name: list(span) for name, span in spans.items()}}
    found["total"] = float(journeys.conversions.sum())
    if as_json:
        say(found, as_json=True)
        return
    shown = table_of("渠道 channel", *ways)
    for channel in sorted(journeys.channels()):
        shown.add_row(channel, *(f"{one.conversions[channel]:,.1f}" for one in ways.values()))
    out.print(shown)


@insight_app.command()
def recommend(
    baskets: Annotated[
        Path, typer.Option("--baskets", help="小票:JSONL,CSV 一行一件或一行一单 / baskets")
    ],
    basket: Annotated[str, typer.Option(help="小票列 column of the basket")] = "",
    item: Annotated[str, typer.Option(help="商品列 column of the article")] = "",
    folds: Annotated[int, typer.Option(min=2, max=100, help="分几份 folds")] = 10,
    *,
    as_json: JsonOption = False,
) -> None:
    """抽走一件能不能猜中 / leave-one-out hit rates of the ways to suggest."""
    with coded_errors(), _progress() as bar:
        read = _baskets(baskets, AskedBaskets(basket, item), bar)
        trial = try_out(read, folds, lambda done, all_: bar.share("folds", done, all_))
    methods = {
        name: {f"hr@{rank}": share for rank, share in one.hit.items()} | {"mrr@10": one.mrr10}
        for name, one in trial.methods.items()
    }
    counts = {"baskets": len(read), "asked": trial.asked, "articles": trial.articles}
    if as_json:
        say({**methods[trial.best], "best": trial.best, "methods": methods, **counts}, as_json=True)
        return
    shown = table_of("方法 method", "hr@1", "hr@5", "hr@10", "mrr@10")
    for name, figures in methods.items():
        shown.add_row(name, *(f"{one:.4f}" for one in figures.values()))
    out.print(shown)
    say(counts, as_json=False)


def _orders(path: Path, asked: Asked, bar: "_Bar") -> OrderLog:
    with open_table(path, bar.bytes) as table:
        return read_orders(table.header, table.rows, asked)


def _baskets(path: Path, asked: AskedBaskets, bar: "_Bar") -> list[tuple[str, ...]]:
    with open_text(path) as (text, _raw), readable(path):
        first = text.readline()
        while first and not first.strip():
            first = text.readline()
        if first.lstrip().startswith(("[", "{")):
            return from_json_lines(chain([first], text))
    with open_table(path, bar.bytes) as table:
        return from_table(table.header, table.rows, asked)


def _flat(values: Mapping[str, object], before: str = "") -> dict[str, object]:
    """Return nested values by dotted names, lists as one line each."""
    found: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{before}{name}.")
        elif isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
            for nth, one in enumerate(value):
                cells = (f"{key} {_short(cell)}" for key, cell in one.items())
                found[f"{before}{name}.{nth + 1}"] = ", ".join(cells)
        else:
            found[f"{before}{name}"] = _short(value)
    return found


def _short(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value


class _Bar:
    """Shows on the error stream what is at work and how far it is."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("…", total=None)

    def bytes(self, done: int, whole: int) -> None:
        """Show how much of a file is read."""
        self.share("read", done, whole)

    def share(self, what: str, done: int, whole: int) -> None:
        """Show how much of some work is done."""
        self._bar.update(self._task, description=what, completed=done, total=whole)

    def step(self, what: str) -> None:
        """Show what is worked out now."""
        self._bar.update(self._task, description=what, completed=0, total=None)


@contextmanager
def _progress() -> Iterator[_Bar]:
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    hidden = not sys.stderr.isatty()
    with Progress(*columns, console=err, disable=hidden, transient=True) as bar:
        yield _Bar(bar)
