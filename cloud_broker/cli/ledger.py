"""The books of points: what people decide, what a day does, and the proof that nothing is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cloud_broker.bootstrap import Office
from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    err,
    office_of,
    out,
    say,
    say_none,
    table_of,
)
from cloud_broker.ports.ledger import Adjustment
from cloud_broker.services.booking.repairing import RepairBench
from cloud_broker.services.points.day_close import DayCloser, parse_report
from cloud_broker.services.points.desk import OpeningRow, PointsDesk
from cloud_broker.services.points.files import month_csv, month_json, opening_rows
from cloud_broker.services.points.runs import PointsRuns
from cloud_broker.services.points.runs import Progress as Told
from cloud_broker.services.points.walk import LedgerWalks
from retail_core.errors import Fault
from retail_core.loyalty.policy import LoyaltyPolicy, parse_policy
from retail_core.texts.faults import FaultCode

EXIT_WRONG = 4
WRONG_SHOWN_MAX = 50

app = typer.Typer()
ledger_app = typer.Typer(help="积分账 / the books of points", no_args_is_help=True)
app.add_typer(ledger_app, name="ledger")

TokenOption = Annotated[
    str,
    typer.Option(
        envvar="REGULARS_HQ_TOKEN",
        help="是谁在操作:总部账号的 API 令牌(hq-user --token)/ who acts: a person's API token",
    ),
]
ReasonOption = Annotated[str, typer.Option(help="原因 why")]
EntityOption = Annotated[
    str,
    typer.Option("--legal-entity", help="法人主体,只有一个时可省 needed when there are several"),
]
FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


# So that -50 is a number of points and not an option.
@ledger_app.command(context_settings={"ignore_unknown_options": True})
def adjust(  # noqa: PLR0913  # each is an option of the command line
    member: Annotated[UUID, typer.Argument(help="会员编号 member id")],
    points: Annotated[int, typer.Argument(help="加(或减)多少 points to give, or below 0 to take")],
    reason: ReasonOption,
    token: TokenOption,
    legal_entity: EntityOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """申请一笔手工调整,等另一个人批准 / propose an adjustment; somebody else approves it."""
    with office_of(config) as office:
        who = office.access.who(token)
        made = _desk(office).propose(who, member, points, reason, legal_entity)
    say(_adjustment(made), as_json=as_json)


@ledger_app.command()
def approve(
    adjustment: Annotated[UUID, typer.Argument(help="调整编号 adjustment id")],
    token: TokenOption,
    config: ConfigOption = None,
    *,
    refuse: Annotated[bool, typer.Option("--refuse", help="不批准 refuse it instead")] = False,
    as_json: JsonOption = False,
) -> None:
    """批准别人申请的调整 / approve (or --refuse) what somebody else proposed."""
    with office_of(config) as office:
        who = office.access.who(token)
        made = _desk(office).decide(who, adjustment, "refused" if refuse else "approved")
    say(_adjustment(made), as_json=as_json)


@ledger_app.command()
def pending(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """等第二个人的调整 / adjustments that wait for a second person."""
    with office_of(config) as office:
        found = _desk(office).waiting(office.tenant())
    if as_json:
        say({"adjustments": [_adjustment(one) for one in found]}, as_json=True)
        return
    say({str(one.adjustment_id): _line(one) for one in found}, as_json=False)
    if not found:
        say_none("没有等第二个人的调整 / no adjustment waits for a second person")


@ledger_app.command()
def merge(
    source: Annotated[UUID, typer.Argument(help="被合并的会员 whose points move")],
    target: Annotated[UUID, typer.Argument(help="合并到谁 who gets them")],
    reason: ReasonOption,
    token: TokenOption,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """合并两个会员的积分 / merge the points of two members, by postings."""
    with office_of(config) as office:
        made = _desk(office).merge(office.access.who(token), source, target, reason)
    say({"merge": str(made.merge_id)}, as_json=as_json)


@ledger_app.command()
def unmerge(
    merge_id: Annotated[UUID, typer.Argument(help="合并编号 merge id")],
    reason: ReasonOption,
    token: TokenOption,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """撤销一次合并 / take a merge apart again, by postings."""
    with office_of(config) as office:
        made = _desk(office).unmerge(office.access.who(token), merge_id, reason)
    say({"merge": str(made.merge_id), "undone": True}, as_json=as_json)


@ledger_app.command("import-opening")
def import_opening(
    file: FileArgument,
    token: TokenOption,
    legal_entity: EntityOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """导入期初积分 CSV(member,points[,expires]) / import opening balances, all or none."""
    with office_of(config) as office:
        rows = list(opening_rows(file.read_text(encoding="utf-8-sig")))
        who = office.access.who(token)
        with _bar("期初 opening", as_json=as_json) as told:
            made = _desk(office).open_balances(who, _counted(rows, told), legal_entity)
    say({"booked": made.booked, "again": made.again, "points": made.points}, as_json=as_json)


@ledger_app.command()
def policy(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="新政策 JSON a new policy")
    ] = None,
    first: Annotated[str, typer.Option("--from", help="从哪天起 yyyy-mm-dd")] = "",
    token: Annotated[str, typer.Option(envvar="REGULARS_HQ_TOKEN")] = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """看或改积分政策:何时可用、何时过期 / show or set when points mature and expire."""
    with office_of(config) as office:
        desk = _desk(office)
        if file is not None:
            content = parse_policy(file.read_bytes())
            day = _day(first) if first else desk.today()
            desk.set_policy(office.access.who(token), day, content)
        found = desk.policies(office.tenant())
    versions = [
        {"from": day.isoformat(), "policy": msgspec.to_builtins(one)} for day, one in found.versions
    ]
    if as_json:
        say({"versions": versions}, as_json=True)
        return
    if not versions:
        say_none("还没有设过政策,用的是默认的 / no policy was set, the default holds")
        say({"默认 default": msgspec.to_builtins(LoyaltyPolicy())}, as_json=False)
    say({str(one["from"]): one["policy"] for one in versions}, as_json=False)


@ledger_app.command()
def expire(
    on: Annotated[str, typer.Option(help="哪个营业日,默认今天 business day yyyy-mm-dd")] = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """每天跑一次:到期、转可用、抵欠、合并补扫 / the daily run: mature, settle, sweep, expire."""
    with office_of(config) as office, _bar("会员 members", as_json=as_json) as told:
        repairs = RepairBench(office.units, office.clock)
        runs = PointsRuns(office.units, _desk(office), repairs)
        ran = runs.daily(office.tenant(), told, _day(on) if on else None)
    values = {"day": ran.day.isoformat(), "wallets": ran.wallets, "refunds": ran.refunds}
    say(values | {name: ran.points[name] for name in sorted(ran.points)}, as_json=as_json)


@ledger_app.command()
def lots(
    member: Annotated[UUID, typer.Argument(help="会员编号 member id")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """会员的积分批次:从哪天来、到哪天止 / a member's points: from when, until when."""
    with office_of(config) as office:
        found = _desk(office).lots(office.tenant(), member)
    rows: list[dict[str, object]] = [
        {
            "points": points,
            "from": lot.day.isoformat(),
            "until": None if lot.expires is None else lot.expires.isoformat(),
            "receipt": str(lot.receipt_id),
        }
        for lot, points in found
    ]
    if as_json:
        say({"lots": rows}, as_json=True)
        return
    table = table_of("积分 points", "从 from", "到 until", "小票 receipt")
    for row in rows:
        table.add_row(*(str(row[name] or "-") for name in ("points", "from", "until", "receipt")))
    out.print(table)
    if not rows:
        say_none("她没有积分 / she has no points")


