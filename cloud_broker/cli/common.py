"""What every command shares: settings, the office, coded errors, two ways of printing."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from cloud_broker.bootstrap import Office, build_office
from cloud_broker.ports.unit import StoreRefusedError
from cloud_broker.settings import Settings, load_settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

EXIT_FAULT = 3

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="配置文件 settings file (TOML); REGULARS_* wins over it"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]

out = Console(emoji=False, highlight=False)
err = Console(emoji=False, stderr=True, highlight=False)


@contextmanager
def coded_errors() -> Iterator[None]:
    """Print a fault in both languages and end with code 3."""
    try:
        yield
    except Fault as fault:
        tell(fault)
        raise typer.Exit(EXIT_FAULT) from None
    except StoreRefusedError as refused:
        tell(Fault(FaultCode.API_BODY_INVALID, detail=str(refused)))
        raise typer.Exit(EXIT_FAULT) from None


def tell(fault: Fault) -> None:
    """Print a fault in both languages."""
    err.print(f"{fault.code.value} {fault.text('zh')}", style="red", markup=False)
    err.print(f"{fault.code.value} {fault.text('en')}", markup=False)


@contextmanager
def office_of(config: Path | None) -> Iterator[Office]:
    """Open the office that the settings describe, and close it."""
    with coded_errors():
        office = build_office(settings_of(config))
        try:
            yield office
        finally:
            office.close()


def settings_of(config: Path | None) -> Settings:
    """Read settings; Fault SETUP_CONFIG_INVALID."""
    return load_settings(config)


def table_of(*titles: str) -> Table:
    """Return a table that cuts nothing off: ids and Chinese have no blanks to be broken at."""
    return Table(*(Column(title, overflow="fold") for title in titles))


def say_none(text: str) -> None:
    """Tell on stderr that a list is empty, zh / en: silence looks like a command that broke."""
    err.print(text, markup=False, soft_wrap=True)


def say(values: Mapping[str, object], *, as_json: bool) -> None:
    """Print a result as JSON or as aligned lines."""
    if as_json:
        typer.echo(json.dumps(values, ensure_ascii=False))
        return
    width = max(map(len, values), default=0)
    for name, value in values.items():
        out.print(f"{name:<{width}}  {value}", markup=False, soft_wrap=True)
