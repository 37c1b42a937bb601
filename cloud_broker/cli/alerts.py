"""Who is told that something is wrong at a store."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from cloud_broker.bootstrap.alerts import alert_desk
from cloud_broker.cli.common import ConfigOption, JsonOption, office_of, say, say_none
from cloud_broker.ports.alerts import RuleKind
from cloud_broker.services.fleet.alert_desk import RuleAsked
from cloud_broker.services.fleet.alert_watch import words
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

alerts_app = typer.Typer(help="告警 / alerts", no_args_is_help=True)
app = typer.Typer()
app.add_typer(alerts_app, name="alerts")
_MS = 1_000

RuleArgument = Annotated[UUID, typer.Argument(help="规则编号 the rule's id")]
SeverityOption = Annotated[
    str, typer.Option(help="多重才通知 how grave at least: warns, hinders, stops")
]
CodeOption = Annotated[str, typer.Option(help="只要这个编号 this code alone, such as S102")]
RegionOption = Annotated[str, typer.Option(help="只要这个大区 this region alone, by name")]


@alerts_app.command("list")
def list_alerts(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """现在和最近的告警 / what stands, and what stood."""
    with office_of(config) as office:
        rows = alert_desk(office).alerts(office.tenant())
    for row in rows:
        zh, en = words(row.trouble.code, row.trouble.fields)
        values = {
            "state": "open" if row.cleared_ms is None else "cleared",
            "since": f"{datetime.fromtimestamp(row.trouble.since_ms // _MS, UTC):%F %T} UTC",
            "store": row.store_name or "-",
            "code": row.trouble.code,
            "severity": row.trouble.severity,
            "zh": zh,
            "en": en,
        }
        say(values, as_json=as_json)
    if not rows and not as_json:
        say_none("没有告警 / there are no alerts")


@alerts_app.command("rules")
def list_rules(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """通知谁 / who is told of what, and how that fares."""
    with office_of(config) as office:
        found = alert_desk(office).rules(office.tenant())
    for rule, count in found:
        values = {
            "rule": str(rule.rule),
            "name": rule.name,
            "kind": rule.kind,
            "target": rule.target,
            "severity": rule.severity,
            "code": rule.code or "*",
            "region": str(rule.region or "*"),
            "waiting": count.waiting,
            "given_up": count.given_up,
            "reason": count.reason,
        }
        say(values, as_json=as_json)
    if not found and not as_json:
        say_none("还没有人会收到告警:alerts add / nobody is told of alerts yet: alerts add")


@alerts_app.command("add")
def add(
    target: Annotated[str, typer.Argument(help="https://… 或邮箱 or a mail address")],
    name: Annotated[str, typer.Option(help="名字 a name")],
    severity: SeverityOption = "hinders",
    code: CodeOption = "",
    region: RegionOption = "",
    config: ConfigOption = None,
) -> None:
    """通知一个网址或邮箱;网址的密钥只显示这一次 / whom to tell; a secret is shown this once."""
    kind: RuleKind = "webhook" if "://" in target else "email"
    with office_of(config) as office:
        server = office.settings.smtp_host and office.settings.smtp_from
        if kind == "email" and not server:
            raise Fault(FaultCode.ALERT_MAIL_UNSET)
        asked = RuleAsked(name, kind, target, severity, code, region)
        rule, secret = alert_desk(office).add(office.tenant(), asked, "cli")
    values = {"rule": str(rule.rule), "kind": rule.kind, "target": rule.target}
    say(values | ({"secret": secret} if secret else {}), as_json=False)


@alerts_app.command("rotate")
def rotate(rule: RuleArgument, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """换密钥,旧的再用一天 / draw a webhook's next secret; the old one signs for a day more."""
    with office_of(config) as office:
        secret = alert_desk(office).rotate(office.tenant(), rule, "cli")
    say({"rule": str(rule), "secret": secret}, as_json=as_json)


@alerts_app.command("remove")
def remove(rule: RuleArgument, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """不再通知 / tell them no more."""
    with office_of(config) as office:
        alert_desk(office).end(office.tenant(), rule, "cli")
    say({"removed": str(rule)}, as_json=as_json)


@alerts_app.command("try")
def trial(rule: RuleArgument, config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """发一条测试 / send a message that only shows that it arrives."""
    with office_of(config) as office:
        alert_desk(office).trial(office.tenant(), rule)
    say({"rule": str(rule)}, as_json=as_json)
