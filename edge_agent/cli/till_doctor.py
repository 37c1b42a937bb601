"""`edge-agent till doctor`: what a till sends, what was understood, and a recording."""

import json
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from rich.console import Console
from rich.markup import escape
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from edge_agent.cli.ask_agent import NOT_RUNNING, RunningAgent, running_agent
from edge_agent.drivers.till_escpos.recording import Block, block_line, written
from edge_agent.settings import load_settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

EXIT_UNWELL = 1
EXIT_FAULT = 3
RECEIVE_S = 5.0
SUBPROTOCOL = Subprotocol("regulars.v1")
TillArgument = Annotated[
    str, typer.Argument(metavar="[TILL]", help="收银机的名字或编号 / its name or id")
]


def doctor(
    config: Annotated[Path, typer.Option("--config", "-c", metavar="FILE")],
    till: TillArgument = "",
    record: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="录下来(已换掉个人信息)/ record it, redacted"),
    ] = None,
    seconds: Annotated[
        int, typer.Option(min=0, help="听多久,0 = 直到 Ctrl-C / how long, 0: until Ctrl-C")
    ] = 0,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """听一台收银机:字节、看懂了什么、哪里不对 / listen to a till: bytes, meaning, faults.

    Asks the running agent. Exit codes: 0 well, 1 something is wrong with the line, 3 a coded fault.
    """
    try:
        agent = _running(config)
        chosen = _chosen(agent.ask("GET", "/v1/tech/tills")["tills"], till)
        with ExitStack() as files:
            tape = (
                None if record is None else files.enter_context(record.open("w", encoding="utf-8"))
            )
            report = _listen(agent, chosen, seconds, _Shown(tape, chosen, as_json=as_json))
    except Fault as fault:
        typer.echo(f"{fault.code} {fault.text('zh')}\n     {fault.text('en')}", err=True)
        raise typer.Exit(EXIT_FAULT) from None
    if report.get("faults"):
        raise typer.Exit(EXIT_UNWELL)


def _running(config: Path) -> RunningAgent:
    agent = running_agent(load_settings(config))
    if agent is None:
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="run", detail=NOT_RUNNING)
    return agent


def _chosen(tills: list[dict[str, Any]], named: str) -> dict[str, Any]:
    for one in tills:
        if named in {"", one["name"], one["till"]}:
            return one
    raise Fault(FaultCode.API_NOT_FOUND, what=f"till {named}".strip())


class _Shown:
    """Writes what is told, for a person or a program, and the recording."""

    def __init__(self, tape: TextIO | None, till: dict[str, Any], *, as_json: bool) -> None:
        self._tape = tape
        self._json = as_json
        self._console = Console(emoji=False, soft_wrap=True)
        self.report: dict[str, Any] = {}
        if tape is not None:
            tape.write(written(till["profile"], ()))

    def told(self, event: dict[str, Any]) -> None:
        """Show one event."""
        if event["type"] == "block":
            if self._tape is not None:
                block = Block(event["at_ms"], b64decode(event["data"]))
                self._tape.write(block_line(block) + "\n")
            return
        if event["type"] == "report":
            self.report = event
        if self._json:
            typer.echo(json.dumps(event, ensure_ascii=False))
        elif event["type"] != "report":
            self._console.print(_line(event), highlight=False)

    def summary(self) -> None:
        """Show the last report."""
        if self._json or not self.report:
            return
        said = self.report
        self._console.print(
            f"{said['bytes']} B, 不认识 / unknown {said['unknown_bytes']} B, "
            f"jobs {said['jobs'] or '-'}, {said['agreement']['score']}‰"
        )
        for fault in said["faults"]:
            self._console.print(f"[yellow]{fault['code']}[/] {escape(fault['zh'])}")
            self._console.print(f"     {escape(fault['en'])}")
        if said["try_speeds"]:
            self._console.print(f"试 / try: {', '.join(map(str, said['try_speeds']))} baud")
        if said["try_seven_bits"]:
            self._console.print("试 / try: 7 data bits, even parity")


def _line(event: dict[str, Any]) -> str:
    match event["type"]:
        case "line":
            return " ".join(
                f"[red]{escape(part['hex'])}[/]"
                if part["kind"] == "unknown"
                else escape(part["text"])
                if part["kind"] == "text"
                else f"[dim]{escape('<' + part['text'] + '>')}[/]"
                for part in event["parts"]
            )
        case "job":
            total = "-" if event["total_fen"] is None else f"{event['total_fen'] / 100:.2f}"
            fault = f" [yellow]{event['fault']['code']}[/]" if event["fault"] else ""
            said = f"[bold]── {event['kind']}: {event['lines']} 行 / lines, {total}[/]{fault}"
            return said + _instead(event.get("without_profile"))
        case _:
            return f"── {event.get('state', event['type'])}"


def _instead(bare: dict[str, Any] | None) -> str:
    """Say what would be read if the till had no profile; "" when the profile is not to blame."""
    if bare is None:
        return ""
    lines, total = bare["lines"], f"{bare['total_fen'] / 100:.2f}"
    return (
        f"\n   [yellow]配置不合这张小票:不用配置能读出 {lines} 行,合计 {total}。"
        "重新学一遍,或把 profile 改成 generic-auto[/]"
        f"\n   [yellow]The profile does not fit: without it {lines} lines and total {total} are "
        "read. Teach the till again, or set its profile to generic-auto[/]"
    )


def _listen(
    agent: RunningAgent, till: dict[str, Any], seconds: int, shown: _Shown
) -> dict[str, Any]:
    until = time.monotonic() + seconds if seconds else None
    try:
        for event in _events(agent, till["till"]):
            shown.told(event)
            if until is not None and time.monotonic() >= until:
                break
    except KeyboardInterrupt:
        pass
    shown.summary()
    return shown.report


def _events(agent: RunningAgent, till: str) -> Iterator[dict[str, Any]]:
    """Give what the agent tells, until it ends; raises the Fault it refuses with."""
    address = f"ws://{agent.host}:{agent.port}/v1/tech/tills/{till}/watch"
    headers = {"Authorization": f"Bearer {agent.token}"}
    protocols = [SUBPROTOCOL]
    try:
        with connect(
            address, additional_headers=headers, subprotocols=protocols, proxy=None
        ) as socket:
            for message in socket:
                yield json.loads(message)
    except InvalidStatus as error:
        said = json.loads(error.response.body or b"{}")
        if "code" in said:
            raise Fault(FaultCode(said["code"]), **said.get("fields", {})) from None
        raise
    except (OSError, WebSocketException):
        detail = f"{agent.host}:{agent.port}"
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="api_port", detail=detail) from None
