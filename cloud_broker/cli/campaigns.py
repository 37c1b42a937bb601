"""Campaigns: written from a file, let go by a second person, looked at, stopped; their messages."""

import json
from datetime import time
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from cloud_broker.api.campaign_routes import (
    campaign_said,
    pace_said,
    shown_said,
    template_said,
)
from cloud_broker.bootstrap.campaigns import campaign_desks
from cloud_broker.cli.common import (
    ConfigOption,
    JsonOption,
    office_of,
    out,
    say,
    say_none,
    table_of,
)
from cloud_broker.cli.growth import TokenOption
from cloud_broker.cli.tags import TenantOption, tenant_of
from cloud_broker.ports.messages import PaceSet
from retail_core.errors import Fault
from retail_core.insight.campaigns.pacing import Pace
from retail_core.insight.campaigns.plan import CHANNELS, PERMILLE, Channel, plan_of
from retail_core.insight.campaigns.quiet import Quiet
from retail_core.money import format_yuan
from retail_core.texts.faults import FaultCode

group = typer.Typer(help="营销活动 / campaigns", no_args_is_help=True)
templates_group = typer.Typer(help="消息模板 / templates of messages", no_args_is_help=True)
group.add_typer(templates_group, name="templates")
CampaignArgument = Annotated[UUID, typer.Argument(help="活动编号 id of the campaign")]
TemplateArgument = Annotated[UUID, typer.Argument(help="模板编号 id of the template")]


def add_to(insight: typer.Typer) -> None:
    """Put the commands into their group."""
    insight.add_typer(group, name="campaigns")


