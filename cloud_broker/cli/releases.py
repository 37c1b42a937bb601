"""Releases for boxes: built, signed with keys that stay elsewhere, published, sent out."""

import json
import os
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import typer

from cloud_broker.adapters.release_build import Ingredients, build
from cloud_broker.adapters.release_shelf import (
    DRAFT,
    ONLINE,
    ReleaseShelf,
    Trust,
    load_key,
    make_key,
    sign,
)
from cloud_broker.bootstrap.releases import release_desk, shelf_of
from cloud_broker.cli.common import ConfigOption, JsonOption, coded_errors, office_of, say
from cloud_broker.cli.steering import Hand
from cloud_broker.ports.rollouts import RolloutRow
from cloud_broker.services.fleet.releases import RolloutView
from retail_core.errors import Fault
from retail_core.fleet import enrol_code
from retail_core.fleet.rollout import Policy
from retail_core.texts.faults import FaultCode

app = typer.Typer()
release = typer.Typer(help="盒子的版本 / releases for boxes", no_args_is_help=True)
app.add_typer(release, name="release")

PASSPHRASE = "REGULARS_RELEASE_PASSPHRASE"  # noqa: S105 -- the variable's name
ByOption = Annotated[str, typer.Option(help="谁 who, for the record")]
OutOption = Annotated[Path, typer.Option("--out", help="写到哪个空文件夹 an empty folder")]
Keys = Annotated[
    list[Path], typer.Option("--key", help="签名钥匙,可多次 a signing key, repeatable")
]


def _passphrase() -> bytes:
    """Return what opens the keys; from the environment, never from the command line."""
    given = os.environ.get(PASSPHRASE)
    return (
        given if given is not None else typer.prompt("钥匙口令 / passphrase", hide_input=True)
    ).encode()


@release.command("keys")
def keys(
    folder: Annotated[
        Path, typer.Argument(help="放钥匙的地方,不在这台服务器上 not on this server")
    ],
    roots: Annotated[int, typer.Option(min=1, max=9)] = 3,
    targets: Annotated[int, typer.Option(min=1, max=9)] = 1,
) -> None:
    """做根钥匙和版本钥匙,加口令 / make root and targets keys, under a passphrase."""
    with coded_errors():
        secret = _passphrase()
        names = [f"root-{one + 1}.pem" for one in range(roots)]
        names += [f"targets-{one + 1}.pem" for one in range(targets)]
        for name in names:
            make_key(folder / name, secret)
    say({"made": ", ".join(names)}, as_json=False)


@release.command("begin")
def begin(
    roots: Annotated[list[Path], typer.Option("--root")],
    targets: Annotated[list[Path], typer.Option("--targets")],
    root_out: Annotated[Path, typer.Option(help="给盒子的根 the root that boxes get")],
    roots_needed: Annotated[int, typer.Option(min=1)] = 2,
    targets_needed: Annotated[int, typer.Option(min=1)] = 1,
    config: ConfigOption = None,
) -> None:
    """建版本目录 / make the index of releases; its own two keys are made here."""
    with office_of(config) as office:
        secret = _passphrase()
        root = Trust([load_key(one, secret) for one in roots], roots_needed)
        trust = Trust([load_key(one, secret) for one in targets], targets_needed)
        if roots_needed > len(roots) or targets_needed > len(targets):
            raise Fault(FaultCode.RELEASE_KEY_WRONG, what="needed")
        first = shelf_of(office).begin(office.clock.now_ms(), root, trust)
        root_out.write_bytes(first)
    say({"root": str(root_out), "pin": enrol_code.pin_of(first)}, as_json=False)


