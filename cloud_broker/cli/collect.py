"""Sources of events and orders: made, their keys changed, what could not be used looked at."""

import json
from typing import Annotated, Literal
from uuid import UUID

import typer

from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    office_of,
    out,
    say,
    say_none,
    table_of,
)
from cloud_broker.services.insight.sources import SECRETS
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

app = typer.Typer()
group = typer.Typer(help="渠道数据源 / sources of events and orders", no_args_is_help=True)
app.add_typer(group, name="collect")

Kind = Literal["sdk", "oms", "wechat_mini", "douyin"]
SourceArgument = Annotated[str, typer.Argument(help="数据源名称或编号 name or id")]
OriginOption = Annotated[
    list[str] | None,
    typer.Option("--origin", help="网页来源 https://…,可多次 pages it takes from, repeatable"),
]


@group.command("source")
def make(
    name: Annotated[str, typer.Argument(help="名称 name")],
    channel: Annotated[str, typer.Option(help="渠道代码,如 web、wechat_mini a short code")],
    kind: Annotated[Kind, typer.Option(help="SDK 或连接器 SDK or a connector")] = "sdk",
    origin: OriginOption = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """新建数据源;密钥只显示一次 / make a source; its key is shown once."""
    secrets = {one: typer.prompt(one, hide_input=True, err=True) for one in SECRETS[kind]}
    with office_of(config) as office:
        tenant = office.tenant()
        made = office.channels.sources.make(
            tenant, name, channel, kind, who="cli", origins=origin or (), secrets=secrets
        )
        path = f"/v1/connect/{tenant}/{made.source.source_id}"
        url = office.settings.url_for_stores
    said: dict[str, object] = {"id": str(made.source.source_id), "channel": channel, "kind": kind}
    said |= {"key" if kind == "sdk" else "secret": made.shown} if made.shown else {}
    say(said | {"url": url + ("/v1" if kind == "sdk" else path)}, as_json=as_json)


@group.command("sources")
def list_sources(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """列出数据源 / list the sources."""
    with office_of(config) as office:
        tenant = office.tenant()
        found = [
            (one, office.channels.sources.keys_of(tenant, one.source_id))
            for one in office.channels.sources.all(tenant)
        ]
        now_ms = office.clock.now_ms()
    if as_json:
        rows = [
            {
                "id": str(one.source_id),
                "name": one.name,
                "channel": one.channel,
                "kind": one.kind,
                "origins": list(one.origins),
                "ended_ms": one.ended_ms,
                "keys": sum(key.good(now_ms) for key in keys),
                "used_ms": max((key.used_ms or 0 for key in keys), default=0),
            }
            for one, keys in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = table_of(
        "编号 id", "名称 name", "渠道 channel", "类别 kind", "来源 origins", "状态 state"
    )
    for one, _ in found:
        state = "有效 valid" if one.ended_ms is None else "已停用 ended"
        row = (str(one.source_id), one.name, one.channel, one.kind, " ".join(one.origins), state)
        table.add_row(*row)
    out.print(table)
    if not found:
        say_none("还没有数据源:collect source / there is no source yet: collect source")


@group.command("key")
def key(
    source: SourceArgument,
    config: ConfigOption = None,
    *,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="旧密钥马上停用 the old keys end at once")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """换一把写入密钥,旧的再用一天 / draw another write key; the old one lives for a day."""
    with office_of(config) as office:
        tenant, sources = office.tenant(), office.channels.sources
        found = sources.named(tenant, source)
        text = sources.rotate(tenant, found.source_id, who="cli", at_once=at_once)
    say({"source": found.name, "key": text}, as_json=as_json)


@group.command("origins")
def origins(
    source: SourceArgument,
    origin: OriginOption = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """改数据源收哪些网页来的 / say anew from which pages a source takes."""
    with office_of(config) as office:
        tenant, sources = office.tenant(), office.channels.sources
        found = sources.named(tenant, source)
        sources.let_in(tenant, found.source_id, origin or (), who="cli")
    say({"source": found.name, "origins": origin or []}, as_json=as_json)


@group.command("end")
def end(
    source: SourceArgument, config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """停用数据源,立即生效 / end a source at once."""
    with office_of(config) as office:
        tenant, sources = office.tenant(), office.channels.sources
        found = sources.named(tenant, source)
        sources.end(tenant, found.source_id, who="cli")
    say({"ended": found.name}, as_json=as_json)


@group.command("refused")
def refused(
    config: ConfigOption = None,
    *,
    state: Annotated[Literal["open", "taken", "dropped"], typer.Option(help="哪些 which")] = "open",
    as_json: JsonOption = False,
) -> None:
    """列出用不了的消息和原因 / list messages that could not be used, and why."""
    with office_of(config) as office:
        found = office.channels.collecting.refused(office.tenant(), state)
        counts = office.channels.collecting.count_refused(office.tenant())
    if as_json:
        rows = [
            {
                "id": str(one.refused_id),
                "source": str(one.source),
                "received_ms": one.received_ms,
                "code": one.code,
                "detail": one.detail,
                "payload": one.payload.decode("utf-8", "replace"),
            }
            for one in found
        ]
        typer.echo(json.dumps({"open": dict(counts), "rows": rows}, ensure_ascii=False))
        return
    table = table_of("编号 id", "代码 code", "原因 why", "细节 detail")
    for one in found:
        why = Fault(FaultCode(one.code)).text("zh")
        table.add_row(str(one.refused_id), one.code, why, one.detail)
    out.print(table)
    if not found:
        say_none("没有用不了的消息 / there is no message that could not be used")


@group.command("again")
def again(
    refused_id: Annotated[UUID, typer.Argument(help="编号 id")],
    config: ConfigOption = None,
    *,
    drop: Annotated[bool, typer.Option("--drop", help="不要了 let go of it instead")] = False,
    as_json: JsonOption = False,
) -> None:
    """再试一次,或不要了 / try a message again, or let go of it."""
    with office_of(config) as office:
        collecting, tenant = office.channels.collecting, office.tenant()
        if drop:
            collecting.drop(tenant, refused_id, who="cli")
            said: dict[str, object] = {"dropped": str(refused_id)}
        else:
            took = collecting.again(tenant, refused_id, who="cli")
            said = {"stored": took.stored, "again": took.again}
    say(said, as_json=as_json)
