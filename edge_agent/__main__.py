"""`edge-agent`: run the box's program, check a box before it sells, say the version."""

import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO, cast

import structlog
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge_agent.api.app import routed_app
from edge_agent.api.event_catalogue import catalogue
from edge_agent.api.server import Server, bind, ending_on_signals
from edge_agent.api.warm import warm_beside
from edge_agent.bootstrap import build_agent
from edge_agent.bootstrap.ask_agent import running_agent
from edge_agent.bootstrap.care_cli import diag, safe_mode_app
from edge_agent.bootstrap.diag import LOG_TAIL
from edge_agent.bootstrap.faces_cli import faces
from edge_agent.bootstrap.privacy_cli import consent_app, member_app
from edge_agent.bootstrap.probes import Probe, probes
from edge_agent.bootstrap.provision_cli import provision
from edge_agent.bootstrap.sync_cli import app as sync_app
from edge_agent.bootstrap.tags import app as nfc_app
from edge_agent.bootstrap.terminals_cli import app as terminals_app
from edge_agent.bootstrap.tills_cli import app as till_app
from edge_agent.bootstrap.update_cli import update_app
from edge_agent.settings import Settings, load_settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

EXIT_FINDINGS = 1
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
MENDERS = {"clerk": "店员 / clerk", "technician": "技术员 / technician", "hq": "总部 / HQ"}
EXIT_OTHER = 5

