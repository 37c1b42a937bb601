"""`edge-agent sync doctor`: the line to the cloud, in words.

Asks the agent that runs; where none does, looks at the journal itself and tries every way out.
"""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.filesize import decimal

from edge_agent.adapters.clock_system import SystemClock, kernel_boot_id
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.keys import derive_key
from edge_agent.adapters.mqtt_session import LinkIdentity, MqttSession
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.api.line_views import line_view
from edge_agent.api.views import fault_reason
from edge_agent.bootstrap.network import direct_way, network_of
from edge_agent.cli.ask_agent import running_agent
from edge_agent.domain.line_doctor import LineFacts
from edge_agent.services.line.line_view import feed_pos, oldest_ms
from edge_agent.settings import Settings, load_settings
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.topics import box_filters

EXIT_FINDINGS = 1
EXIT_FAULT = 3
HTTP_TIMEOUT_S = 3.0
ROWS = (
    ("way", "线路 way"),
    ("connected", "已连上 connected"),
    ("cloud_up", "入账在运行 ingest up"),
    ("clock", "时钟 clock"),
    ("waiting", "等待 waiting"),
    ("oldest_waiting_ms", "最早等了 oldest (ms)"),
    ("lowest_unacked", "最小未确认 lowest unacked"),
    ("next_seq", "下一序号 next"),
    ("frames_in_flight", "在途 in flight"),
    ("round_trip_ms", "往返 round trip (ms)"),
    ("frame_events", "每帧 frame holds"),
    ("feed_pos", "变更位置 feed position"),
)

app = typer.Typer(help="与云端的线路 / the line to the cloud", no_args_is_help=True)


@app.callback()
def sync() -> None:
    """与云端的线路 / the line to the cloud."""


@app.command()
def doctor(
    config: Annotated[Path, typer.Option("--config", "-c", metavar="FILE")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """线路通不通、什么在等、怎么办 / whether the line is well, what waits, what to do.

    Exit codes: 0 well, 1 something was found, 3 a coded fault.
    """
    try:
        said = _examined(load_settings(config))
    except Fault as fault:
        typer.echo(f"{fault.code} {fault.text('zh')}\n     {fault.text('en')}", err=True)
        raise typer.Exit(EXIT_FAULT) from None
    if as_json:
        typer.echo(json.dumps(said, ensure_ascii=False))
    else:
        _show(said)
    if said["findings"]:
        raise typer.Exit(EXIT_FINDINGS)


def _examined(settings: Settings) -> dict[str, Any]:
    agent = running_agent(settings)
    if agent is not None:
        said: dict[str, Any] = agent.ask("GET", "/v1/tech/sync")
        more: list[Fault] = []
    else:
        facts = _from_files(settings)
        said = line_view(facts).model_dump(mode="json")
        more = [Fault(FaultCode.SYNC_AGENT_AWAY)]
    more += _of_the_directory(settings)
    said["findings"] = [
        *(fault_reason(fault).model_dump(mode="json") for fault in more),
        *said["findings"],
    ]
    said["ok"] = not said["findings"]
    return said


def _from_files(settings: Settings) -> LineFacts:
    """Look at the journal, and try the ways out as the agent would."""
    clock = SystemClock(kernel_boot_id())
    keys = settings.device.keys.storage_key.get_secret_value()
    folder = settings.config.data_dir
    reason, way = _tried(settings)
    with ExitStack() as files:
        journal = SqliteJournal(
            folder / "journal.db", derive_key(keys, "journal"), SystemIds(clock)
        )
        files.callback(journal.close)
        replica = SqliteReplica(folder / "replica.db", derive_key(keys, "replica"))
        files.callback(replica.close)
        return LineFacts(
            store=settings.device.identity.store_name,
            connected=not reason,
            way=way,
            way_name="direct" if way == direct_way(settings) else "other",
            direct=direct_way(settings),
            reason=reason,
            clock=TimeQuality(clock.now().quality),
            epoch=journal.epoch,
            waiting=journal.depth(),
            lowest_unacked=journal.lowest_unacked(),
            next_seq=journal.next_seq(),
            oldest_ms=oldest_ms(journal, clock),
            feed_pos=feed_pos(replica),
            month_mb=settings.config.network.month_mb,
        )


def _tried(settings: Settings) -> tuple[str, str]:
    """Return why no way stood (empty when one did), and the way it was."""
    identity, cloud = settings.device.identity, settings.device.cloud
    who = LinkIdentity(
        identity.tenant,
        identity.store,
        identity.device,
        cloud.broker_password.get_secret_value(),
    )
    filters = box_filters(identity.tenant, identity.store, identity.device)
    route = network_of(settings).route
    reason = ""
    for way in route.ways:
        session = MqttSession(who, filters, lambda _message: None, FaultTally(), route, way)
        try:
            failed = session.open(threading.Event())
        finally:
            session.close()
        if not failed:
            return "", str(way)
        reason = reason or failed
    return reason, str(route.ways[0])


def _of_the_directory(settings: Settings) -> Iterator[Fault]:
    """Ask the cloud's interface whether it is there: no token is sent."""
    parts = urlsplit(settings.device.cloud.url)
    connection = network_of(settings).outgoing.connection(
        parts.hostname or "", parts.port, HTTP_TIMEOUT_S, secure=parts.scheme == "https"
    )
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/v1/health")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        where = f"{parts.hostname}:{connection.port}"
        yield Fault(FaultCode.SYNC_DIRECTORY_AWAY, where=where, reason=reason)
    finally:
        connection.close()


def _show(said: dict[str, Any]) -> None:
    console = Console(emoji=False, soft_wrap=True, highlight=False)
    for finding in said["findings"]:
        console.print(f"[red]✗[/] {finding['code']} ", end="")
        console.print(finding["zh"], markup=False)
        console.print(f"       {finding['en']}", markup=False)
    if not said["findings"]:
        console.print("[green]✓[/] 线路没有问题 / nothing is wrong with the line")
    for key, label in ROWS:
        console.print(f"{label}  {said[key]}", markup=False)
    _show_cost(said["bytes"], console)
    counted = ", ".join(f"{code} ×{count}" for code, count in said["faults"].items())
    console.print(f"最近故障 faults  {counted or '–'}", markup=False)


def _show_cost(cost: dict[str, Any], console: Console) -> None:
    month, budget = cost["month_mb"], cost["budget_mb"]
    told = "满一小时才算 told after an hour" if month is None else f"{month} MB"
    console.print(f"流量 carried  ↑ {decimal(cost['up'])}, ↓ {decimal(cost['down'])}", markup=False)
    console.print(f"一个月约 a month  {told}(预算 budget {budget} MB)", markup=False)
    for kind, carried in sorted(cost["by_message"].items(), key=lambda one: -one[1]):
        console.print(f"  {kind}  {decimal(carried)}", markup=False)