@group.command("list")
def list_all(
    tenant: TenantOption = "", config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """列出活动 / list campaigns with their last figures."""
    with office_of(config) as office:
        found = campaign_desks(office).campaigns.campaigns(tenant_of(office, tenant))
    if as_json:
        rows = [campaign_said(one) | {"figures": had} for one, had in found]
        say({"campaigns": rows}, as_json=True)
        return
    if not found:
        say_none("还没有活动:campaigns write / there are no campaigns yet: campaigns write")
        return
    table = table_of("编号 id", "名称 name", "状态 state", "对照 held out", "增量 uplift")
    for one, had in found:
        held = f"{one.plan.holdout_permille / 10:g} %"
        table.add_row(
            str(one.campaign), one.plan.name, one.state, held, percent(had.get("conversion"))
        )
    out.print(table)


@group.command("show")
def show(
    campaign: CampaignArgument,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """看一个活动带来了什么 / show what a campaign brought, with its intervals."""
    with office_of(config) as office:
        desk = campaign_desks(office).campaigns
        found = desk.shown(tenant_of(office, tenant), campaign)
    said = shown_said(found)
    if as_json:
        say(said, as_json=True)
        return
    figures = said["figures"]
    say(
        {
            "name": said["plan"]["name"],
            "state": f"{said['state']} {said['why']}".strip(),
            "segment": f"{said['segment']} ({said['segment_people']})",
            "treated": arm(figures["treated"]),
            "held out": arm(figures["held"]),
            "conversion uplift": percent(figures["conversion"]),
            "spend uplift a head": yuan(figures["spend_fen"]),
            "more net": yuan(figures["more_net_fen"]),
            "profit": yuan(figures["profit_fen"]),
            "messages": figures["messages"],
            "dropped": figures["dropped"],
            "coupons": f"{figures['redeemed']} of {figures['coupons']} used",
            "cost": format_yuan(figures["used_fen"] + figures["sent_fen"]),
        },
        as_json=False,
    )


@group.command("write")
def write(
    plan: Annotated[Path, typer.Argument(help="活动 JSON 文件 the plan", exists=True)],
    token: TokenOption,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """写一个活动(草稿)/ write a campaign; it does nothing yet."""
    with office_of(config) as office:
        made = campaign_desks(office).campaigns.write(office.access.who(token), _read(plan))
    say(campaign_said(made) if as_json else {"campaign": made.campaign}, as_json=as_json)


@group.command("ask")
def ask(
    campaign: CampaignArgument,
    token: TokenOption,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """申请开始,等另一个人同意 / ask that it begins; another person agrees."""
    with office_of(config) as office:
        asked = campaign_desks(office).campaigns.ask(office.access.who(token), campaign)
    say({"campaign": str(asked.campaign), "state": asked.state}, as_json=as_json)


@group.command("agree")
def agree(
    campaign: CampaignArgument,
    token: TokenOption,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """同意开始(第二个人)/ let it begin, as the second person."""
    with office_of(config) as office:
        begun = campaign_desks(office).campaigns.agree(office.access.who(token), campaign)
    say({"campaign": str(begun.campaign), "state": begun.state}, as_json=as_json)


@group.command("stop")
def stop(
    campaign: CampaignArgument,
    token: TokenOption,
    config: ConfigOption = None,
    *,
    take_back: Annotated[
        bool, typer.Option("--take-back", help="收回没用的券 take unused coupons back")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """马上停 / stop it at once."""
    with office_of(config) as office:
        who = office.access.who(token)
        over = campaign_desks(office).campaigns.stop(who, campaign, take_back=take_back)
    say({"campaign": str(over.campaign), "state": over.state}, as_json=as_json)


@group.command("run")
def run(
    tenant: TenantOption = "", config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """现在就做完该做的(服务自己也会做)/ do all that is due now; the service does it too."""
    with office_of(config) as office:
        whose, desks = tenant_of(office, tenant), campaign_desks(office)
        pages = sent = 0
        while done := desks.running.run(whose):
            pages += done
        while done := desks.sending.run(whose):
            sent += done
    say({"pages": pages, "messages": sent}, as_json=as_json)


@group.command("look")
def look(
    campaign: CampaignArgument,
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """现在就看结果,该停就停 / look at its results now, and end it if that is due."""
    with office_of(config) as office:
        whose, desks = tenant_of(office, tenant), campaign_desks(office)
        desks.running.look(whose, campaign)
        found = desks.campaigns.shown(whose, campaign).campaign
    say({"campaign": str(campaign), "state": found.state, "why": found.why}, as_json=as_json)


@group.command("worth")
def worth(
    tenant: TenantOption = "", config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """算每个人预计一年买多少,活动预算以此为限 / what each is expected to spend in a year."""
    # It brings numpy and scipy in, which the other commands do without.
    from cloud_broker.services.insight.campaign_worth import reckon_worth  # noqa: PLC0415

    with office_of(config) as office:
        today = campaign_desks(office).campaigns.rules.day(office.clock.now_ms())
        found = reckon_worth(office.units, tenant_of(office, tenant), today)
    say(found, as_json=as_json)


@group.command("pace")
def pace(
    tenant: TenantOption = "", config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """看发送的快慢和静默时段 / show how fast the brand writes and when it is quiet."""
    with office_of(config) as office:
        found = campaign_desks(office).templates.paces(tenant_of(office, tenant))
    say({name: pace_said(one) for name, one in found.items()}, as_json=as_json)


@group.command("set-pace")
def set_pace(  # noqa: PLR0913  # each is an option of the command line
    channel: Annotated[str, typer.Argument(help="sms / wechat")],
    token: TokenOption,
    per_minute: Annotated[int, typer.Option(min=1, max=10_000, help="每分钟最多 a minute")] = 120,
    per_day: Annotated[int, typer.Option(min=1, max=10_000_000, help="每天最多 a day")] = 20_000,
    person_max: Annotated[int, typer.Option(min=1, max=100, help="每人最多 a person")] = 2,
    person_days: Annotated[int, typer.Option(min=1, max=366, help="每几天 within days")] = 7,
    quiet: Annotated[str, typer.Option(help="静默时段 quiet hours")] = "20:30-09:00",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """改发送的快慢和静默时段 / say how fast the brand writes and when it is quiet."""
    begins, _, ends = quiet.partition("-")
    try:
        hours = Quiet(time.fromisoformat(begins), time.fromisoformat(ends))
    except ValueError:
        raise typer.BadParameter("20:30-09:00", param_hint="--quiet") from None
    said = PaceSet(Pace(per_minute, per_day, person_max, person_days), hours)
    with office_of(config) as office:
        desk = campaign_desks(office).templates
        desk.set_pace(office.access.who(token), _channel(channel), said)
    say(pace_said(said), as_json=as_json)


@group.command("opt-ins")
def opt_ins(
    file: Annotated[
        Path, typer.Argument(help="CSV:phone, at(何时同意 when)", exists=True, dir_okay=False)
    ],
    tenant: TenantOption = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """导入以前明确同意收短信的人,只收会员自己的号码 / enter who agreed to SMS before."""
    with office_of(config) as office:
        found = campaign_desks(office).contacts.enter_file(
            tenant_of(office, tenant), file.read_text(encoding="utf-8-sig")
        )
    say(found, as_json=as_json)


@templates_group.command("list")
def list_templates(
    tenant: TenantOption = "", config: ConfigOption = None, *, as_json: JsonOption = False
) -> None:
    """列出模板 / list templates."""
    with office_of(config) as office:
        found = campaign_desks(office).templates.templates(tenant_of(office, tenant))
    if as_json:
        say({"templates": list(map(template_said, found))}, as_json=True)
        return
    if not found:
        say_none("还没有模板:templates write / there are no templates yet: templates write")
        return
    table = table_of("编号 id", "通道 channel", "名称 name", "状态 state", "内容 text")
    for one in found:
        table.add_row(str(one.template), one.channel, one.name, one.state, one.body)
    out.print(table)


@templates_group.command("write")
def write_template(  # noqa: PLR0913  # each is an option of the command line
    name: Annotated[str, typer.Argument(help="名称 name")],
    body: Annotated[str, typer.Argument(help="内容 text")],
    token: TokenOption,
    channel: Annotated[str, typer.Option(help="sms / wechat")] = "sms",
    code: Annotated[str, typer.Option(help="服务商的模板号 the provider's id")] = "",
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """写一个模板,等另一个人批准 / write a template; another person approves it."""
    with office_of(config) as office:
        desk, who = campaign_desks(office).templates, office.access.who(token)
        made = desk.write(who, _channel(channel), name, body, code)
    say(template_said(made) if as_json else {"template": made.template}, as_json=as_json)


@templates_group.command("approve")
def approve_template(
    template: TemplateArgument,
    token: TokenOption,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """批准模板(第二个人)/ approve a template, as the second person."""
    with office_of(config) as office:
        done = campaign_desks(office).templates.approve(office.access.who(token), template)
    say({"template": str(done.template), "state": done.state}, as_json=as_json)


def _channel(said: str) -> Channel:
    for channel in CHANNELS:
        if channel == said:
            return channel
    raise typer.BadParameter("sms / wechat")


def percent(found: dict[str, float] | None) -> str:
    """Return an interval of shares in percentage points."""
    if not found:
        return "—"
    return f"{found['value']:+.1%} [{found['low']:+.1%}, {found['high']:+.1%}]"


def yuan(found: dict[str, float] | None) -> str:
    """Return an interval of fen in yuan."""
    if not found:
        return "—"
    value, low, high = (found[name] / 100 for name in ("value", "low", "high"))
    return f"{value:+,.2f} [{low:+,.2f}, {high:+,.2f}]"


def arm(found: dict[str, Any]) -> str:
    """Return an arm in words."""
    share = found["conversion"] * PERMILLE / 10
    return f"{found['people']} 人 people, {found['buyers']} 买了 bought ({share:.1f} %)"


def _read(path: Path) -> Any:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Fault(FaultCode.CAMPAIGN_INVALID, field=path.name, reason=str(error)) from None
    if not isinstance(said, dict):
        raise Fault(FaultCode.CAMPAIGN_INVALID, field=path.name, reason="no JSON object")
    return plan_of(said)
