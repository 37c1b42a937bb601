"""What every command shares: the language, reading files, coded errors, exit codes."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.texts.system_words import system_words

EXIT_FINDINGS = 1
EXIT_FAULT = 3

Language = Literal["zh", "en"]
LangOption = Annotated[
    Language | None,
    typer.Option("--lang", help="语言,默认看 LANG / language, else by LANG"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON, for programs")]

out = Console(emoji=False, highlight=False)
err = Console(emoji=False, stderr=True, highlight=False, soft_wrap=True)


def language_of(asked: Language | None) -> Language:
    """Return what was asked for, else English unless the environment speaks Chinese."""
    if asked is not None:
        return asked
    spoken = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "zh" if spoken.lower().startswith("zh") else "en"


@contextmanager
def coded_errors(language: Language) -> Iterator[None]:
    """Print a fault on stderr as one line, code first, and end with code 3."""
    try:
        yield
    except Fault as fault:
        err.print(f"{fault.code.value} {fault.text(language)}", markup=False)
        raise typer.Exit(EXIT_FAULT) from None


def read(path: Path) -> bytes:
    """Return a file's content; `-` is standard input (Fault P130)."""
    try:
        return typer.get_binary_stream("stdin").read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise Fault(FaultCode.FILE_UNREADABLE, path=path, detail=system_words(error)) from None


def write(path: Path, content: bytes) -> None:
    """Write a file whole (Fault P131)."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Fault(FaultCode.FILE_UNWRITABLE, path=path, detail=system_words(error)) from None


def print_json(value: object) -> None:
    """Print one JSON document with a line's end."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def print_bytes(document: bytes) -> None:
    """Print JSON as it was encoded, with a line's end."""
    typer.echo(document)
