"""`edge-agent faces`: how the running box judges faces, its candidate on trial, its succession."""

import http.client
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from edge_agent.settings import load_settings
from retail_core.errors import Fault

EXIT_FAULT = 3
EXIT_SILENT = 4
TIMEOUT_S = 5.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound

ConfigOption = Annotated[Path, typer.Option("--config", "-c", metavar="FILE")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]


def faces(config: ConfigOption, *, as_json: JsonOption = False) -> None:
    """人脸模型、阈值、试用模型的比对、换模型的进度 / models, threshold, shadow run, succession.

    Asks the running box. Exit codes: 0 told, 3 a file is not valid, 4 the box does not answer.
    """
    try:
        settings = load_settings(config).config
    except Fault as fault:
        typer.echo(f"{fault.code} {fault.text('zh')} / {fault.text('en')}", err=True)
        raise typer.Exit(EXIT_FAULT) from None
    host = ANYWHERE.get(settings.api_host, settings.api_host)
    try:
        health = _ask(host, settings.api_port)
    except (OSError, ValueError) as error:
        typer.echo(f"盒子没有回答 / the box does not answer: {host}: {error}", err=True)
        raise typer.Exit(EXIT_SILENT) from None
    told = {"state": health["devices"].get("face", "off"), **(health.get("faces") or {})}
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for name, value in _flat(told).items():
        typer.echo(f"{name:<28} {value}")


def _ask(host: str, port: int) -> dict[str, Any]:
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/v1/health")
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return answer


def _flat(told: dict[str, Any], prefix: str = "") -> dict[str, object]:
    lines: dict[str, object] = {}
    for name, value in told.items():
        if isinstance(value, dict):
            lines |= _flat(value, f"{prefix}{name}.")
        else:
            lines[f"{prefix}{name}"] = "-" if value in (None, []) else value
    return lines
