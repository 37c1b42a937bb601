"""Rights lent to boxes: which boxes are in doubt, and a person's word on them."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import typer

from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    office_of,
    out,
    say,
    say_none,
    table_of,
)
from cloud_broker.services.rights.lease_desk import BoxLeases, LeaseSettling

app = typer.Typer()
lease_app = typer.Typer(help="借给盒子的额度 / rights lent to boxes", no_args_is_help=True)
app.add_typer(lease_app, name="leases")

DeviceArgument = Annotated[UUID, typer.Argument(help="设备编号 device id")]
ReasonOption = Annotated[str, typer.Option(help="原因 why")]
TokenOption = Annotated[
    str,
    typer.Option(
        envvar="REGULARS_HQ_TOKEN",
        help="是谁在操作:总部账号的 API 令牌(hq-user --token)/ who acts: a person's API token",
    ),
]


@lease_app.command("list")
def list_(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """每台盒子手上的额度,存疑的在前 / what each box holds, those in doubt first."""
    with office_of(config) as office:
        boxes = LeaseSettling(office.units, office.clock).boxes(office.tenant())
    if as_json:
        say({"boxes": [_said(box) for box in boxes]}, as_json=True)
        return
    table = table_of("设备 device", "轮次 epoch", "借出 lent", "存疑 in doubt", "状态 state")
    for box in boxes:
        state = "冻结 frozen" if box.frozen else ""
        state = "已被替换 replaced" if box.retired else state
        table.add_row(str(box.device), str(box.epoch), _sums(box.lent), _sums(box.in_doubt), state)
    out.print(table)
    if not boxes:
        say_none("没有盒子手上有额度 / no box holds anything")


@lease_app.command("write-off")
def write_off(
    device: DeviceArgument,
    reason: ReasonOption,
    token: TokenOption,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """存储卡已销毁,收回存疑的额度 / its card is destroyed: take back what is in doubt."""
    with office_of(config) as office:
        desk = LeaseSettling(office.units, office.clock)
        box = desk.write_off(office.access.who(token), device, reason)
    say(_said(box), as_json=as_json)


@lease_app.command()
def release(
    device: DeviceArgument,
    reason: ReasonOption,
    token: TokenOption,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """同一身份的两台只剩一台,放行 / of two boxes with one identity one is left: let it in."""
    with office_of(config) as office:
        desk = LeaseSettling(office.units, office.clock)
        box = desk.release(office.access.who(token), device, reason)
    say(_said(box), as_json=as_json)


def _said(box: BoxLeases) -> dict[str, object]:
    return {
        "device": str(box.device),
        "store": str(box.store),
        "epoch": box.epoch,
        "frozen": box.frozen,
        "lent": box.lent,
        "in_doubt": box.in_doubt,
        "retired": box.retired,
    }


def _sums(amounts: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {amount:,}" for kind, amount in sorted(amounts.items()))
