"""What logs of orders, journeys and baskets say; any file, nothing is written to the database.

What works it out is imported by the commands themselves: the others start without those libraries.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cloud_broker.cli.common import JsonOption, coded_errors, out, say, table_of
from cloud_broker.cli.progress import progress
from retail_core.insight.ltv.horizon import CHURN_DAYS, Horizon

app = typer.Typer()
insight_app = typer.Typer(help="顾客洞察 / what logs say of customers", no_args_is_help=True)
app.add_typer(insight_app, name="insight")


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
        bool,
        typer.Option("--skip-errors", help="读不懂的行跳过并计数 leave out what cannot be read"),
    ] = False,
    challenger: Annotated[
        bool, typer.Option("--challenger", help="让梯度提升树挑战流失模型 try boosted trees")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """十二个月价值、流失、下次购买 / BG/NBD and Gamma-Gamma, with a holdout shown."""
    from cloud_broker.cli import insight_work as work  # noqa: PLC0415  # see above

    asked = work.Asked(customer, date, amount, category, date_format, skip_bad)
    horizon = Horizon(margin=margin, yearly_discount=discount)
    day = None if until is None else until.date().toordinal()
    learn = work.trees() if challenger else None
    plan = work.Plan(unit.value, day, horizon, churn_days, learn)
    with coded_errors(), progress() as bar:
        values = work.value(work.Files(orders, out_file), asked, plan, bar, same_day=not each_row)
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
    from cloud_broker.cli import insight_work as work  # noqa: PLC0415  # see above

    asked = work.AskedPaths(path, conversions, value, nulls, separator)
    with coded_errors(), progress() as bar:
        found = work.attribution(paths, asked, draws, bar)
    if as_json:
        say(found, as_json=True)
        return
    shown = table_of("渠道 channel", *work.WAYS)
    for channel in sorted(found["markov1"]):
        shown.add_row(channel, *(f"{found[way][channel]:,.1f}" for way in work.WAYS))
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
    from cloud_broker.cli import insight_work as work  # noqa: PLC0415  # see above

    with coded_errors(), progress() as bar:
        found = work.suggestions(baskets, work.AskedBaskets(basket, item), folds, bar)
    if as_json:
        say(found, as_json=True)
        return
    shown = table_of("方法 method", "hr@1", "hr@5", "hr@10", "mrr@10")
    for name, figures in found["methods"].items():
        shown.add_row(name, *(f"{one:.4f}" for one in figures.values()))
    out.print(shown)
    say({name: found[name] for name in ("baskets", "asked", "articles")}, as_json=False)


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
