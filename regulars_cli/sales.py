"""`regulars sales`: sales files out of other people's data."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from regulars_cli.common import JsonOption, LangOption, coded_errors, language_of, out, print_json
from regulars_cli.importers import IMPORTERS, Import
from retail_core.errors import Fault
from retail_core.pricing.rehearsal.sold import write_sold
from retail_core.texts.faults import FaultCode
from retail_core.texts.system_words import system_words

app = typer.Typer(help="销售文件 / sales files", no_args_is_help=True)


class Source(StrEnum):
    """The data sets that can be read."""

    ONLINE_RETAIL = "online-retail"
    COMPLETE_JOURNEY = "complete-journey"
    GROCERIES = "groceries"


@app.callback()
def _root() -> None:
    """Keep `import` a command of its own name, whatever else there is."""


@app.command("import")
def import_sales(  # noqa: PLR0913 -- a command's options
    files: Annotated[list[Path], typer.Argument(help="CSV / JSONL, .gz 也可 / packed or not")],
    source: Annotated[
        Source, typer.Option("--from", help="哪个公开数据集 / which public data set")
    ],
    target: Annotated[Path, typer.Option("--out", "-o", help="写到这里 / the file to write")],
    *,
    cost_permille: Annotated[
        int | None,
        typer.Option(
            min=0, max=1000, help="假定成本为原价的千分之几 / assume costs, in thousandths"
        ),
    ] = None,
    price_fen: Annotated[
        int, typer.Option(min=1, help="数据里没有价格时每件的价 / the price when the data has none")
    ] = 1000,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """公开数据集转成销售文件 / Turn a public data set into a sales file.

    Exit codes: 0 written, 2 the command is wrong, 3 a file is not valid.
    """
    language = language_of(lang)
    how = Import(cost_permille, price_fen)
    receipts = lines = 0
    with coded_errors(language):
        part = target.with_name(f"{target.name}.part")
        try:
            with part.open("wb") as written:
                for sold in IMPORTERS[source.value](files, how):
                    written.write(write_sold(sold))
                    receipts += 1
                    lines += len(sold.lines)
            part.replace(target)
        except OSError as error:
            raise Fault(
                FaultCode.FILE_UNWRITABLE, path=target, detail=system_words(error)
            ) from None
        except Fault:
            part.unlink(missing_ok=True)
            raise
    counted = {"receipts": receipts, "lines": lines, "left_out": dict(how.left_out)}
    if as_json:
        print_json(counted)
        return
    words = ("张小票", "行") if language == "zh" else ("receipts", "lines")
    out.print(f"{receipts} {words[0]}, {lines} {words[1]} → {target}", markup=False)
    for why, times in sorted(how.left_out.items()):
        out.print(f"- {times} × {why}", markup=False, style="dim")
