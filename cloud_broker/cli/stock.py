"""Stock that follows demand: suggestions worked out and shown, and how the chain runs its stock."""

from dataclasses import asdict
from datetime import datetime
from types import ModuleType
from typing import Annotated

import typer

from cloud_broker.bootstrap.stock import stock_desk
from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    office_of,
    out,
    say,
    say_none,
)
from cloud_broker.cli.tags import TenantOption, tenant_of
from cloud_broker.domain.stock_words import percent
from cloud_broker.services.insight.stock_desk import said
from retail_core.errors import Fault
from retail_core.money import format_yuan
from retail_core.texts.faults import FaultCode

TOP = 20
_KINDS = {
    "buy": "进货 buy",
    "supply": "补货 supply",
    "transfer": "调货 transfer",
    "slow": "滞销 slow",
}


def add_to(group: typer.Typer) -> None:
    """Put the commands into their group."""
    group.command("stock")(stock)
    group.command("stock-policy")(policy)


def stock(
    tenant: TenantOption = "",
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="算到哪天,不写就是昨天 up to which day; default: yesterday"
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="列出几条 how many to list")] = TOP,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """算补货、调货和滞销的建议(每晚自动算一次)/ work out what to buy, move and sell off."""
    with office_of(config) as office:
        planning = _planning().stock_planning(office)
        whose = tenant_of(office, tenant)
        ran = planning.run(whose, None if as_of is None else as_of.date(), who="cli")
        plans = stock_desk(office).board(whose).plans[:top]
    if as_json:
        say(asdict(ran) | {"plans": [said(plan) for plan in plans]}, as_json=True)
        return
    say({name: value for name, value in asdict(ran).items() if name != "model"}, as_json=False)
    if not plans:
        say_none("没有建议:先盘点库存,cloud-broker import stock / nothing to suggest: count stock")
        return
    for plan in plans:
        money = f"+{format_yuan(plan.value_fen)} −{format_yuan(plan.cost_fen)}"
        sure = percent(plan.confidence_permille / 1_000)
        head = f"{_KINDS[plan.kind]} · {plan.name} {plan.sku} × {plan.units} · {money} · {sure}"
        for line in (f"\n{head}", f"  {plan.why_zh}", f"  {plan.why_en}"):
            out.print(line, markup=False, soft_wrap=True)


def policy(
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="名字=值 name=value,可多次 repeatable")
    ] = None,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """看或改库存的做法:天数、分、千分之一 / show or set days, fen and thousandths."""
    with office_of(config) as office:
        whose = tenant_of(office, tenant)
        held = stock_desk(office).set_policy(whose, dict(map(_line, changes or ())), "cli")
        say(held.named(), as_json=as_json)


def _line(text: str) -> tuple[str, int]:
    name, _, value = text.partition("=")
    if not value.isascii() or not value.isdigit():
        raise Fault(FaultCode.STOCK_POLICY, name=name, value=value, names="stock-policy")
    return name, int(value)


def _planning() -> ModuleType:
    """Bring in what reckons: half a second, and packages a small cloud need not have."""
    try:
        from cloud_broker.bootstrap import stock_night  # noqa: PLC0415 - see above
    except ModuleNotFoundError as missing:
        raise Fault(FaultCode.METRICS_MISSING, package=missing.name or "scipy") from missing
    return stock_night