@release.command("rotate")
def rotate(
    role: Annotated[Literal["root", "targets", "snapshot", "timestamp"], typer.Argument()],
    old_roots: Annotated[list[Path], typer.Option("--root", help="现在的根钥匙 the present roots")],
    new: Annotated[
        list[Path] | None,
        typer.Option("--new", help="新钥匙;snapshot、timestamp 的在这里做 made here for those two"),
    ] = None,
    needed: Annotated[int, typer.Option(min=1)] = 1,
    config: ConfigOption = None,
) -> None:
    """换掉一个角色的钥匙 / give a role other keys; the old ones are worth nothing then."""
    with office_of(config) as office:
        secret = _passphrase()
        if (not new) != (role in ONLINE) or (new is not None and needed > len(new)):
            raise Fault(FaultCode.RELEASE_KEY_WRONG, what=f"--new: {role}")
        trust = None if not new else Trust([load_key(one, secret) for one in new], needed)
        old = [load_key(one, secret) for one in old_roots]
        shelf = shelf_of(office)
        version = shelf.rotate(office.clock.now_ms(), old, role, trust)
        pin = enrol_code.pin_of(shelf.root_file().read_bytes())
    say({"root_version": version, "pin": pin}, as_json=False)


@release.command("build")
def build_(  # noqa: PLR0913 -- the options of one command
    out: OutOption,
    number: Annotated[int, typer.Option(min=1, help="只增不减 only ever grows")],
    version: Annotated[str, typer.Option(help="给人看的版本 for people")],
    wheelhouse: Annotated[Path, typer.Option(exists=True, file_okay=False)],
    platform: Annotated[str, typer.Option(help="linux-aarch64-cp311")],
    models: Annotated[Path | None, typer.Option(exists=True, file_okay=False)] = None,
    configs: Annotated[Path | None, typer.Option(exists=True, file_okay=False)] = None,
) -> None:
    """把程序轮子、模型、配置打成一个版本 / pack wheels, models and configs into a release."""
    with coded_errors():
        made = build(Ingredients(number, version, platform, wheelhouse, models, configs), out)
    say({"number": made.number, "parts": ", ".join(one.path for one in made.parts)}, as_json=False)


@release.command("sign")
def sign_(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    key: Keys,
    config: ConfigOption = None,
) -> None:
    """给打好的版本签名,几把钥匙可分次 / sign what was built; several keys one after the other."""
    with office_of(config) as office:
        shelf, secret = shelf_of(office), _passphrase()
        draft = None if (folder / DRAFT).exists() else shelf.draft(folder, office.clock.now_ms())
        signatures = sign(folder, draft, [load_key(one, secret) for one in key])
    say({"signatures": signatures}, as_json=False)


@release.command("publish")
def publish(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    config: ConfigOption = None,
) -> None:
    """把签好的版本放上去,盒子可以下载 / offer what was signed; no box takes it yet."""
    with office_of(config) as office:
        shelf = shelf_of(office)
        shelf.publish(folder, office.clock.now_ms())
        said = _offered(shelf)
    say(said, as_json=False)


@release.command("withdraw")
def withdraw(number: int, out: OutOption, key: Keys, config: ConfigOption = None) -> None:
    """撤下一个版本:签好后 publish / take a release off the index; publish the folder then.

    Boxes that run it may then go to an older one.
    """
    with office_of(config) as office:
        shelf, secret = shelf_of(office), _passphrase()
        out.mkdir(parents=True, exist_ok=True)
        draft = shelf.draft_without(number, office.clock.now_ms())
        signatures = sign(out, draft, [load_key(one, secret) for one in key])
    say({"signatures": signatures}, as_json=False)