app = typer.Typer(
    name="edge-agent",
    help="熟客门店盒子程序 / Regulars, the program of the box in the shop.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(nfc_app, name="nfc")
app.add_typer(consent_app, name="consent")
app.command()(faces)
app.command()(provision)
app.command()(diag)
app.add_typer(safe_mode_app, name="safe-mode")
app.add_typer(member_app, name="member")
app.add_typer(terminals_app, name="terminals")
app.add_typer(till_app, name="till")
app.add_typer(sync_app, name="sync")
app.add_typer(update_app, name="update")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `fault` is None when all is well."""

    name: str
    fault: Fault | None

    def as_json(self) -> dict[str, object]:
        """Return it for programs."""
        if self.fault is None:
            return {"name": self.name, "ok": True}
        texts = {language: self.fault.text(language) for language in ("zh", "en")}
        return {"name": self.name, "ok": False, "code": self.fault.code.value, **texts}


ConfigOption = Annotated[
    Path,
    typer.Option(
        "--config", "-c", metavar="FILE", help="盒子的配置文件 (TOML) / the box's config file"
    ),
]


@app.command()
def run(config: ConfigOption) -> None:
    """启动盒子,Ctrl-C 或 SIGTERM 停止 / Run the box until Ctrl-C or SIGTERM.

    Exit codes: 0 stopped on request, 2 a file is not valid, 3 the port is in use, 4 storage
    failed, 5 something else is missing.
    """
    settings = _settings(config)
    log_to_stderr()
    try:
        serve(settings)
    except Fault as fault:
        _fail(fault)


@app.command()
def doctor(
    config: ConfigOption,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="输出 JSON / print JSON, for programs")
    ] = False,
) -> None:
    """盒子哪里不好、谁能修;没运行就自检 / Say what is wrong with the box, and who mends it.

    Asks the agent that runs; where none does, tries files, models, packages, ports and devices.
    Exit codes: 0 everything found, 1 something to mend, 2 a file is not valid.
    """
    # Its own lines go to stderr: what stands on stdout is for programs.
    log_to_stderr()
    findings = _examined(_settings(config))
    if as_json:
        typer.echo(json.dumps([finding.as_json() for finding in findings], ensure_ascii=False))
    else:
        _print(findings)
    if any(finding.fault for finding in findings):
        raise typer.Exit(EXIT_FINDINGS)


@app.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    }
)
def evaluate(context: typer.Context) -> None:
    """准确度报告:人脸、会员码、小票 / Accuracy reports: faces, codes, receipts."""
    # Loaded when asked for: the box in the shop never carries it in its memory.
    from edge_agent.evaluate.cli import app as reports  # noqa: PLC0415 -- see above

    reports(context.args, prog_name=f"{app.info.name} evaluate")


@app.command(name="api")
def show_api(
    *,
    events: Annotated[
        bool, typer.Option("--events", help="事件目录 (AsyncAPI) / the catalogue of events")
    ] = False,
) -> None:
    """打印本机接口的 OpenAPI 全文 / Print the local API as OpenAPI, without a running box."""
    document = catalogue(version()) if events else routed_app(version()).openapi()
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


@app.command(name="version")
def show_version() -> None:
    """显示版本 / Print the version."""
    typer.echo(version())


def main() -> None:
    """Be the console script."""
    app()


def serve(settings: Settings) -> None:
    """Run until a signal; raises the Fault that kept the agent from starting."""
    # The port first: a second agent on one box must not touch the files of the first.
    with bind(settings.config.api_host, settings.config.api_port) as listening:
        agent = build_agent(settings, version())
        try:
            warm_beside(agent.app)
            server = Server(agent.app, agent.release_waiters)
            with ending_on_signals(server.ask_to_end):
                agent.start()
                server.run([listening])
                agent.ended()
                agent.stop()
        finally:
            agent.stop()


def _examined(settings: Settings) -> tuple[Finding, ...]:
    agent = running_agent(settings)
    if agent is None:
        return examine(probes(settings))
    try:
        return told(agent.ask("GET", "/v1/tech/health"))
    except Fault as fault:
        _fail(fault)


def told(body: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return the issues a running agent tells of, each named by who can mend it."""
    return tuple(
        Finding(MENDERS[one["mender"]], Fault(FaultCode(one["code"]), **one["fields"]))
        for one in body["issues"]
    )


def examine(checks: Iterable[Probe]) -> tuple[Finding, ...]:
    """Run each check; a check that raises something unexpected is a finding too."""
    return tuple(Finding(name, _fault_of(check)) for name, check in checks)


def _fault_of(check: Callable[[], object]) -> Fault | None:
    try:
        check()
    except Fault as fault:
        return fault
    except ImportError as error:
        return Fault(FaultCode.SETUP_PACKAGE_MISSING, packages=error.name)
    except OSError as error:
        return Fault(FaultCode.SETUP_CONFIG_INVALID, path=error.filename, detail=error.strerror)
    return None


def version() -> str:
    """Return the installed version."""
    return installed_version("regulars")


class _Stderr:
    """Standard error as it is when something is said; a test's runner closes its own."""

    def write(self, text: str) -> int:
        """Write, and keep the last lines for diagnostics."""
        LOG_TAIL.write(text)
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush."""
        sys.stderr.flush()


def _stderr() -> TextIO:
    return cast("TextIO", _Stderr())


def log_to_stderr() -> None:
    """One JSON object a line on stderr, from our code and from the libraries."""
    stderr = _stderr()
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _settings(config: Path) -> Settings:
    try:
        return load_settings(config)
    except Fault as fault:
        _fail(fault)


def _fail(fault: Fault) -> NoReturn:
    said = f"{escape(fault.text('zh'))}\n     {escape(fault.text('en'))}"
    Console(stderr=True, soft_wrap=True).print(f"[red]{fault.code}[/] {said}")
    storage = EXIT_STORAGE if fault.spec.category == "storage" else EXIT_OTHER
    raise typer.Exit(EXIT_CODES.get(fault.code, storage))


def _print(findings: tuple[Finding, ...]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "项目 / what", "说明 / finding"):
        table.add_column(heading)
    for finding in findings:
        fault = finding.fault
        if fault is None:
            table.add_row("[green]✓[/]", finding.name, "")
        else:
            said = f"{fault.code} {escape(fault.text('zh'))}\n{escape(fault.text('en'))}"
            table.add_row("[red]✗[/]", finding.name, said)
    Console().print(table)


if __name__ == "__main__":
    main()
