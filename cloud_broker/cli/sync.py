"""The line between boxes and cloud: what is wrong with it, and poisoned messages tried again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Column, Table

from cloud_broker.cli.common import ConfigOption, JsonOption, office_of, out, say
from cloud_broker.domain.sync_doctor import BoxFacts
from cloud_broker.services.booking.sync_doctor import Examined
from retail_core.errors import Fault
from retail_core.texts.spans import Span

EXIT_FINDINGS = 1
ROWS_SHOWN = 40
IDS_SHOWN = 3
_TO_LOOK_AT = (
    "要人核对的不重试:在总部「待修复」页看 / a person looks at those, on HQ's page “Repair”"
)

app = typer.Typer()
sync_app = typer.Typer(help="门店与云之间的线路 / the line to the shops", no_args_is_help=True)
app.add_typer(sync_app, name="sync")


@sync_app.command()
def doctor(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """哪里慢、缺什么、卡在哪、怎么办 / lag, gaps, what is stuck and what to do about it.

    Exit codes: 0 nothing found, 1 something was found, 3 a coded fault.
    """
    with office_of(config) as office:
        seen = office.doctor.examine(office.tenant)
    if as_json:
        say(_as_json(seen), as_json=True)
    else:
        _show(seen)
    if seen.findings:
        raise typer.Exit(EXIT_FINDINGS)


@sync_app.command()
def replay(
    code: Annotated[
        list[str] | None, typer.Option(help="只重试这个编号的,可多次 / only this code, repeatable")
    ] = None,
    id_: Annotated[
        list[UUID] | None, typer.Option("--id", help="只重试这一件,可多次 / only this item")
    ] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """待修复的账和帧,一条命令全部重试 / try what stands in the repair queue again.

    Exit codes: 0 everything booked, 1 something is still broken, 3 a coded fault.
    """
    with office_of(config) as office:
        done = office.doctor.replay(office.tenant(), codes=code or (), ids=id_ or (), who="cli")
    failed = [{"id": str(one.repair_id), "code": one.code} for one in done.failed]
    counts: dict[str, object] = {"tried": done.tried, "booked": done.tried - len(failed)}
    looked = {"to_look_at": done.to_look_at}
    if as_json:
        say(counts | {"failed": failed} | looked, as_json=True)
    else:
        say(counts | {"failed": len(failed)} | looked, as_json=False)
        _show_failed(failed)
        if done.to_look_at:
            out.print(f"  {_TO_LOOK_AT}", soft_wrap=True)
    if failed:
        raise typer.Exit(EXIT_FINDINGS)


def _show_failed(failed: Sequence[Mapping[str, str]]) -> None:
    for code, count in Counter(one["code"] for one in failed).most_common():
        ids = [one["id"] for one in failed if one["code"] == code]
        more = f" … (+{count - IDS_SHOWN})" if count > IDS_SHOWN else ""
        out.print(f"  {code} ×{count}  {' '.join(ids[:IDS_SHOWN])}{more}", soft_wrap=True)


def _show(seen: Examined) -> None:
    for fault in seen.findings:
        out.print(f"[red]✗[/] {fault.code.value} ", end="")
        out.print(fault.text("zh"), markup=False, soft_wrap=True)
        out.print(f"       {fault.text('en')}", markup=False, soft_wrap=True)
    if not seen.findings:
        out.print("[green]✓[/] 线路没有问题 / nothing is wrong with the line")
    if seen.boxes is None:
        return
    table = Table(
        Column("门店 store", overflow="fold"),
        "状态 state",
        "最近 heard",
        "等待 waiting",
        "已提交到 through",
        "缺 holes",
        "变更差 feed",
    )
    for box in seen.boxes[:ROWS_SHOWN]:
        table.add_row(*_row(box))
    out.print(table)
    if len(seen.boxes) > ROWS_SHOWN:
        out.print(f"… {len(seen.boxes) - ROWS_SHOWN:,} (--json)")


def _row(box: BoxFacts) -> tuple[str, ...]:
    heard = "–" if box.silent_ms is None else Span(box.silent_ms).zh
    holes = ", ".join(f"{low}–{high}" for low, high in box.holes[:2]) or "–"
    counts = (f"{box.waiting:,}", f"{box.watermark:,}", holes, f"{box.feed_lag:,}")
    return (box.store_name, box.state, heard, *counts)


def _as_json(seen: Examined) -> dict[str, object]:
    return {
        "ok": not seen.findings,
        "findings": [_finding(fault) for fault in seen.findings],
        "boxes": None if seen.boxes is None else [_box(box) for box in seen.boxes],
        "repairs": None
        if seen.repairs is None
        else [
            {
                "code": one.code,
                "kind": one.kind,
                "count": one.count,
                "oldest_ms": one.oldest_ms,
                "last_error": one.detail,
            }
            for one in seen.repairs
        ],
    }


def _finding(fault: Fault) -> dict[str, str]:
    return {"code": fault.code.value, "zh": fault.text("zh"), "en": fault.text("en")}


def _box(box: BoxFacts) -> dict[str, object]:
    return {
        "store": str(box.store),
        "store_name": box.store_name,
        "device": str(box.device),
        "software": box.software,
        "state": box.state,
        "silent_ms": box.silent_ms,
        "clock_skew_ms": box.skew_ms,
        "epoch": box.epoch,
        "waiting": box.waiting,
        "committed": box.committed,
        "watermark": box.watermark,
        "holes": box.holes,
        "chain_breaks": box.breaks,
        "feed_pos": box.feed_pos,
        "feed_head": box.feed_head,
        "feed_published": box.feed_published,
        "faults": dict(box.faults),
    }
