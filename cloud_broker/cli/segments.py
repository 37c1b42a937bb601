"""Segments: made from a file, looked at, listed, brought up to date, ended."""

import json
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from cloud_broker.bootstrap.segments import segmenting_of
from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    office_of,
    out,
    say,
    say_none,
    table_of,
)
from cloud_broker.cli.tags import TenantOption, tenant_of
from cloud_broker.services.insight.segmenting import Change, looked_said, plain
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

group = typer.Typer(help="客群 / segments of members", no_args_is_help=True)
DefinitionArgument = Annotated[
    Path, typer.Argument(help="条件 JSON 文件 file of the definition", exists=True, dir_okay=False)
]
SegmentArgument = Annotated[UUID, typer.Argument(help="客群编号 id of the segment")]
NoteOption = Annotated[str | None, typer.Option(help="说明 what it is for")]


def add_to(insight: typer.Typer) -> None:
    """Put the commands into their group."""
    insight.add_typer(group, name="segments")


@group.command("list")
def list_all(
    tenant: TenantOption = "", config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """列出客群和人数 / list segments with their size."""
    with office_of(config) as office:
        whose, book = tenant_of(office, tenant), segmenting_of(office).book
        runs = book.last_runs(whose)
        found = [plain(one, runs.get(one.segment_id)) for one in book.segments(whose)]
    if as_json:
        say({"segments": found}, as_json=True)
        return
    if not found:
        say_none("还没有客群 / there are no segments yet")
        return
    table = table_of("编号 id", "名称 name", "人数 people", "进 entered", "出 left", "看于 as of")
    for one in found:
        ended = " (已结束 ended)" if one["ended"] else ""
        cells = (one.get(name, "") for name in ("people", "entered", "left", "as_of"))
        table.add_row(one["segment_id"], one["name"] + ended, *map(str, cells))
    out.print(table)


@group.command("create")
def create(
    name: Annotated[str, typer.Argument(help="名称 name")],
    definition: DefinitionArgument,
    note: NoteOption = None,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """新建客群并算出人 / make a segment and find who belongs to it."""
    with office_of(config) as office:
        work, whose = segmenting_of(office), tenant_of(office, tenant)
        made = work.create(whose, name, _json(definition), who="cli", note=note or "")
        say(plain(made, work.book.last_runs(whose)[made.segment_id]), as_json=as_json)


@group.command("change")
def change(  # noqa: PLR0913  # each is an option of the command line
    segment: SegmentArgument,
    definition: Annotated[
        Path | None, typer.Argument(help="条件 JSON 文件 file", exists=True, dir_okay=False)
    ] = None,
    name: Annotated[str | None, typer.Option(help="改名 a new name")] = None,
    note: NoteOption = None,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """改客群,旧版留着 / change a segment; what it was stays as a version."""
    with office_of(config) as office:
        work, whose = segmenting_of(office), tenant_of(office, tenant)
        held = work.standing(whose, segment)
        said = None if definition is None else _json(definition)
        made = work.change(whose, segment, held.version, Change(name, note, said), who="cli")
        say(plain(made, work.book.last_runs(whose)[segment]), as_json=as_json)


@group.command("look")
def look(
    definition: DefinitionArgument,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """试算:多少人,几位样本,不保存 / say how many fit, with a masked sample; nothing is kept."""
    with office_of(config) as office:
        work, whose = segmenting_of(office), tenant_of(office, tenant)
        looked = work.look(whose, _json(definition))
    if as_json:
        say(looked_said(looked), as_json=True)
        return
    say({"people": looked.people}, as_json=False)
    table = table_of("会员 member", "姓名 name", "等级 tier", "门店 store", "标签 tags")
    for one in looked.some:
        tags = ", ".join(f"{key}={value}" for key, value in one.tags.items())
        table.add_row(str(one.person), one.name, one.tier, one.store, tags)
    out.print(table)


@group.command("people")
def people(
    segment: SegmentArgument,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """客群里的会员编号,每行一个 / the members of a segment, an id a line."""
    with office_of(config) as office:
        work, whose = segmenting_of(office), tenant_of(office, tenant)
        work.one(whose, segment)
        found = [str(one) for one in work.people(whose, segment)]
    if as_json:
        say({"people": found}, as_json=True)
        return
    for one in found:
        typer.echo(one)


@group.command("recompute")
def recompute(
    segments: Annotated[
        list[UUID] | None, typer.Argument(help="客群编号,不写就是全部 ids; none: all")
    ] = None,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """重新算谁在客群里 / look anew who belongs to segments."""
    with office_of(config) as office:
        work, whose = segmenting_of(office), tenant_of(office, tenant)
        runs = work.recompute(whose, segments or ())
    found = {
        str(one): {"people": run.people, "entered": run.entered, "left": run.left}
        for one, run in runs.items()
    }
    if as_json:
        say({"segments": found}, as_json=True)
        return
    if not found:
        say_none("还没有客群 / there are no segments yet")
    for name, counted in found.items():
        say({"segment": name, **counted}, as_json=False)


@group.command("end")
def end(
    segment: SegmentArgument,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """结束客群,里面的人都算离开 / end a segment; everybody leaves it."""
    with office_of(config) as office:
        work, whose = segmenting_of(office), tenant_of(office, tenant)
        say(plain(work.end(whose, segment, who="cli")), as_json=as_json)


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise Fault(FaultCode.SEGMENT_SHAPE, at=path.name, wanted="JSON") from None
