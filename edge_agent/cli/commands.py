"""The commands of `edge-agent`: the box's program, checks before it sells, and the rest."""

import json
from typing import Annotated

import typer

from edge_agent.cli.about import version
from edge_agent.cli.common import ConfigOption
from edge_agent.cli.lazy import loading_later

LATER = {
    "nfc": "edge_agent.cli.nfc:app",
    "consent": "edge_agent.cli.privacy:consent_app",
    "faces": "edge_agent.cli.faces:faces",
    "provision": "edge_agent.cli.provision:provision",
    "diag": "edge_agent.cli.care:diag",
    "safe-mode": "edge_agent.cli.care:safe_mode_app",
    "member": "edge_agent.cli.privacy:member_app",
    "terminals": "edge_agent.cli.terminals:app",
    "till": "edge_agent.cli.tills:app",
    "sync": "edge_agent.cli.sync:app",
    "update": "edge_agent.cli.update:update_app",
}

app = typer.Typer(
    cls=loading_later(LATER),
    name="edge-agent",
    help="熟客门店盒子程序 / Regulars, the program of the box in the shop.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command()
def run(config: ConfigOption) -> None:
    """启动盒子,Ctrl-C 或 SIGTERM 停止 / Run the box until Ctrl-C or SIGTERM.

    Exit codes: 0 stopped on request, 2 a file is not valid, 3 the port is in use, 4 storage
    failed, 5 something else is missing.
    """
    # Loaded when asked for: the other commands start without the web server.
    from edge_agent.cli.running import run_box  # noqa: PLC0415 -- see above

    raise typer.Exit(run_box(config))


@app.command()
def doctor(
    config: ConfigOption,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="输出 JSON / print JSON, for programs")
    ] = False,
    paper: Annotated[
        str,
        typer.Option(
            "--print",
            metavar="TILL|PORT",
            help="自检小票打在哪里:收银机的名字或打印机的端口 / print a slip of it at a till's"
            " printer or a port",
        ),
    ] = "",
) -> None:
    """盒子哪里不好、谁能修;没运行就自检 / Say what is wrong with the box, and who mends it.

    Asks the agent that runs; where none does, tries files, models, packages, ports and devices.
    With --print the slip of a new box is left in the shop; a printer that the agent has is its own.
    Exit codes: 0 everything found, 1 something to mend, 2 a file is not valid.
    """
    # Loaded when asked for: it tries what the whole program needs.
    from edge_agent.cli.doctor import examination  # noqa: PLC0415 -- see above

    examination(config, as_json=as_json, paper=paper)


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
    # Loaded when asked for: the other commands start without the web server.
    from edge_agent.api.app import routed_app  # noqa: PLC0415 -- see above
    from edge_agent.api.event_catalogue import catalogue  # noqa: PLC0415 -- see above

    document = catalogue(version()) if events else routed_app(version()).openapi()
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


@app.command(name="version")
def show_version() -> None:
    """显示版本 / Print the version."""
    typer.echo(version())
