"""`edge-agent diag` and `edge-agent safe-mode`: what a technician does for a box that is unwell."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, NoReturn

import segno
import typer

from edge_agent.adapters.documents_tinydb import TinyDocuments
from edge_agent.bootstrap.basis import DOCUMENTS_FILE, basis_of
from edge_agent.bootstrap.diag import files_said, redactor_of, settings_said
from edge_agent.cli.ask_agent import running_agent
from edge_agent.domain.diag_summary import summary
from edge_agent.services.box.diag import Collector, Diagnostics
from edge_agent.services.box.safe_mode import StartBook
from edge_agent.settings import Settings, load_settings
from retail_core.errors import Fault
from retail_core.fleet.boot_loop import Starts
from retail_core.texts.faults import FaultCode
from retail_core.wire.health import BoxVitals

EXIT_FAULT = 3
LEAVE = "/v1/tech/health/fixups/leave-safe-mode"
PNG_SCALE = 8

ConfigOption = Annotated[Path, typer.Option("--config", "-c", metavar="FILE")]
safe_mode_app = typer.Typer(help="安全模式 / safe mode", no_args_is_help=True)


def diag(
    config: ConfigOption,
    out: Annotated[Path, typer.Option("--out", "-o", help="写到哪里 / where to write")] = Path(
        "regulars-diag.tar.gz"
    ),
    *,
    in_short: Annotated[
        bool, typer.Option("--summary", help="只要要点和二维码 / the essentials and their QR code")
    ] = False,
) -> None:
    """诊断包:一个压缩包,没有会员和密钥 / one archive of diagnostics, without persons and keys.

    Asks the running agent; where none runs, what its files say. With --summary a line and its QR
    code, also as PNG beside `--out`. Exit codes: 0 written, 3 a coded fault.
    """
    try:
        settings = load_settings(config)
        if in_short:
            _summary(settings, out)
            return
        agent = running_agent(settings)
        packed = _of_files(settings) if agent is None else agent.fetch("/v1/tech/diag", {})
    except Fault as fault:
        _fail(fault)
    out.write_bytes(packed)
    typer.echo(f"{out} · {len(packed)} B")


@safe_mode_app.command("show")
def show(config: ConfigOption) -> None:
    """是不是安全模式 / tell whether the box is in safe mode."""
    settings = _loaded(config)
    agent = running_agent(settings)
    if agent is None:
        with ExitStack() as files:
            safe = _book(settings, files).read().safe
    else:
        reasons = agent.ask("GET", "/v1/health")["reasons"]
        safe = FaultCode.HEALTH_SAFE_MODE.value in {one["code"] for one in reasons}
    typer.echo("安全模式 / safe mode" if safe else "正常 / normal")


@safe_mode_app.command("off")
def off(
    config: ConfigOption,
    operator: Annotated[str, typer.Option(help="店长或技术员的工号 / a manager's number")] = "",
    pin: Annotated[str, typer.Option(envvar="REGULARS_OPERATOR_PIN")] = "",
) -> None:
    """离开安全模式:正在运行的盒子程序会重启 / leave safe mode; a running agent starts anew."""
    try:
        settings = load_settings(config)
        agent = running_agent(settings)
        if agent is None:
            with ExitStack() as files:
                _book(settings, files).write(Starts())
        else:
            number = operator or typer.prompt("工号 / number")
            signed = agent.signed_in(number, pin or typer.prompt("PIN", hide_input=True))
            signed.ask("POST", LEAVE, {})
    except Fault as fault:
        _fail(fault)
    typer.echo("已离开安全模式 / left safe mode")


def _summary(settings: Settings, out: Path) -> None:
    agent = running_agent(settings)
    if agent is None:
        own = settings.device.identity
        text = summary(str(own.store), str(own.device), "stopped", BoxVitals(), ())
    else:
        text = agent.ask("GET", "/v1/tech/diag/summary")["text"]
    code = segno.make_qr(text, error="m", boost_error=False)
    picture = out.with_name(f"{out.name.partition('.')[0]}.png")
    code.save(str(picture), scale=PNG_SCALE)
    code.terminal(out=sys.stdout, compact=True)
    typer.echo(text)
    typer.echo(str(picture))


def _of_files(settings: Settings) -> bytes:
    """Collect what can be said of a box whose agent does not run."""
    basis = basis_of(settings, "stopped")
    collectors = (
        Collector("about.json", lambda: f'{{"agent": "stopped", "store": "{basis.shop.store}"}}\n'),
        Collector("settings.json", lambda: settings_said(settings)),
        Collector("files.txt", lambda: files_said(settings.config.data_dir)),
    )
    return Diagnostics(collectors, redactor_of(settings), basis.clock).archive("command")


def _book(settings: Settings, files: ExitStack) -> StartBook:
    basis = basis_of(settings, "safe-mode")
    documents = TinyDocuments(settings.config.data_dir / DOCUMENTS_FILE, basis.tally)
    files.callback(documents.close)
    return StartBook(documents)


def _loaded(config: Path) -> Settings:
    try:
        return load_settings(config)
    except Fault as fault:
        _fail(fault)


def _fail(fault: Fault) -> NoReturn:
    typer.echo(f"{fault.code} {fault.text('zh')}\n     {fault.text('en')}", err=True)
    raise typer.Exit(EXIT_FAULT)
