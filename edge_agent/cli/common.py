"""What the commands share: where the settings are, how a fault is said, with which exit code."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from edge_agent.settings import Settings, load_settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

INVALID = (
    FaultCode.SETUP_CONFIG_INVALID,
    FaultCode.SETUP_LANES_TWICE,
    FaultCode.SETUP_LANE_TILL_UNKNOWN,
    FaultCode.SETUP_TILL_WITHOUT_LANE,
    FaultCode.SETUP_TILL_IN_TWO_LANES,
    FaultCode.SETUP_LANES_SHARE,
)
EXIT_CODES = dict.fromkeys(INVALID, 2) | {FaultCode.SETUP_PORT_IN_USE: 3}
EXIT_STORAGE = 4
EXIT_OTHER = 5

ConfigOption = Annotated[
    Path,
    typer.Option(
        "--config", "-c", metavar="FILE", help="盒子的配置文件 (TOML) / the box's config file"
    ),
]


def settings_of(config: Path) -> Settings:
    """Return the settings, or say what is wrong with them and end with 2."""
    try:
        return load_settings(config)
    except Fault as fault:
        fail(fault)


def fail(fault: Fault) -> NoReturn:
    """Say a fault in two languages and end with its exit code."""
    raise typer.Exit(told(fault))


def told(fault: Fault) -> int:
    """Say a fault in two languages and return its exit code."""
    said = f"{escape(fault.text('zh'))}\n     {escape(fault.text('en'))}"
    Console(emoji=False, stderr=True, soft_wrap=True).print(f"[red]{fault.code}[/] {said}")
    storage = EXIT_STORAGE if fault.spec.category == "storage" else EXIT_OTHER
    return EXIT_CODES.get(fault.code, storage)