@ledger_app.command("close-day")
def close_day(
    report: FileArgument,
    token: TokenOption,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """日结:收银机 Z 报表(JSON)与账逐项比对 / compare a till's Z-report with the books.

    Ends with code 4 when they differ; the day is kept as closed with its differences.
    """
    with office_of(config) as office:
        who = office.access.who(token)
        closed, times = DayCloser(office.units, office.clock).close(
            who, parse_report(report.read_bytes())
        )
    differences = [
        {"where": one.where, "figure": one.figure, "till": one.till, "books": one.books}
        for one in closed.differences
    ]
    if as_json:
        values = {"store": str(closed.store), "date": closed.day.isoformat(), "times": times}
        say(values | {"differences": differences}, as_json=True)
    elif differences:
        table = table_of("哪里 where", "项目 figure", "收银机 till", "账 books")
        for one in differences:
            table.add_row(*(str(one[name]) for name in ("where", "figure", "till", "books")))
        out.print(table)
    else:
        say({"结果 result": "一致 no difference", "次 times": times}, as_json=False)
    if differences:
        raise typer.Exit(EXIT_WRONG)


@ledger_app.command()
def export(
    month: Annotated[str, typer.Argument(help="月份 yyyy-mm")],
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="写 CSV 的目录 folder for the CSV files")
    ] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """月报:每个法人主体的积分负债、过期与店间清算 / liability, breakage and clearing of a month."""
    year, number = _month(month)
    with office_of(config) as office, _bar("会员 members", as_json=as_json) as told:
        made = LedgerWalks(office.units).month(office.tenant(), year, number, told)
    if out_dir is not None:
        out_dir.mkdir(parents=True, exist_ok=True)
        for ending, text in month_csv(made).items():
            (out_dir / f"points-{month}-{ending}").write_text(text, encoding="utf-8")
    if as_json:
        say(month_json(made), as_json=True)
        return
    for text in month_csv(made).values():
        header, *rows = (line.split(",") for line in text.splitlines())
        table = table_of(*header)
        for row in rows:
            table.add_row(*row)
        out.print(table)


