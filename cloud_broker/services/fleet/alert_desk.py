"""What HQ does about alerts: see them, and say who is told of what."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from cloud_broker.domain.alert_plan import RANK
from cloud_broker.ports.alerts import AlertRow, AlertRule, RuleKind
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.posts import Post, PostCount
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.fleet.alert_posting import AlertPosting
from cloud_broker.services.fleet.alert_watch import trial_body
from cloud_broker.services.outward.delivery import said_secret
from cloud_broker.services.outward.targets import TARGET_CHARS_MAX, is_target
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

RULES_MAX = 32
SHOWN = 200
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,180}")
_CODE = re.compile(r"(?:[A-Z]\d{3})?")


@dataclass(frozen=True, slots=True)
class RuleAsked:
    """A rule as somebody wants it; `region` is a name, empty for every one."""

    name: str
    kind: RuleKind
    target: str
    severity: str = "hinders"
    code: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class AlertDesk:
    """The desk; who may is for the caller to check."""

    units: Units
    clock: Clock
    ids: IdSource
    posting: AlertPosting

    def rules(self, tenant: UUID) -> tuple[tuple[AlertRule, PostCount], ...]:
        """Return the rules and how they fare."""
        with self.units.begin(tenant) as unit:
            counts = unit.alerts.counts()
            return tuple(
                (rule, counts.get(rule.rule, PostCount(0, 0, ""))) for rule in unit.alerts.rules()
            )

    def regions(self, tenant: UUID) -> dict[str, UUID]:
        """Return the regions by name."""
        with self.units.begin(tenant) as unit:
            return unit.alerts.regions()

    def alerts(self, tenant: UUID) -> tuple[AlertRow, ...]:
        """Return what stands and what stood."""
        with self.units.begin(tenant) as unit:
            return unit.alerts.alerts(limit=SHOWN)

    def add(self, tenant: UUID, asked: RuleAsked, who: str) -> tuple[AlertRule, str]:
        """Enter a rule; return it with a webhook's secret, this once. Fault ALERT_RULE_WRONG."""
        _check(asked)
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            rule = AlertRule(
                *(self.ids.uuid7(), asked.name.strip(), asked.severity, asked.code),
                *(_region(unit, asked.region), asked.kind, asked.target),
            )
            if len(unit.alerts.rules()) >= RULES_MAX:
                raise Fault(
                    FaultCode.ALERT_RULE_WRONG, field=_FIELDS["rules"], value=f"> {RULES_MAX}"
                )
            unit.alerts.add_rule(rule, who, now_ms)
            unit.hq.audit(_entry(who, "alert-rule", rule.rule, {"target": asked.target}), now_ms)
        return rule, self._said(tenant, rule)

    def rotate(self, tenant: UUID, rule: UUID, who: str) -> str:
        """Draw a webhook's next secret; the old one signs beside it for a day. Fault A108."""
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            made = unit.alerts.rotate(rule, now_ms)
            if made is None:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"rule {rule}")
            unit.hq.audit(
                _entry(who, "alert-rotate", rule, {"generation": made.generation}), now_ms
            )
        return self._said(tenant, made)

    def end(self, tenant: UUID, rule: UUID, who: str) -> None:
        """End a rule. Fault A108."""
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            if not unit.alerts.end_rule(rule, now_ms):
                raise Fault(FaultCode.API_NOT_FOUND, what=f"rule {rule}")
            unit.hq.audit(_entry(who, "alert-end", rule, {}), now_ms)

    def trial(self, tenant: UUID, rule: UUID) -> None:
        """Put a message on its way that only shows that it arrives. Fault A108."""
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            found = next((one for one in unit.alerts.rules() if one.rule == rule), None)
            if found is None:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"rule {rule}")
            content = trial_body(found, now_ms)
            unit.alerts.post([Post(self.ids.uuid7(), rule, None, "test", content, now_ms)])

    def _said(self, tenant: UUID, rule: AlertRule) -> str:
        if rule.kind != "webhook":
            return ""
        return said_secret(self.posting.secret(tenant, rule.rule, rule.generation))


# What a field is called, and what is right there.
_FIELDS = {
    "name": Words("name (1 to 100 characters)", "名字(1 到 100 个字)"),
    "severity": Words("severity (stops, hinders, warns)", "轻重(stops、hinders、warns)"),
    "code": Words("code (as H118, or empty)", "编号(像 H118,或者不填)"),
    "target": Words(
        "target (an https:// address outside of closed networks, or an e-mail address)",
        "网址或邮箱(https:// 开头、不在内网的网址,或一个邮箱)",
    ),
    "region": Words("region (as HQ calls it)", "大区(总部里的名字)"),
    "rules": Words("number", "条数"),
}


def _check(asked: RuleAsked) -> None:
    wrong = [
        field
        for field, fine in (
            ("name", 0 < len(asked.name.strip()) <= 100),  # noqa: PLR2004 -- a line of a table
            ("severity", asked.severity in RANK),
            ("code", _CODE.fullmatch(asked.code) is not None),
            ("target", len(asked.target) <= TARGET_CHARS_MAX and _reachable(asked)),
        )
        if not fine
    ]
    for field in wrong:
        value = getattr(asked, field)
        raise Fault(FaultCode.ALERT_RULE_WRONG, field=_FIELDS[field], value=value)


def _region(unit: Unit, name: str) -> UUID | None:
    if not name:
        return None
    found = unit.alerts.regions().get(name)
    if found is None:
        raise Fault(FaultCode.ALERT_RULE_WRONG, field=_FIELDS["region"], value=name)
    return found


def _reachable(asked: RuleAsked) -> bool:
    """Tell whether a target can be one: an address for messages, or one plain mail address."""
    if asked.kind == "email":
        return _MAIL.fullmatch(asked.target) is not None
    return is_target(asked.target)


def _entry(who: str, action: str, rule: UUID, detail: Mapping[str, object]) -> AuditEntry:
    return AuditEntry(who, action, str(rule), detail)
