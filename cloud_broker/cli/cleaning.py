"""What is set apart: judged, listed, and taken back with a reason."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from cloud_broker.bootstrap.cleaning import cleaning_of
from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    office_of,
    out,
    say,
    say_none,
    table_of,
)
from cloud_broker.cli.tags import TenantOption, tenant_of
from cloud_broker.ports.cleaning import Ruling, Wanted, Which
from cloud_broker.services.insight.cleaning import Overview
from cloud_broker.services.insight.cleaning_words import overview_said, ruling_said
from retail_core.money import format_yuan

DayOption = Annotated[
    datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="看到哪天 up to which day")
]
WhyOption = Annotated[str, typer.Option(help="理由,会留下 why; it is kept")]


def add_to(group: typer.Typer) -> None:
    """Put the commands into their group."""
    group.command("clean")(clean)
    group.command("quarantine")(quarantine)
    group.command("lift")(lift)
    group.command("set-apart")(set_apart)


def clean(
    tenant: TenantOption = "",
    as_of: DayOption = None,
    config: ConfigOption = None,
    *,
    whole: Annotated[
        bool, typer.Option("--whole", help="从头判一遍 judge all there is, not the last months")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """找出假单和机器人,隔离不删(每晚自动跑)/ set fakes and bots apart; runs nightly, too."""
    with office_of(config) as office:
        whose, cleaning = tenant_of(office, tenant), cleaning_of(office)
        day = None if as_of is None else as_of.date()
        cleaning.run(whose, day, who="cli", whole=whole)
        seen = cleaning.overview(whose, until=day)
    said = overview_said(seen)
    if as_json:
        say(said, as_json=True)
        return
    say({name: value for name, value in said.items() if not isinstance(value, list)}, as_json=False)
    _print(seen)


def quarantine(
    rule: Annotated[str, typer.Option(help="只看一条规则 one rule alone")] = "",
    which: Annotated[Which, typer.Option("--state", help="哪些 which")] = "apart",
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """列出隔离了什么、为什么 / list what is set apart, and why."""
    with office_of(config) as office:
        found = cleaning_of(office).rulings(tenant_of(office, tenant), Wanted(which, rule))
    if as_json:
        say({"decisions": [ruling_said(one) for one in found]}, as_json=True)
        return
    table = table_of("编号 id", "日期 day", "渠道 channel", "什么 what", "规则 rule", "依据 detail")
    for one in found:
        table.add_row(*_row(one))
    out.print(table)
    if not found:
        say_none(
            "没有隔离什么;先运行 insight clean / nothing is set apart; run insight clean first"
        )


def lift(
    decision: Annotated[UUID, typer.Argument(help="决定的编号 id of the decision")],
    why: WhyOption,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    restore: Annotated[
        bool, typer.Option("--restore", help="收回否决 let it stand again instead")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """否决一条决定,规则不会再提 / lift a decision; no rule raises it again."""
    with office_of(config) as office:
        cleaning, whose = cleaning_of(office), tenant_of(office, tenant)
        act = cleaning.restore if restore else cleaning.lift
        ruling = act(whose, decision, who="cli", why=why)
    say(ruling_said(ruling), as_json=as_json)


def set_apart(
    order: Annotated[str, typer.Argument(help="订单或小票的编号 id of an order or a sale")],
    why: WhyOption,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """人工隔离一单 / set an order apart by hand."""
    with office_of(config) as office:
        ruling = cleaning_of(office).set_apart(tenant_of(office, tenant), order, who="cli", why=why)
    say(ruling_said(ruling), as_json=as_json)


def _row(one: Ruling) -> tuple[str, ...]:
    sign = one.sign
    what = f"{sign.kind} {sign.subject}"
    return (
        *(str(one.decision), sign.days[-1].isoformat(), sign.channel, what),
        *(f"{sign.rule} v{sign.version}", _detail(sign.detail)),
    )


def _detail(detail: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in detail.items())


def _print(seen: Overview) -> None:
    rules = table_of("规则 rule", "有效 standing", "否决 lifted", "隔离 set apart")
    for one in seen.rules:
        rules.add_row(one.rule, f"{one.standing:,}", f"{one.lifted:,}", f"{one.apart:,}")
    out.print(rules)
    sums = table_of("渠道 channel", "全部 all", "", "去掉隔离 without", "")
    for each in seen.channels:
        sums.add_row(
            each.channel,
            f"{each.orders:,}",
            format_yuan(each.net_fen),
            f"{each.orders - each.apart_orders:,}",
            format_yuan(each.net_fen - each.apart_fen),
        )
    out.print(sums)
