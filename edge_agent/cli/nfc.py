"""`edge-agent nfc`: what a technician does with tags on the reader."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from edge_agent.drivers.nfc_pcsc.frames import TagContent
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

if TYPE_CHECKING:
    from edge_agent.drivers.nfc_pcsc.writer import TagDesk

EXIT_TAG = 1
WAIT_S = 15.0
URL_MAX = 200

app = typer.Typer(help="标签与会员卡 / tags and cards", no_args_is_help=True)
ReaderOption = Annotated[
    str, typer.Option("--reader", help="读卡器名字的一部分 / a part of the reader's name")
]
WaitOption = Annotated[
    float, typer.Option("--wait", min=0.1, max=600, help="等多少秒 / seconds to wait for a tag")
]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]


@app.command()
def show(
    reader: ReaderOption = "", wait: WaitOption = WAIT_S, *, as_json: JsonOption = False
) -> None:
    """显示标签的序列号和网址 / Print a tag's number and its link.

    A member card counts the reading. Exit codes: 0 done, 1 no reader, no tag, or pulled away.
    """
    _told(lambda: _desk(reader, wait).show(), as_json=as_json)


@app.command("write-tag")
def write_tag(
    url: Annotated[str, typer.Argument(help="要写的网址 / the link to be written")],
    reader: ReaderOption = "",
    wait: WaitOption = WAIT_S,
    *,
    as_json: JsonOption = False,
) -> None:
    """把网址写进读卡器上的空白标签 / Write a link on the Type 4 tag that lies on the reader.

    For lane tags and signed tags. A locked tag and a member card are left as they are.
    Exit codes: 0 written and read back, 1 not.
    """
    if not url.startswith(("https://", "http://")) or len(url) > URL_MAX or not url.isascii():
        raise typer.BadParameter(f"need http(s)://, ASCII, at most {URL_MAX} characters")
    _told(lambda: _desk(reader, wait).write(url), as_json=as_json)


def _desk(reader: str, wait_s: float) -> "TagDesk":
    try:
        from edge_agent.drivers.nfc_pcsc.writer import TagDesk  # noqa: PLC0415 -- needs pyscard
    except ImportError as error:
        raise Fault(FaultCode.SETUP_PACKAGE_MISSING, packages=error.name) from None
    return TagDesk(reader, wait_s=wait_s)


def _told(work: Callable[[], TagContent], *, as_json: bool) -> None:
    try:
        content = work()
    except Fault as fault:
        typer.echo(f"{fault.code} {fault.text('zh')}\n     {fault.text('en')}", err=True)
        raise typer.Exit(EXIT_TAG) from None
    uid = content.uid.hex().upper()
    if as_json:
        typer.echo(json.dumps({"uid": uid, "uri": content.uri}, ensure_ascii=False))
    else:
        typer.echo(f"{uid or '—'}  {content.uri or '—'}")
