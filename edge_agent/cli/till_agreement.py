"""`edge-agent till agreement`: how far each till agrees, and what may be written to it."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from edge_agent.adapters.agreement_sqlite import SqliteAgreement
from edge_agent.adapters.keys import derive_key
from edge_agent.agreement_settings import bars_by_till
from edge_agent.api.agreement_views import agreement_view
from edge_agent.bootstrap.basis import basis_of
from edge_agent.cli.ask_agent import running_agent
from edge_agent.services.tills.write_permit import WritePermit
from edge_agent.settings import Settings, load_settings
from retail_core.errors import Fault

EXIT_FAULT = 3
NO_TILLS = "没有从打印线读的收银机 / no till is read off its printer line"
ALLOWED = {True: "✓", False: "✗"}


def agreement(
    config: Annotated[Path, typer.Option("--config", "-c", metavar="FILE")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """对账分数:盒子算的和打印的是否一致 / how far computed and printed receipts agree.

    Exit codes: 0 shown, 3 a coded fault.
    """
    try:
        settings = load_settings(config)
        agent = running_agent(settings)
        said: dict[str, Any] = (
            _on_disk(settings) if agent is None else agent.ask("GET", "/v1/tech/agreement")
        )
    except Fault as fault:
        typer.echo(f"{fault.code} {fault.text('zh')}\n     {fault.text('en')}", err=True)
        raise typer.Exit(EXIT_FAULT) from None
    if as_json:
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    for till in said["tills"]:
        _print(till)
    if not said["tills"]:
        typer.echo(NO_TILLS, err=True)


def _on_disk(settings: Settings) -> dict[str, Any]:
    """Read the score while no agent holds the files."""
    basis = basis_of(settings, "agreement")
    tills = {till.id: till.name for till in settings.device.escpos_tills}
    bars = bars_by_till(settings.config.agreement, tills)
    key = derive_key(settings.device.keys.storage_key.get_secret_value(), "agreement")
    store = SqliteAgreement(settings.config.data_dir / "agreement.db", key, basis.tally)
    try:
        permit = WritePermit(store, basis.clock, basis.tally, bars)
        return agreement_view(permit, tills).model_dump(mode="json")
    finally:
        store.close()


def _print(till: dict[str, Any]) -> None:
    typer.echo(f"{till['name']}  {till['score']}‰  {till['agreed']}/{till['seen']}")
    for one in till["channels"]:
        why = "" if one["reason"] is None else f"{one['reason']['code']} {one['reason']['zh']}"
        score = f"{one['score']}/{one['bar']}‰ ({one['seen']})"
        typer.echo(f"  {ALLOWED[one['allowed']]} {one['channel']:<8} {score} {why}".rstrip())
    for kind, count in sorted(till["kinds"].items()):
        typer.echo(f"  {kind}: {count}")
