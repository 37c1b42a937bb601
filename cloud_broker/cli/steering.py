"""Steering boxes: their twins and their commands."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import typer

from cloud_broker.cli.common import ConfigOption, JsonOption, office_of, out, say
from cloud_broker.services.fleet.archives import Archives
from cloud_broker.services.fleet.commands import CommandDesk, Wish
from cloud_broker.services.fleet.said import box_said, command_said, layer_said, order_said
from cloud_broker.services.fleet.twin import Change, Spot, TwinDesk
from retail_core.errors import Fault
from retail_core.fleet.twin import SCOPES
from retail_core.fleet.twin_settings import read_value
from retail_core.texts.faults import FaultCode

app = typer.Typer()
twin = typer.Typer(help="盒子该是什么样 / what boxes are to be like", no_args_is_help=True)
command = typer.Typer(help="叫盒子做事 / what boxes are told to do", no_args_is_help=True)
app.add_typer(twin, name="twin")
app.add_typer(command, name="command")

AtOption = Annotated[
    str, typer.Option(help="哪一层 where: chain, region:名, store:名, device:编号")
]
ByOption = Annotated[str, typer.Option(help="谁 who, for the record")]
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Hand:
    """Whoever sits at the server; Fault API_BODY_INVALID for nobody, who goes on no record."""

    tenant_id: UUID
    login: str
    role: str = "admin"

    def __post_init__(self) -> None:
        """Take the name as it was meant: a blank around it makes no second person."""
        object.__setattr__(self, "login", self.login.strip())
        if not self.login:
            raise Fault(FaultCode.API_BODY_INVALID, detail="--by")


@dataclass(frozen=True, slots=True)
class Desks:
    """What the commands work with."""

    tenant: UUID
    twins: TwinDesk
    orders: CommandDesk
    archives: Archives

    def spot(self, at: str) -> Spot:
        """Return the place; Fault API_NOT_FOUND."""
        said, _, name = at.partition(":")
        scope = next((one for one in SCOPES if one == said), None)
        if scope is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=at[:80])
        return self.twins.spot(self.tenant, scope, name)


@contextmanager
def _desks(config: ConfigOption) -> Iterator[Desks]:
    with office_of(config) as office:
        twins = TwinDesk(office.units, office.clock)
        orders = CommandDesk(office.units, office.clock, office.ids)
        archives = Archives(office.units, office.clock)
        yield Desks(office.tenant(), twins, orders, archives)


@twin.command("show")
def show(
    at: AtOption = "chain",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """一层写了什么,其下每台盒子合起来是什么 / a layer, and what it comes to on each box."""
    with _desks(config) as desks:
        spot = desks.spot(at)
        layer = desks.twins.layer(desks.tenant, spot)
        boxes = desks.twins.boxes(desks.tenant, spot)
    found = {"layer": layer_said(layer), "boxes": [box_said(one, every=True) for one in boxes]}
    _print(found, as_json=as_json)


@twin.command("diff")
def diff(
    at: AtOption = "chain",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """哪些盒子哪一项与要求不同 / which keys of which boxes are not as wanted."""
    with _desks(config) as desks:
        boxes = desks.twins.boxes(desks.tenant, desks.spot(at))
    apart = [box_said(one, every=False) for one in boxes if one.apart or one.told is None]
    _print({"boxes": len(boxes), "apart": apart}, as_json=as_json)


@twin.command("set")
def set_(
    by: ByOption,
    value: Annotated[
        list[str] | None, typer.Argument(help="键=值,留空即去掉 key=value; key= drops it")
    ] = None,
    at: AtOption = "chain",
    note: Annotated[str, typer.Option(help="为什么 why")] = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """改一层的设置 / change a layer."""
    with _desks(config) as desks:
        said = dict(_pair(one) for one in value or [])
        put = {key: read_value(key, text) for key, text in said.items() if text}
        drop = frozenset(key for key, text in said.items() if not text)
        hand = Hand(desks.tenant, by)
        after = desks.twins.change(hand, desks.spot(at), Change(put, drop, note))
    _print(layer_said(after), as_json=as_json)


@twin.command("history")
def history(
    at: AtOption = "chain",
    config: ConfigOption = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="所有层 every layer")] = False,
    as_json: JsonOption = False,
) -> None:
    """谁在什么时候改了什么 / who changed what, and when."""
    with _desks(config) as desks:
        spot = None if all_ else desks.spot(at)
        rows = desks.twins.history(desks.tenant, spot)
    found = [layer_said(one.layer) | {"place": str(one.place)} for one in rows]
    _print({"changes": found}, as_json=as_json)


@command.command("give")
def give(  # noqa: PLR0913 -- the options of one command
    kind: Annotated[
        str, typer.Argument(help="restart doctor diag logs resync reload_twin rebirth")
    ],
    by: ByOption,
    at: AtOption = "chain",
    part: Annotated[str, typer.Option(help="restart: agent, uplink")] = "",
    ttl_minutes: Annotated[int, typer.Option(help="多少分钟内有效 how long it holds")] = 60,
    why: Annotated[str, typer.Option(help="为什么 why")] = "",
    config: ConfigOption = None,
    *,
    dry: Annotated[bool, typer.Option("--dry-run", help="只演练 change nothing")] = False,
    as_json: JsonOption = False,
) -> None:
    """下一个命令;影响多家店时等第二个人 / give an order; many stores take a second person."""
    with _desks(config) as desks:
        args = {"part": part} if part else {}
        wish = Wish(kind, desks.spot(at), args, ttl_minutes * _MINUTE_MS, why, dry)
        order = desks.orders.give(Hand(desks.tenant, by), wish)
        stores, alone, waits = desks.orders.reach(desks.tenant, wish.spot, dry=dry)
    _print(order_said(order), as_json=as_json)
    if waits and not as_json:
        fault = Fault(FaultCode.COMMAND_NEEDS_SECOND, stores=stores, alone=alone)
        out.print(f"{fault.text('zh')}\n{fault.text('en')}", markup=False)


@command.command("agree")
def agree(order: UUID, by: ByOption, config: ConfigOption = None) -> None:
    """作为第二个人同意 / agree to an order, as the second person."""
    with _desks(config) as desks:
        desks.orders.agree(Hand(desks.tenant, by), order)
    say({"agreed": str(order)}, as_json=False)


@command.command("steer")
def steer(
    order: UUID,
    to: Annotated[Literal["paused", "running", "stopped"], typer.Argument()],
    by: ByOption,
    config: ConfigOption = None,
) -> None:
    """暂停、继续或停掉一个命令 / pause an order, let it go on, or stop it."""
    with _desks(config) as desks:
        desks.orders.steer(Hand(desks.tenant, by), order, to)
    say({"order": str(order), "state": to}, as_json=False)


@command.command("halt")
def halt(
    by: ByOption,
    why: Annotated[str, typer.Option(help="为什么 why")] = "",
    config: ConfigOption = None,
    *,
    over: Annotated[bool, typer.Option("--over", help="解除 turn it off again")] = False,
) -> None:
    """拉下总闸:盒子不再开始任何命令 / the kill switch: boxes start no command."""
    with _desks(config) as desks:
        desks.orders.halt(Hand(desks.tenant, by), halted=not over, why=why)
    say({"halted": not over}, as_json=False)


@command.command("list")
def list_(
    order: Annotated[
        UUID | None, typer.Option(help="一个命令的每台盒子 one order, box by box")
    ] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """命令和进度 / orders and how far they are."""
    with _desks(config) as desks:
        if order is not None:
            row, commands = desks.orders.order(desks.tenant, order)
            boxes = [command_said(one) for one in commands]
            found: dict[str, object] = order_said(row) | {"boxes": boxes}
        else:
            halted, orders = desks.orders.overview(desks.tenant)
            counted = [order_said(one.order) | {"counts": dict(one.counts)} for one in orders]
            found = {"halted": halted.halted, "orders": counted}
    _print(found, as_json=as_json)


@command.command("archive")
def archive(
    order: Annotated[UUID, typer.Argument(help="哪个命令 which order")],
    command_id: Annotated[UUID, typer.Argument(metavar="COMMAND", help="哪台盒子的 whose")],
    by: ByOption,
    target: Annotated[
        Path | None, typer.Option("-o", "--out", help="写到哪里 where to; diag-COMMAND.tar.gz")
    ] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """取出盒子交来的诊断包 / the diagnostics that a box handed in."""
    with _desks(config) as desks:
        content = desks.archives.open(Hand(desks.tenant, by), order, command_id)
    path = target or Path(f"diag-{command_id}.tar.gz")
    path.write_bytes(content)
    say({"archive": str(path), "bytes": len(content)}, as_json=as_json)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise Fault(FaultCode.API_BODY_INVALID, detail=f"{text[:80]}: key=value")
    return key.strip(), value


def _print(found: Mapping[str, object], *, as_json: bool) -> None:
    indent = None if as_json else 1
    typer.echo(json.dumps(found, ensure_ascii=False, indent=indent))