@release.command("list")
def list_(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """有哪些版本、放到哪了 / what is offered, and how far each has gone out."""
    with office_of(config) as office:
        offered = [
            {"number": one.number, "version": one.version, "bytes": one.size}
            for one in shelf_of(office).releases()
        ]
        rollouts = [_row(one) for one in release_desk(office).overview(office.tenant())]
    _print({"offered": offered, "rollouts": rollouts}, as_json=as_json)


@release.command("roll-out")
def roll_out(  # noqa: PLR0913 -- the options of one command
    number: int,
    by: ByOption,
    why: Annotated[str, typer.Option(help="为什么 why")] = "",
    sales: Annotated[int, typer.Option(help="每台要卖成几单 sales on each box")] = 20,
    well_minutes: Annotated[int, typer.Option()] = 5,
    success_permille: Annotated[int, typer.Option()] = 900,
    failures_max: Annotated[int, typer.Option()] = 0,
    trade_permille: Annotated[
        int, typer.Option(help="销售不低于上周同时段的千分之几 share of last week's sales")
    ] = 600,
    rest_minutes: Annotated[int, typer.Option()] = 60,
    approve: Annotated[
        list[int] | None, typer.Option(help="这一圈后等人点头 a person agrees after this ring")
    ] = None,
    window: Annotated[str, typer.Option(help="门店时间 HH:MM-HH:MM;any 随时")] = "02:00-05:00",
    hold_minutes: Annotated[int, typer.Option(help="没人碰的购物篮最多等多久")] = 30,
    trial_minutes: Annotated[
        int, typer.Option(help="最多试用多久,卖不够就退回 then a box goes back, no failure")
    ] = 3 * 24 * 60,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """把版本放出去;第二个人同意后开始 / send a release out; a second person lets it begin."""
    with office_of(config) as office:
        rings = (0,) if approve is None else tuple(one for one in approve if one >= 0)
        gates = (sales, well_minutes, success_permille, failures_max, trade_permille, rest_minutes)
        policy = Policy(*gates, rings, *_window(window), hold_minutes, trial_minutes)
        hand = Hand(office.tenant(), by)
        row = release_desk(office).roll_out(hand, number, policy, why)
    _print(_row(row), as_json=as_json)


@release.command("agree")
def agree(rollout: UUID, by: ByOption, config: ConfigOption = None) -> None:
    """同意开始,或同意下一圈 / let it begin, or let the next ring open."""
    with office_of(config) as office:
        release_desk(office).agree(Hand(office.tenant(), by), rollout)
    say({"agreed": str(rollout)}, as_json=False)


@release.command("steer")
def steer(
    rollout: UUID,
    to: Annotated[Literal["paused", "stopped"], typer.Argument()],
    by: ByOption,
    why: Annotated[str, typer.Option(help="为什么 why")] = "",
    config: ConfigOption = None,
) -> None:
    """暂停;或停掉并从盒子上退回 / pause it, or stop it and take it back from the boxes."""
    with office_of(config) as office:
        release_desk(office).steer(Hand(office.tenant(), by), rollout, to, why)
    say({"rollout": str(rollout), "state": to}, as_json=False)


@release.command("show")
def show(rollout: UUID, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """每台盒子走到哪、卖了几单 / how far each box is, and what it sold."""
    with office_of(config) as office:
        view = release_desk(office).show(office.tenant(), rollout)
    _print(_view(view), as_json=as_json)


def _window(text: str) -> tuple[int, int]:
    if text == "any":
        return 0, 0
    try:
        start, end = (part.split(":") for part in text.split("-"))
        return int(start[0]) * 60 + int(start[1]), int(end[0]) * 60 + int(end[1])
    except (ValueError, IndexError):
        raise Fault(FaultCode.RELEASE_POLICY_WRONG, what=f"window {text[:20]}") from None


def _offered(shelf: ReleaseShelf) -> dict[str, object]:
    return {str(one.number): f"{one.version} · {one.size} B" for one in shelf.releases()}


def _row(row: RolloutRow) -> dict[str, object]:
    return {
        "rollout": str(row.rollout_id),
        "number": row.number,
        "version": row.version,
        "state": row.going.state,
        "ring": row.going.ring,
        "reason": row.going.why,
        "author": row.author,
        "second": row.second,
        "why": row.why,
    }


def _view(view: RolloutView) -> dict[str, object]:
    boxes = [
        {
            "device": str(one.device),
            "store": str(one.store),
            "ring": one.ring,
            "stage": one.stage.value,
            "code": one.code,
            "sales": one.sales,
            "breaks": one.breaks,
            "waits": one.waits,
            "runs": view.runs[one.device].version if one.device in view.runs else None,
        }
        for one in view.boxes
    ]
    trade = {"sales": view.trade.now, "sales_a_week_before": view.trade.before}
    return _row(view.row) | {"trade": trade, "boxes": boxes}


def _print(found: dict[str, object], *, as_json: bool) -> None:
    typer.echo(json.dumps(found, ensure_ascii=False, indent=None if as_json else 1))
