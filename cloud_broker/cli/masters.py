"""Tables of the back office from files: articles, prices, stores, entities, warehouses, stock."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cloud_broker.cli.common import (
    EXIT_FAULT,
    ConfigOption,
    JsonOption,
    err,
    office_of,
    out,
    say,
    table_of,
    tell,
)
from cloud_broker.services.goods.office import How, Preview, Taken, refused_rows, text_of
from retail_core.catalog.masters import TABLES, MasterKind
from retail_core.catalog.planning import Act, MasterPlan, PlannedRow
from retail_core.catalog.reasons import RowError

ROWS_SHOWN = 40
_WHAT = {
    MasterKind.ARTICLES: "商品 articles",
    MasterKind.PRICES: "价格(全国、大区、门店)prices",
    MasterKind.ENTITIES: "法人 legal entities",
    MasterKind.STORES: "门店 stores",
    MasterKind.WAREHOUSES: "仓库 warehouses",
    MasterKind.STOCK: "盘点库存 stock counts",
}
_ACTS = {
    Act.ADDED: "新增",
    Act.CHANGED: "改动",
    Act.ENDED: "停用",
    Act.REFUSED: "不能用",
    Act.UNCHANGED: "不变",
}

FileArgument = Annotated[
    Path | None, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV")
]
DryOption = Annotated[bool, typer.Option("--dry-run", help="只看不存 store nothing")]
CompleteOption = Annotated[
    bool,
    typer.Option("--complete", help="整表:文件里没有的停售 what the file does not name ends"),
]
SkipOption = Annotated[
    bool, typer.Option("--skip-errors", help="跳过有错的行 take the good rows all the same")
]
TemplateOption = Annotated[
    bool, typer.Option("--template", help="打印空表 print an empty file with every column")
]


def add_to(group: typer.Typer) -> None:
    """Add a command for each table."""
    for kind in MasterKind:
        _add(group, kind)


def _add(group: typer.Typer, kind: MasterKind) -> None:
    @group.command(kind.value, help=f"导入{_WHAT[kind]} / import a CSV, preview with --dry-run")
    def run(  # noqa: PLR0913  # each is an option of the command line
        file: FileArgument = None,
        config: ConfigOption = None,
        *,
        dry_run: DryOption = False,
        complete: CompleteOption = False,
        skip_errors: SkipOption = False,
        template: TemplateOption = False,
        as_json: JsonOption = False,
    ) -> None:
        if template:
            sys.stdout.write(TABLES[kind].template())
            return
        if file is None:
            raise typer.BadParameter("FILE")
        _import(kind, file, config, How(complete, skip_errors), (dry_run, as_json))


def _import(
    kind: MasterKind, file: Path, config: Path | None, how: How, shown: tuple[bool, bool]
) -> None:
    """Preview, then apply what was previewed, if it may be."""
    dry_run, as_json = shown
    with office_of(config) as office:
        tenant, text = office.tenant(), text_of(file.read_bytes())
        with _progress(text) as told:
            preview = office.masters.preview(tenant, kind, text, How(how.complete, progress=told))
        taken: Taken | None = None
        if not dry_run and (how.skip_refused or not preview.plan.refused):
            taken = office.masters.apply(
                tenant,
                kind,
                text,
                who="cli",
                how=How(how.complete, how.skip_refused, preview.version),
            )
    _show(preview, taken, as_json=as_json)
    if preview.plan.refused and not how.skip_refused:
        if not as_json:
            tell(refused_rows(preview.plan))
        raise typer.Exit(EXIT_FAULT)


@contextmanager
def _progress(text: str) -> Iterator[Callable[[int], None]]:
    """Show how many rows are read, on a terminal."""
    columns = (BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bar:
        task = bar.add_task("rows", total=text.count("\n"))
        yield lambda count: bar.update(task, completed=count)


def _show(preview: Preview, taken: Taken | None, *, as_json: bool) -> None:
    plan = preview.plan
    values: dict[str, object] = {
        **plan.counts(),
        "stores": len(preview.stores),
        "applied": taken is not None,
        "version": preview.version if taken is None else taken.version,
        "published_version": 0 if taken is None else taken.published,
    }
    if as_json:
        rows = [row_json(row) for row in plan.rows]
        notes = [_error_json(note) for note in plan.notes]
        typer.echo(json.dumps(values | {"rows": rows, "notes": notes}, ensure_ascii=False))
        return
    show_plan(plan)
    say(values, as_json=False)


def row_json(row: PlannedRow) -> dict[str, object]:
    """Return a planned row for programs."""
    return {
        "row": row.row,
        "key": list(row.key),
        "act": row.act.value,
        "effective_from": row.day.isoformat(),
        "changes": {name: list(pair) for name, pair in row.changes.items()},
        "errors": [_error_json(error) for error in row.errors],
    }


def _error_json(error: RowError) -> dict[str, object]:
    return {
        "row": error.row,
        "column": error.column,
        "reason": error.reason.value,
        "value": error.value,
        "zh": error.text("zh"),
        "en": error.text("en"),
    }


def show_plan(plan: MasterPlan) -> None:
    """Print what of the file was not read, refused rows, then what changes; long lists are cut."""
    for note in plan.notes:
        out.print(f"! {note.column}: {note.text('zh')} · {note.text('en')}", markup=False)
    table = table_of("行 row", "键 key", "会怎样 act", "从 from", "内容 what")
    rows = sorted(plan.rows, key=lambda row: (bool(not row.errors), row.row))
    for row in rows[:ROWS_SHOWN]:
        said = "; ".join(f"{one.column}: {one.text('zh')} {one.text('en')}" for one in row.errors)
        changes = (f"{name} {a or '∅'} → {b or '∅'}" for name, (a, b) in row.changes.items())
        what = said or "; ".join(changes)
        act = f"{_ACTS[row.act]} {row.act.value}"
        table.add_row(str(row.row), " ".join(row.key), act, row.day.isoformat(), what)
    if rows:
        out.print(table)
    if len(rows) > ROWS_SHOWN:
        out.print(f"… {len(rows) - ROWS_SHOWN}")
