"""`edge-agent till learn`: from a few receipts of a till to a profile that reads them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

if TYPE_CHECKING:
    from collections.abc import Mapping

EXIT_REFUSED = 2
SAMPLES_MIN = 2
SamplesArgument = Annotated[
    Path,
    typer.Argument(metavar="SAMPLES", help="样张文件夹,里面是 *.bin / a folder of *.bin streams"),
]


def learn(samples: SamplesArgument) -> None:
    """从几张样张学会一台收银机的小票 / Learn a till's receipts from a few samples.

    Exit codes: 0 learned, 2 refused with a code.
    """
    try:
        streams = read_samples(samples)
    except Fault as fault:
        refuse(fault)
    for name in streams:
        typer.echo(name)


def read_samples(folder: Path) -> "Mapping[str, bytes]":
    """Return the streams of a folder by name; Faults LEARN_SAMPLES_FEW, LEARN_SAMPLE_UNREADABLE."""
    if not folder.is_dir():
        raise Fault(FaultCode.LEARN_SAMPLE_UNREADABLE, name=folder, detail="not a folder")
    streams: dict[str, bytes] = {}
    for path in sorted(folder.glob("*.bin")):
        try:
            streams[path.stem] = path.read_bytes()
        except OSError as error:
            raise Fault(
                FaultCode.LEARN_SAMPLE_UNREADABLE, name=path.name, detail=error.strerror
            ) from None
    if len(streams) < SAMPLES_MIN:
        raise Fault(FaultCode.LEARN_SAMPLES_FEW, found=len(streams), needed=SAMPLES_MIN)
    return streams


def refuse(fault: Fault) -> NoReturn:
    """Say why and end with exit code 2."""
    said = f"{escape(fault.text('zh'))}\n     {escape(fault.text('en'))}"
    Console(stderr=True, soft_wrap=True).print(f"[red]{fault.code}[/] {said}")
    raise typer.Exit(EXIT_REFUSED)
