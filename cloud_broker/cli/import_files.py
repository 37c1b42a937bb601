"""Old orders and members from files: looked at first, taken in by pieces, taken back whole."""

import csv
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from cloud_broker.bootstrap import Office
from cloud_broker.cli.common import (
    EXIT_FAULT,
    ConfigOption,
    JsonOption,
    err,
    office_of,
    out,
    say,
    say_none,
    table_of,
    tell,
)
from cloud_broker.ports.imports import FileImport, ImportKind
from cloud_broker.services.insight.member_files import MemberFiles
from cloud_broker.services.insight.member_moving import Moving
from cloud_broker.services.insight.order_files import (
    FILES_SHOWN,
    OrderFiles,
    RefusedRow,
)
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

AUTO = "auto"
ERRORS_SHOWN = 20
_COLUMNS = ("row", "column", "value", "code", "zh", "en")
_MS = 1_000

FileArgument = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, gzip too")
]
MappingOption = Annotated[
    str, typer.Option("--mapping", help="映射文件(TOML 或 JSON);auto 按列名认 which column is what")
]
DryOption = Annotated[bool, typer.Option("--dry-run", help="只看不存 store nothing")]
ErrorsOption = Annotated[
    Path | None, typer.Option("--errors", help="坏行写到这个 CSV refused rows go to this CSV")
]


def add_to(group: typer.Typer) -> None:
    """Add the commands to `import`."""
    group.command("orders")(orders)
    group.command("members")(members)
    group.command("list")(list_files)
    group.command("undo")(undo)


def orders(  # noqa: PLR0913  # each is an option of the command line
    file: FileArgument,
    mapping: MappingOption = AUTO,
    errors: ErrorsOption = None,
    config: ConfigOption = None,
    *,
    channel: Annotated[str, typer.Option(help="文件没写渠道时算哪个渠道 the file's channel")] = "",
    dry_run: DryOption = False,
    as_json: JsonOption = False,
) -> None:
    """导入历史订单,断了再跑接着来 / import old orders; run again after a break and it goes on."""
    said = _mapping(mapping) | ({"channel": channel} if channel else {})
    with office_of(config) as office, _bar(as_json=as_json) as told, _refusals(errors) as refused:
        files = _orders(office)
        if dry_run:
            how, found = files.check(file, said, told, refused)
            done = found.counts() | {"columns": dict(how.columns), "unit": how.unit}
        else:
            tenant = office.tenant()
            hashed = office.channels.sources.hashed(tenant)
            made = files.run(
                tenant, file, said, who="cli", hashed=hashed, told=told, refused=refused
            )
            done = {"import": str(made.import_id), "state": made.state, **made.counts}
    say(done | {"applied": not dry_run}, as_json=as_json)


def members(  # noqa: PLR0913  # each is an option of the command line
    file: FileArgument,
    mapping: MappingOption = AUTO,
    errors: ErrorsOption = None,
    config: ConfigOption = None,
    legal_entity: Annotated[
        str, typer.Option("--legal-entity", help="积分由谁承担 which entity owes the points")
    ] = "",
    expect_count: Annotated[
        int | None, typer.Option(help="旧系统的会员数,对不上就停 members, as the old system says")
    ] = None,
    expect_points: Annotated[
        int | None, typer.Option(help="旧系统的积分合计,对不上就停 points, as the old system says")
    ] = None,
    *,
    everywhere: Annotated[
        bool,
        typer.Option("--everywhere", help="每家店断网也认得旧卡 every store knows her offline"),
    ] = False,
    dry_run: DryOption = False,
    as_json: JsonOption = False,
) -> None:
    """迁入会员:旧卡、等级、积分批次、券、同意 / move members in: cards, tiers, points, consents."""
    said = _mapping(mapping)
    with office_of(config) as office, _bar(as_json=as_json) as told, _refusals(errors) as refused:
        files = _members(office)
        found, patterns = files.check(file, said, told, _once(refused, dry_run=dry_run))
        _expected("count", expect_count, found.rows)
        _expected("points", expect_points, found.points)
        done: dict[str, object] = {**found.counts(), "card_patterns": list(patterns)}
        if not dry_run:
            moving = Moving("cli", legal_entity, everywhere)
            tenant = office.tenant()
            made = files.run(tenant, file, said, moving=moving, told=told, refused=refused)
            stand = files.compare(tenant, made)
            done |= {"import": str(made.import_id), "state": made.state, **made.counts}
            done |= {"books_rows": stand.rows, "books_points": stand.points}
    say(done | {"applied": not dry_run}, as_json=as_json)


