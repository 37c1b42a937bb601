"""`edge-agent terminals …`: who may call this box; pair one more, take a token away."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from edge_agent.adapters.documents_tinydb import TinyDocuments
from edge_agent.api.pairing_views import provisioned_view, terminal_view
from edge_agent.api.principals import Principal, token_book
from edge_agent.bootstrap.basis import DOCUMENTS_FILE, basis_of
from edge_agent.cli.ask_agent import NOT_RUNNING, RunningAgent, running_agent
from edge_agent.domain.terminals import Scope
from edge_agent.services.box.terminals import Terminals
from edge_agent.settings import Settings, load_settings
from retail_core.errors import Fault
from retail_core.limits import PAIRING_WINDOW_S
from retail_core.texts.faults import FaultCode

EXIT_FAULT = 3
EXIT_REFUSED = 4
ASK_AGAIN_S = 0.5
NONE_PAIRED = """\
还没有配对过终端:盒子运行时用 edge-agent terminals pair,或店长在收银屏上打开配对
no terminal is paired: `edge-agent terminals pair` while the box runs, or a manager at the screen"""

app = typer.Typer(help="终端:谁能调用这个盒子 / who may call this box", no_args_is_help=True)
ConfigOption = Annotated[Path, typer.Option("--config", "-c", metavar="FILE")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]
OperatorOption = Annotated[str, typer.Option(help="店长或技术员的工号 / a manager's number")]
PinOption = Annotated[
    str,
    typer.Option(envvar="REGULARS_OPERATOR_PIN", help="不写就会问 / asked unseen when not given"),
]
ScopeOption = Annotated[
    list[Scope] | None, typer.Option("--scope", help="只给这些权限 / give no more than these")
]


@app.command("list")
def show(config: ConfigOption, *, as_json: JsonOption = False) -> None:
    """列出已配对的和总部预置的终端 / list paired terminals and those of the device file."""
    with _coded():
        settings = load_settings(config)
        agent = running_agent(settings)
        if agent is None:
            with _opened(settings) as held:
                views = [*map(provisioned_view, _provisioned(settings, held))]
                views += map(terminal_view, held.all())
            found = [one.model_dump(mode="json") for one in views]
        else:
            found = agent.ask("GET", "/v1/terminals")["terminals"]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        where = one["till"] or one["lane"] or "-"
        page = " ".join(one["origins"]) or "-"
        typer.echo(
            f"{one['terminal_id'] or 'HQ':<36} {one['kind']:<8} {one['name']} {where} {page}"
        )
    if all(one["provisioned"] for one in found):
        typer.echo(NONE_PAIRED, err=True)


@app.command()
def pair(  # noqa: PLR0913 -- one option each
    config: ConfigOption,
    operator: OperatorOption = "",
    pin: PinOption = "",
    till: Annotated[str, typer.Option(help="它替哪台收银机卖 / the till it sells for")] = "",
    lane: Annotated[str, typer.Option(help="它属于哪个通道 / its lane")] = "",
    scope: ScopeOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """给一台终端配对:显示配对码,看清是谁,再同意 / show a code, see who asks, say yes.

    Asks the running agent. Exit codes: 0 paired, 3 a coded fault, 4 refused or nobody came.
    """
    with _coded():
        settings = load_settings(config)
        running = running_agent(settings)
        if running is None:
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="run", detail=NOT_RUNNING)
        agent = _signed_in(running, operator, pin)
        opened = agent.ask("POST", "/v1/pairing", {})
        _say(opened, f"配对码 / code: {opened['code']}", as_json=as_json)
        asking = _who_asks(agent)
        _say(asking, _shown(asking), as_json=as_json)
        if not typer.confirm("四位数字和终端上的一样,同意? / same digits there, allow?", err=True):
            agent.ask("DELETE", "/v1/pairing")
            raise typer.Exit(EXIT_REFUSED)
        chosen: dict[str, Any] = {"request_id": asking["request_id"]}
        chosen |= {"till": _till_id(settings, till)} if till else {}
        chosen |= {"lane": lane} if lane else {}
        chosen |= {"scopes": [one.value for one in scope]} if scope else {}
        terminal = agent.ask("POST", "/v1/pairing/confirm", chosen)
    _say(terminal, f"已同意 / allowed: {terminal['terminal_id']}", as_json=as_json)


@app.command()
def revoke(
    terminal: Annotated[UUID, typer.Argument(metavar="TERMINAL")],
    config: ConfigOption,
    operator: OperatorOption = "",
    pin: PinOption = "",
) -> None:
    """停用一台终端,立刻生效 / take a terminal's token away, at once."""
    with _coded():
        settings = load_settings(config)
        agent = running_agent(settings)
        if agent is None:
            with _opened(settings) as held:
                name = held.revoke(terminal).name
        else:
            gone = _signed_in(agent, operator, pin).ask("DELETE", f"/v1/terminals/{terminal}")
            name = gone["name"]
    typer.echo(f"已停用 / revoked: {name}")


def _who_asks(agent: RunningAgent) -> dict[str, Any]:
    """Wait until a terminal has shown the code; leaves when the window ends."""
    until = time.monotonic() + PAIRING_WINDOW_S
    while time.monotonic() < until:
        window = agent.ask("GET", "/v1/pairing")
        if window["state"] == "closed":
            break
        if window["asking"] is not None:
            return dict(window["asking"])
        time.sleep(ASK_AGAIN_S)
    typer.echo("窗口已关闭 / the window is closed", err=True)
    raise typer.Exit(EXIT_REFUSED)


def _shown(asking: dict[str, Any]) -> str:
    page = asking["origin"] or "不是网页 / no page"
    return f"{asking['name']} ({asking['kind']}) {page} {asking['address']}  [{asking['check']}]"


def _till_id(settings: Settings, named: str) -> str:
    for one in settings.device.tills:
        if named in {one.name, str(one.id)}:
            return str(one.id)
    raise Fault(FaultCode.API_NOT_FOUND, what=f"till {named}")


def _signed_in(agent: RunningAgent, operator: str, pin: str) -> RunningAgent:
    number = operator or typer.prompt("工号 / operator", err=True)
    return agent.signed_in(number, pin or typer.prompt("PIN", hide_input=True, err=True))


def _say(said: dict[str, Any], text: str, *, as_json: bool) -> None:
    typer.echo(json.dumps(said, ensure_ascii=False) if as_json else text)


def _provisioned(settings: Settings, held: Terminals) -> tuple[Principal, ...]:
    return token_book(settings.device, held.holder).provisioned


@contextmanager
def _opened(settings: Settings) -> Iterator[Terminals]:
    """Open the list while no agent does."""
    basis = basis_of(settings, "terminals")
    documents = TinyDocuments(settings.config.data_dir / DOCUMENTS_FILE, basis.tally)
    try:
        yield Terminals(documents, basis.clock, basis.ids, basis.tally)
    finally:
        documents.close()


@contextmanager
def _coded() -> Iterator[None]:
    try:
        yield
    except Fault as fault:
        typer.echo(f"{fault.code} {fault.text('zh')}\n     {fault.text('en')}", err=True)
        raise typer.Exit(EXIT_FAULT) from None
