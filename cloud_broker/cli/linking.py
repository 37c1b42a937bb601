"""Records of a file that may be one person."""

import csv
from pathlib import Path
from typing import Annotated

import typer

from cloud_broker.adapters.analytics.table_file import open_table, readable
from cloud_broker.cli.common import JsonOption, coded_errors, say
from retail_core.insight.persons.columns import records_of
from retail_core.insight.persons.records import comparable


def add_to(group: typer.Typer) -> None:
    """Put the command into its group."""
    group.command("link")(link)


def link(
    records: Annotated[
        Path, typer.Option("--records", help="会员资料 CSV,可 gzip / records of people")
    ],
    number: Annotated[str, typer.Option("--id", help="编号列 column of the number")] = "",
    out_file: Annotated[
        Path | None, typer.Option("--out", help="每对一行的 CSV / a row a pair")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """找出可能是同一个人的资料,只提名不合并 / propose which records are one person."""
    # Imported here: nothing else needs what brings so much in.
    from cloud_broker.adapters.analytics import linking  # noqa: PLC0415  # see above

    with coded_errors():
        with open_table(records) as table:
            read = list(comparable(records_of(table.header, table.rows, number)))
        found = linking.candidates(read)
        if out_file is not None:
            with readable(out_file), out_file.open("w", encoding="utf-8", newline="") as text:
                writer = csv.writer(text)
                writer.writerow(("first", "second", "likely", "automatic"))
                writer.writerows(
                    (one.first, one.second, f"{one.likely:.6f}", int(one.automatic))
                    for one in found
                )
    automatic = sum(one.automatic for one in found)
    counts = {"records": len(read), "candidates": len(found), "automatic": automatic}
    say(counts | {"review": len(found) - automatic}, as_json=as_json)
