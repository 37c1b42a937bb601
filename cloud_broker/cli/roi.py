"""Returns: of channels and stores, what channels cost, against which days stores are compared.

What works it out is imported by the commands themselves: the others start without those libraries.
"""

import csv
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any
from uuid import UUID

import typer

from cloud_broker.adapters.analytics.table_file import readable
from cloud_broker.cli.common import ConfigOption, JsonOption, office_of, out, say, table_of
from cloud_broker.cli.tags import TenantOption, tenant_of
from retail_core.errors import Fault
from retail_core.money import format_yuan
from retail_core.texts.faults import FaultCode

FromOption = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="第一天 first day")
]
ToOption = Annotated[
    datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="最后一天 last day")
]


def add_to(group: typer.Typer) -> None:
    """Put the commands into their group."""
    group.command("roi")(roi)
    group.command("costs")(costs)
    group.command("baseline")(baseline)


def roi(  # noqa: PLR0913  # each is an option of the command line
    first: FromOption = None,
    last: ToOption = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="渠道写到这个文件 write channels to a file")
    ] = None,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    quarantined: Annotated[
        bool, typer.Option("--with-quarantined", help="连隔离的一起算 count what is set apart, too")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """渠道和门店各带来多少、花了多少 / what channels and stores brought, and what it cost."""
    with office_of(config) as office:
        insight = _insight()
        report = insight.roi_of(office).report(
            tenant_of(office, tenant),
            None if first is None else first.date(),
            None if last is None else last.date(),
            quarantined=quarantined,
        )
        words = _words()
        if csv_file is not None:
            with (
                readable(csv_file),
                csv_file.open("w", encoding="utf-8-sig", newline="") as text,
            ):
                csv.writer(text).writerows(words.channel_rows(report, _ways()))
    if as_json:
        say(words.roi_said(report), as_json=True)
        return
    _print(report)


def costs(
    file: Annotated[Path | None, typer.Argument(help="费用表 CSV a file of costs")] = None,
    undo: Annotated[UUID | None, typer.Option(help="撤回一次导入 take an import back")] = None,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    preview: Annotated[
        bool, typer.Option("--dry-run", help="只看不收 look, take nothing in")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """导入、列出、撤回渠道费用 / take in, list or take back what channels cost."""
    with office_of(config) as office:
        desk, words, whose = _insight().roi_of(office), _words(), tenant_of(office, tenant)
        if undo is not None:
            desk.undo_costs(whose, undo, who="cli")
        elif file is not None:
            with readable(file):
                content = file.read_bytes()
            if preview:
                say(words.costs_said(desk.look(whose, content)), as_json=as_json)
                return
            made = desk.take_costs(whose, file.name, content, who="cli")
            say(words.import_said(made), as_json=as_json)
            return
        found = [words.import_said(one) for one in desk.cost_imports(whose)]
    if as_json:
        say({"imports": found}, as_json=True)
        return
    table = table_of("编号 id", "文件 file", "行 rows", "金额 amount", "状态 state")
    for one in found:
        state = "有效 stands" if one["undone_ms"] is None else "已撤回 taken back"
        cells = (one["id"], one["name"], f"{one['rows']}", format_yuan(one["fen"]), state)
        table.add_row(*cells)
    out.print(table)


def baseline(
    first: FromOption = None,
    last: ToOption = None,
    margin: Annotated[
        int | None, typer.Option(min=0, max=1000, help="毛利率,千分之几 margin in thousandths")
    ] = None,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """看或定门店和哪段时间比 / show or choose the days that stores are compared with."""
    with office_of(config) as office:
        desk, whose = _insight().roi_of(office), tenant_of(office, tenant)
        if first is not None and last is not None:
            desk.set_baseline(whose, first.date(), last.date(), margin, who="cli")
        held = desk.shelf.baseline(whose)
    said: dict[str, object] = {"from": None, "to": None, "margin_permille": None}
    if held is not None:
        said = {
            "from": held.first.isoformat(),
            "to": held.last.isoformat(),
            "margin_permille": held.margin_permille,
        }
    say(said, as_json=as_json)


def _print(report: Any) -> None:
    ways = _ways()
    table = table_of("渠道 channel", *ways, "花费 cost", "ROI")
    for one in report.channels:
        shares = (format_yuan(round(one.fen.get(name, 0.0))) for name in ways)
        roi_ = "—" if one.roi_permille is None else f"{one.roi_permille / 10:.1f}%"
        table.add_row(one.channel, *shares, format_yuan(one.cost_fen), roi_)
    out.print(table)
    stores = table_of("门店 store", "贡献 contribution", "线上带来 from online", "回本天数 payback")
    for one in report.stores:
        paid = "—" if one.payback_days is None else str(one.payback_days)
        credit = one.credit
        amounts = (format_yuan(round(credit.credit_fen)), format_yuan(credit.helped_fen))
        stores.add_row(one.name, *amounts, paid)
    out.print(stores)
    values = {
        "from": report.span.first,
        "to": report.span.last,
        "journeys": f"{report.journeys:,}",
        "orders": f"{report.orders:,}",
        "net": format_yuan(report.net_fen),
    }
    say(values, as_json=False)


def _ways() -> tuple[str, ...]:
    from retail_core.insight.attribution.ways import WAYS  # noqa: PLC0415 - see above

    return tuple(WAYS)


def _words() -> ModuleType:
    from cloud_broker.services.insight import roi_words  # noqa: PLC0415 - see above

    return roi_words


def _insight() -> ModuleType:
    """Bring in what reckons: a small cloud need not have its libraries."""
    try:
        from cloud_broker.bootstrap import roi as made  # noqa: PLC0415 - see above
    except ModuleNotFoundError as missing:
        raise Fault(FaultCode.METRICS_MISSING, package=missing.name or "scipy") from missing
    return made
