"""Tags: worked out for every member, shown for one, and the lines that they are drawn by."""

from dataclasses import asdict
from datetime import datetime
from types import ModuleType
from typing import Annotated
from uuid import UUID

import typer

from cloud_broker.adapters.postgres.tags import PostgresTagShelf
from cloud_broker.bootstrap import Office
from cloud_broker.cli.common import (
    EXIT_FAULT,
    ConfigOption,
    JsonOption,
    office_of,
    out,
    say,
    say_none,
    table_of,
)
from cloud_broker.domain.metrics.thresholds import Thresholds
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

TenantOption = Annotated[
    str, typer.Option("--tenant", help="租户短名;不写就是配置里的 short name; default: settings")
]
MASK = "•••"
APART_SHOWN = 20


def add_to(group: typer.Typer) -> None:
    """Put the commands into their group."""
    group.command("tags")(tags)
    group.command("member")(member)
    group.command("windows")(windows)
    group.command("copy")(copy)
    group.command("lines")(lines)


def tags(
    tenant: TenantOption = "",
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="算到哪天 up to which day")
    ] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """给每位会员算全部标签(每晚跑一次)/ work every tag of every member out; run it nightly."""
    with office_of(config) as office:
        insight = _insight()
        whose = tenant_of(office, tenant)
        with insight.engine_of(office, whose) as (engine, copied):
            day = None if as_of is None else as_of.date()
            ran = insight.tagging_of(office).run(whose, engine, day)
    say(asdict(ran) | ({} if copied is None else {"copied_days": copied.days}), as_json=as_json)


def windows(
    tenant: TenantOption = "", config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """核对:收银台随买随算的窗口,与今天全部重算的是否相同 / compare tills' windows with today's run.

    Ends with 3 and names members when one is another.
    """
    with office_of(config) as office:
        shelf = PostgresTagShelf(office.units, office.clock)
        compared, apart = shelf.windows_apart(tenant_of(office, tenant))
    say({"compared": compared, "apart": len(apart)}, as_json=as_json)
    if apart:
        for one in apart[:APART_SHOWN]:
            say_none(str(one))
        raise typer.Exit(EXIT_FAULT)


def copy(
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    whole: Annotated[bool, typer.Option("--whole", help="全部重写 write every day anew")] = False,
    as_json: JsonOption = False,
) -> None:
    """更新分析副本(Parquet)/ bring the copy for analysis up to date."""
    with office_of(config) as office:
        insight = _insight()
        copied = insight.refreshed(office, tenant_of(office, tenant), whole=whole)
        if copied is None:
            detail = "analytics_dir: 没有设 is not set"
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="settings", detail=detail)
    say({"days": copied.days, **copied.rows}, as_json=as_json)


def member(
    member_id: UUID,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """看一位会员的标签 / show a member's tags; sensitive ones are masked."""
    with office_of(config) as office:
        shelf = PostgresTagShelf(office.units, office.clock)
        found = shelf.tags_of(tenant_of(office, tenant), member_id)
    if found is None:
        say_none("还没有标签:先运行 cloud-broker insight tags / no tags yet: run it first")
        return
    held, words = found
    shown = [
        (word, MASK if word.masked else held.tags[word.key])
        for word in words
        if word.key in held.tags
    ]
    if as_json:
        values = {word.key: value for word, value in shown}
        day = held.as_of.isoformat()
        say({"as_of": day, "catalogue": held.catalogue, "tags": values}, as_json=True)
        return
    table = table_of("标签 tag", "名称", "name", "值 value")
    for word, value in shown:
        table.add_row(word.key, word.zh, word.en, _said(word.values, value))
    out.print(table)


def lines(
    draw: Annotated[
        list[str] | None, typer.Option("--set", help="名字=值 name=value,可多次 repeatable")
    ] = None,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """看或改划线的数:金额为分,比例为千分之一 / show or draw lines: fen, and thousandths."""
    with office_of(config) as office:
        whose = tenant_of(office, tenant)
        shelf = PostgresTagShelf(office.units, office.clock)
        wanted = dict(_line(one) for one in draw or ())
        # Looked at as a whole before the first is written.
        Thresholds.of(wanted)
        for name, value in wanted.items():
            shelf.draw_line(whose, name, value, "cli")
        say(shelf.lines(whose).named(), as_json=as_json)


def tenant_of(office: Office, slug: str) -> UUID:
    """Return the tenant a command names, or that of the settings; Fault API_NOT_FOUND."""
    if not slug:
        return office.tenant()
    found = office.units.tenant(slug)
    if found is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"tenant {slug!r}")
    return found


def _line(text: str) -> tuple[str, int]:
    name, _, value = text.partition("=")
    if not value.isascii() or not value.isdigit():
        raise Fault(FaultCode.TAG_THRESHOLD, name=name, value=value)
    return name, int(value)


def _said(values: object, value: object) -> str:
    said = values.get(str(value)) if isinstance(values, dict) else None
    return str(value) if said is None else " / ".join(said)


def _insight() -> ModuleType:
    """Bring in what works tags out: half a second, and packages a small cloud need not have."""
    try:
        from cloud_broker.bootstrap import insight  # noqa: PLC0415 - see above
    except ModuleNotFoundError as missing:
        raise Fault(FaultCode.METRICS_MISSING, package=missing.name or "ibis") from missing
    return insight
