"""`edge-agent till devices …`: what is plugged in, by which name, and the operator's choice."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from edge_agent.adapters.documents_tinydb import TinyDocuments
from edge_agent.api.device_desk import DeviceDesk
from edge_agent.bootstrap.basis import DOCUMENTS_FILE, basis_of
from edge_agent.bootstrap.device_broker import build_brokerage
from edge_agent.cli.ask_agent import running_agent
from edge_agent.domain.devices import NAME_PATTERN
from edge_agent.services.box.device_broker import Wish
from edge_agent.settings import Settings, load_settings
from retail_core.errors import Fault

EXIT_FAULT = 3
LISTEN_MS = 1_000
OFFLINE = "console"
PATH = "/v1/tech/devices"

app = typer.Typer(
    help="设备:插着什么、叫什么、谁在用 / what is plugged in, its claim, who uses it",
    invoke_without_command=True,
)
ConfigOption = Annotated[Path, typer.Option("--config", "-c", metavar="FILE")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]
OperatorOption = Annotated[str, typer.Option(help="店长或技术员的工号 / a manager's number")]
PinOption = Annotated[
    str,
    typer.Option(envvar="REGULARS_OPERATOR_PIN", help="不写就会问 / asked unseen when not given"),
]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help=NAME_PATTERN)]
DeviceArgument = Annotated[
    str, typer.Argument(metavar="DEVICE", help="/dev/ttyUSB0、by-id 名字或登记名 / path or claim")
]


@app.callback()
def devices(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option("--config", "-c", metavar="FILE")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """列出设备和登记;不打开任何设备 / list devices and claims; opens none of them."""
    if context.invoked_subcommand is not None:
        return
    if config is None:
        raise typer.BadParameter("need --config")
    _show(_done(config, "GET", PATH, None, lambda desk: desk.view()), as_json=as_json)


@app.command()
def claim(  # noqa: PLR0913 -- one option each
    name: NameArgument,
    device: DeviceArgument,
    config: ConfigOption,
    operator: OperatorOption = "",
    pin: PinOption = "",
    *,
    by_socket: Annotated[
        bool, typer.Option(help="以后只认这个插口,线不许换 / the socket decides; cables stay")
    ] = False,
    may_probe: Annotated[
        bool, typer.Option(help="允许写一句问询来辨认 / one question may be written to it")
    ] = False,
) -> None:
    """登记:这个设备从此叫这个名字 / this device has that name from now on.

    Exit codes: 0 done, 3 a coded fault.
    """
    wish = Wish(name, device, by_socket, may_probe)
    body = {"name": name, "device": device, "by_socket": by_socket, "may_probe": may_probe}
    said = _done(
        config,
        "POST",
        f"{PATH}/claims",
        body,
        lambda desk: desk.claim(wish, OFFLINE),
        (operator, pin),
    )
    typer.echo(f"{said['name']}: {said['standing']} {said['device']['path']}")


@app.command()
def release(
    name: NameArgument, config: ConfigOption, operator: OperatorOption = "", pin: PinOption = ""
) -> None:
    """放开一个登记 / forget a claim; its device is never opened again."""
    where = f"{PATH}/claims/{name}"
    _done(config, "DELETE", where, None, lambda desk: desk.release(name), (operator, pin))
    typer.echo(f"已放开 / released: {name}")


@app.command()
def identify(
    device: DeviceArgument,
    config: ConfigOption,
    operator: OperatorOption = "",
    pin: PinOption = "",
    *,
    ask: Annotated[
        bool, typer.Option(help="也写一句问询,登记时要允许 / also write a question")
    ] = False,
) -> None:
    """听一听它是什么;内容不保存 / hear what it is; nothing of what it says is kept."""
    body = {"device": device, "ask": ask, "listen_ms": LISTEN_MS}
    said = _done(
        config,
        "POST",
        f"{PATH}/identify",
        body,
        lambda desk: desk.identify(device, ask=ask, listen_ms=LISTEN_MS),
        (operator, pin),
    )
    typer.echo(f"{said['device']}: {said['voice'] or '听不出来 / not told'}")


def _done(
    config: Path,
    method: str,
    where: str,
    body: Mapping[str, object] | None,
    offline: Callable[[DeviceDesk], Any],
    who: tuple[str, str] | None = None,
) -> Any:
    """Ask the agent that runs, or do it on the files of the one that does not."""
    with _coded():
        settings = load_settings(config)
        agent = running_agent(settings)
        if agent is None:
            with _opened(settings) as desk:
                return offline(desk).model_dump(mode="json")
        if who is not None:
            number = who[0] or typer.prompt("工号 / operator", err=True)
            pin = who[1] or typer.prompt("PIN", hide_input=True, err=True)
            agent = agent.signed_in(number, pin)
        return agent.ask(method, where, body)


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    console = Console(emoji=False)
    claims = _table(
        "登记 / claim", "状态 / state", "设备 / device", "凭什么 / how", "谁用 / used by"
    )
    for one in found["claims"]:
        trouble = one["trouble"]
        state = f"{trouble['code']} {trouble['zh']}\n{trouble['en']}" if trouble else "✓"
        where = one["device"]["path"] if one["device"] else " ".join(one["rivals"]) or "-"
        presence = f"{one['presence']} {one['presence_s']} s"
        cells = (one["name"], f"{state}\n{presence}", where, one["how"], one["used_by"])
        claims.add_row(*(escape(str(cell or "-")) for cell in cells))
    console.print(claims)
    if not found["claims"]:
        typer.echo("还没有登记过设备 / no device is claimed yet", err=True)
    others = _table("没有登记 / unclaimed", "是什么 / what", "插口 / socket", "序列号 / serial")
    for one in found["devices"]:
        what = f"{one['kind']} {one['model']} {one['title']}".strip()
        path = f"{'? ' if one['unknown'] else ''}{one['path']}"
        shown = (path, what, one["socket"], one["serial"] or "-")
        others.add_row(*map(escape, shown))
    console.print(others)
    for name, who in found["wanted"].items():
        console.print(f"✗ {escape(name)}: {escape(who)} 要用,还没登记 / is asked for, not claimed")


def _table(*titles: str) -> Table:
    """Return a table that breaks Chinese anywhere: it has no blanks, and would be cut off."""
    return Table(*(Column(title, overflow="fold") for title in titles))


@contextmanager
def _opened(settings: Settings) -> Iterator[DeviceDesk]:
    """Look at the devices and the claims while no agent does."""
    basis = basis_of(settings, "devices")
    with ExitStack() as files:
        documents = TinyDocuments(settings.config.data_dir / DOCUMENTS_FILE, basis.tally)
        files.callback(documents.close)
        yield build_brokerage(basis, documents, files).desk


@contextmanager
def _coded() -> Iterator[None]:
    try:
        yield
    except Fault as fault:
        typer.echo(f"{fault.code} {fault.text('zh')}\n     {fault.text('en')}", err=True)
        raise typer.Exit(EXIT_FAULT) from None