def list_files(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """列出导入过的文件 / list the files that were imported."""
    with office_of(config) as office, office.units.begin(office.tenant()) as unit:
        files = unit.file_imports.files(FILES_SHOWN)
    if as_json:
        typer.echo(json.dumps([_shown(one) for one in files], ensure_ascii=False))
        return
    table = table_of("编号 id", "类别 kind", "文件 file", "状态 state", "行 rows", "开始 begun")
    for one in files:
        begun = datetime.fromtimestamp(one.began_ms / _MS, UTC).isoformat(" ", "minutes")
        row = (str(one.import_id), one.kind, one.name, one.state, str(one.rows_done), begun)
        table.add_row(*row)
    out.print(table)
    if not files:
        say_none("还没有导入过文件 / no file was imported yet")


def undo(
    import_id: Annotated[UUID, typer.Argument(help="导入编号 import id(import list)")],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """撤回一次导入 / take an import back."""
    with office_of(config) as office, _bar(as_json=as_json) as told:
        tenant = office.tenant()
        with office.units.begin(tenant) as unit:
            file = unit.file_imports.get(import_id)
        if file is None:
            raise Fault(FaultCode.IMPORT_UNKNOWN, import_id=import_id)
        if file.kind == "orders":
            done: dict[str, object] = {"orders": _orders(office).undo(tenant, file, "cli", told)}
        else:
            back = _members(office).undo(tenant, file, "cli", told)
            done = {"rows": back.rows, "points": back.points, "points_left": back.left}
    say({"undone": str(import_id), **done}, as_json=as_json)


def _orders(office: Office) -> OrderFiles:
    return OrderFiles(office.units, office.clock, office.ids, office.channels.orders)


def _members(office: Office) -> MemberFiles:
    parts = office.units, office.clock, office.ids, office.keys, office.settings.zone
    return MemberFiles(*parts)


def _mapping(named: str) -> dict[str, Any]:
    """Read a mapping file. Fault IMPORT_MAPPING."""
    if named == AUTO:
        return {}
    try:
        text = Path(named).read_text(encoding="utf-8-sig")
        found = json.loads(text) if named.endswith(".json") else tomllib.loads(text)
    except (OSError, ValueError) as error:
        tell(Fault(FaultCode.IMPORT_MAPPING, reason=f"{named}: {error}"))
        raise typer.Exit(EXIT_FAULT) from None
    if not isinstance(found, dict):
        tell(Fault(FaultCode.IMPORT_MAPPING, reason=named))
        raise typer.Exit(EXIT_FAULT)
    return found


def _expected(what: str, expected: int | None, found: int) -> None:
    if expected is not None and expected != found:
        raise Fault(FaultCode.IMPORT_TOTALS, what=what, expected=expected, found=found)


def _once(refused: Callable[[RefusedRow], None], *, dry_run: bool) -> Callable[[RefusedRow], None]:
    """Let the look before an import say nothing that the import says again."""
    return refused if dry_run else lambda _row: None


@contextmanager
def _bar(*, as_json: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how far a file is, on a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    quiet = as_json or not err.is_terminal
    with Progress(*columns, console=err, disable=quiet, transient=True) as bar:
        task = bar.add_task("导入 import", total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)


@contextmanager
def _refusals(path: Path | None) -> Iterator[Callable[[RefusedRow], None]]:
    """Write refused rows to a CSV as they come, and the first of them to stderr."""
    shown = 0
    file = None if path is None else path.open("a", encoding="utf-8-sig", newline="")
    writer = None if file is None else csv.writer(file)
    if writer is not None and file is not None and file.tell() == 0:
        writer.writerow(_COLUMNS)

    def refused(one: RefusedRow) -> None:
        nonlocal shown
        fault, fields = one.fault, one.fault.fields
        if writer is not None:
            said = fields.get("column", ""), fields.get("value", "")
            texts = fault.text("zh"), fault.text("en")
            writer.writerow((one.row, *said, fault.code.value, *texts))
        elif shown < ERRORS_SHOWN:
            tell(fault)
        shown += 1

    try:
        yield refused
    finally:
        if file is not None:
            file.close()
        elif shown > ERRORS_SHOWN:
            err.print(f"… {shown - ERRORS_SHOWN} (--errors FILE)")


def _shown(one: FileImport) -> Mapping[str, object]:
    kind: ImportKind = one.kind
    return {
        "import": str(one.import_id),
        "kind": kind,
        "name": one.name,
        "state": one.state,
        "rows_done": one.rows_done,
        "counts": dict(one.counts),
        "began_ms": one.began_ms,
        "by": one.made_by,
    }