@ledger_app.command()
def verify(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """验账:总和为零、无负数、批次等于余额、设备的哈希链完整 / prove the books; code 4 if wrong."""
    with office_of(config) as office, _bar("会员 members", as_json=as_json) as told:
        found = LedgerWalks(office.units).verify(office.tenant(), told)
    values = {
        "wallets": found.wallets,
        "chains": found.chains,
        "events": found.events,
        "total": found.total,
    }
    if as_json:
        say(values | {"wrong": found.wrong}, as_json=True)
    else:
        say(values | {"错 wrong": len(found.wrong)}, as_json=False)
        for line in found.wrong[:WRONG_SHOWN_MAX]:
            out.print(f"  {line}", markup=False)
    if found.wrong:
        fault = Fault(FaultCode.LEDGER_WRONG, count=len(found.wrong), first=found.wrong[0])
        err.print(f"{fault.code.value} {fault.text('zh')}", style="red", markup=False)
        raise typer.Exit(EXIT_WRONG)


def _desk(office: Office) -> PointsDesk:
    return PointsDesk(office.units, office.clock, office.ids, office.settings.zone)


@contextmanager
def _bar(title: str, *, as_json: bool) -> Iterator[Told]:
    """Show how far a long run is, on the error stream; nothing with --json."""
    columns = TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=err, disable=as_json, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _counted(rows: list[OpeningRow], told: Told) -> Iterator[OpeningRow]:
    for number, row in enumerate(rows, start=1):
        yield row
        told(number, len(rows))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        detail = f"{text!r}: yyyy-mm-dd"
        raise Fault(FaultCode.API_BODY_INVALID, detail=detail) from None


def _month(text: str) -> tuple[int, int]:
    try:
        found = datetime.strptime(text, "%Y-%m")  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise typer.BadParameter(f"{text!r}: yyyy-mm") from None
    return found.year, found.month


def _adjustment(one: Adjustment) -> dict[str, object]:
    return {
        "adjustment": str(one.adjustment_id),
        "member": str(one.member),
        "points": one.points,
        "reason": one.reason,
        "proposed_by": one.proposed_by,
        "decision": one.decision,
        "decided_by": one.decided_by,
    }


def _line(one: Adjustment) -> str:
    return f"{one.points:+d}  {one.member}  {one.reason}  ({one.proposed_by})"
