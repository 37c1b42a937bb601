"""What is sold and by which rules: catalogue files and rule bundles."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cloud_broker.cli.common import (
    EXIT_FAULT,
    ConfigOption,
    JsonOption,
    office_of,
    out,
    say,
    table_of,
)
from cloud_broker.services.published.catalogue import ImportResult
from retail_core.catalog.importing import read_text

app = typer.Typer()
import_app = typer.Typer(help="导入文件 / import files", no_args_is_help=True)
app.add_typer(import_app, name="import")

FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


@import_app.command("catalogue")
def import_catalogue(
    file: FileArgument,
    config: ConfigOption = None,
    *,
    preview: Annotated[bool, typer.Option("--dry-run", help="只看不存 store nothing")] = False,
    skip_errors: Annotated[
        bool, typer.Option("--skip-errors", help="跳过有错的行 take the good rows all the same")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """导入商品表并发布到各店 / import a catalogue (CSV) and publish it to the stores."""
    with office_of(config) as office:
        text = read_text(file.read_bytes())
        result = office.publisher.preview(office.tenant(), text)
        if not preview and (skip_errors or not result.read.errors):
            result = office.publisher.apply(
                office.tenant(), text, who="cli", skip_errors=skip_errors
            )
    _show(result, as_json=as_json)
    if result.read.errors and not skip_errors:
        raise typer.Exit(EXIT_FAULT)


@app.command("publish-bundle")
def publish_bundle(
    file: FileArgument, config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """校验、签名并发布规则包 / check, sign and publish a rule bundle (JSON)."""
    with office_of(config) as office:
        version = office.publisher.publish_bundle(office.tenant(), file.read_bytes(), who="cli")
    say({"version": version}, as_json=as_json)


def _show(result: ImportResult, *, as_json: bool) -> None:
    errors = [
        {
            "row": error.row,
            "column": error.column,
            "reason": error.reason.value,
            "zh": error.text("zh"),
            "en": error.text("en"),
        }
        for error in result.read.errors
    ]
    values: dict[str, object] = {
        "rows": len(result.read.articles),
        "new": len(result.new),
        "changed": len(result.changed),
        "unchanged": result.unchanged,
        "errors": len(errors),
        "published_version": result.version,
    }
    if as_json:
        typer.echo(json.dumps(values | {"errors": errors}, ensure_ascii=False))
        return
    if errors:
        table = table_of("行 row", "列 column", "问题", "problem")
        for error in errors:
            table.add_row(*(str(error[key]) for key in ("row", "column", "zh", "en")))
        out.print(table)
    say(values, as_json=False)
