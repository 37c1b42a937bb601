"""`edge-agent till points`: points of which nobody can tell whether the till's system has them."""

import json
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from edge_agent.adapters.push_outbox_sqlite import SqlitePushOutbox
from edge_agent.bootstrap.till_software import open_outbox
from edge_agent.domain.point_push import PointPush, PushState
from edge_agent.settings import Settings, load_settings
from retail_core.errors import Fault

EXIT_UNKNOWN = 1
EXIT_FAULT = 3


def points(
    config: Annotated[Path, typer.Option("--config", "-c", metavar="FILE")],
    done: Annotated[
        UUID | None, typer.Option(metavar="ID", help="对方已有,不再发 / it is there: do not send")
    ] = None,
    again: Annotated[
        UUID | None, typer.Option(metavar="ID", help="对方没有,再发一次 / it is not: send again")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """列出要人核对的积分(T165),核对后结掉 / points to be looked at, and settled by hand.

    Exit codes: 0 done, 1 no such push, 3 a coded fault.
    """
    try:
        found = _settled(load_settings(config), done, again)
    except Fault as fault:
        typer.echo(f"{fault.code} {fault.text('zh')}\n     {fault.text('en')}", err=True)
        raise typer.Exit(EXIT_FAULT) from None
    if found is None:
        raise typer.Exit(EXIT_UNKNOWN)
    shown = [_shown(name, push, customer) for name, push, customer in found]
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False))
        return
    for one in shown:
        typer.echo("  ".join(f"{key}={value}" for key, value in one.items()))
    if not shown:
        typer.echo("没有要核对的积分 / no points have to be looked at", err=True)


def _settled(
    settings: Settings, done: UUID | None, again: UUID | None
) -> list[tuple[str, PointPush, str]] | None:
    """Settle what was asked for; return what is left, None when there is no such push."""
    left: list[tuple[str, PointPush, str]] = []
    missing = {one for one in (done, again) if one is not None}
    for till in settings.device.software_tills:
        if till.url is None:
            continue
        outbox = open_outbox(settings, till.id)
        try:
            for push in outbox.unsure():
                if push.push_id not in missing:
                    left.append((till.name, push, outbox.customer(push.member_id) or ""))
                    continue
                missing.discard(push.push_id)
                _settle(outbox, push, again=push.push_id == again)
        finally:
            outbox.close()
    return None if missing else left


def _settle(outbox: SqlitePushOutbox, push: PointPush, *, again: bool) -> None:
    fresh = PointPush(push.push_id, push.member_id, push.points)
    outbox.keep(fresh if again else push.now(PushState.DONE))


def _shown(till: str, push: PointPush, customer: str) -> dict[str, object]:
    before = push.before
    return {
        "id": str(push.push_id),
        "till": till,
        "state": push.state.value,
        "customer": customer,
        "points": push.points,
        "before": None if before is None else before.points_milli / 1000,
        "tries": push.tries,
    }
