"""What all reports share: how a folder is refused and how a result is printed."""

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from retail_core.errors import Fault

EXIT_REFUSED = 2

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="样本文件夹 / the folder")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON, for programs")]


def shipped(name: str) -> Path:
    """Return a folder of the product's: the one here, else the one beside this program."""
    here = Path(name)
    return here if here.is_dir() else Path(__file__).resolve().parents[2] / name


def refuse(fault: Fault) -> NoReturn:
    """Say why a folder cannot be evaluated and end with exit code 2."""
    said = f"{escape(fault.text('zh'))}\n     {escape(fault.text('en'))}"
    Console(emoji=False, stderr=True, soft_wrap=True).print(f"[red]{fault.code}[/] {said}")
    raise typer.Exit(EXIT_REFUSED)


def print_json(result: object) -> None:
    """Print one JSON object on standard output, and nothing else."""
    typer.echo(json.dumps(result, ensure_ascii=False))
