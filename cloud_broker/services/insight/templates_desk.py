"""Templates of messages, and how fast a brand writes: one person writes, another approves."""

from dataclasses import dataclass, replace
from uuid import UUID

from cloud_broker.domain.rights import Right, may
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.messages import PaceSet, Template
from cloud_broker.ports.unit import Units
from cloud_broker.services.fleet.twin import Person
from retail_core.errors import Fault
from retail_core.insight.campaigns.plan import CHANNELS, Channel
from retail_core.insight.campaigns.templates import check_template
from retail_core.texts.faults import FaultCode

NAME_CHARS_MAX = 80
CODE_CHARS_MAX = 100


@dataclass(frozen=True, slots=True)
class TemplateDesk:
    """Answers HQ's pages, API and commands."""

    units: Units
    clock: Clock
    ids: IdSource

    def templates(self, tenant: UUID) -> tuple[Template, ...]:
        """Return every template, by name."""
        with self.units.begin(tenant) as unit:
            return unit.messages.templates()

    def write(self, who: Person, channel: Channel, name: str, body: str, code: str) -> Template:
        """Write a template; it waits for another person. Faults A111, TEMPLATE_INVALID."""
        _check(who, Right.CAMPAIGNS_CHANGE)
        check_template(channel, body)
        if not 0 < len(name.strip()) <= NAME_CHARS_MAX or len(code) > CODE_CHARS_MAX:
            raise Fault(FaultCode.TEMPLATE_INVALID, detail="name, code")
        if channel == "wechat" and not code.strip():
            raise Fault(FaultCode.TEMPLATE_INVALID, detail="code")
        now_ms = self.clock.now_ms()
        made = Template(
            *(self.ids.uuid7(), channel, name.strip(), body, code.strip()),
            *("waiting", who.login, now_ms),
        )
        with self.units.begin(who.tenant_id) as unit:
            unit.messages.save_template(made)
            said: dict[str, object] = {"name": made.name}
            unit.hq.audit(AuditEntry(who.login, "template.write", str(made.template), said), now_ms)
        return made

    def approve(self, who: Person, template: UUID) -> Template:
        """Approve a template, as the second person.

        Faults A111, API_NOT_FOUND, CAMPAIGN_SECOND, CAMPAIGN_STATE.
        """
        return self._decide(who, template, "approved", Right.CAMPAIGNS_START)

    def end(self, who: Person, template: UUID) -> Template:
        """Let nothing be sent by a template any more. Faults A111, A108, CAMPAIGN_STATE."""
        return self._decide(who, template, "ended", Right.CAMPAIGNS_CHANGE)

    def paces(self, tenant: UUID) -> dict[Channel, PaceSet]:
        """Return how the brand writes by each channel."""
        with self.units.begin(tenant) as unit:
            return {channel: unit.messages.pace(channel) for channel in CHANNELS}

    def set_pace(self, who: Person, channel: Channel, pace: PaceSet) -> None:
        """Say how the brand writes. Fault A111."""
        _check(who, Right.CAMPAIGNS_START)
        now_ms = self.clock.now_ms()
        said: dict[str, object] = {
            "per_minute": pace.pace.per_minute,
            "per_day": pace.pace.per_day,
            "person_max": pace.pace.person_max,
            "person_days": pace.pace.person_days,
            "quiet": f"{pace.quiet.begins:%H:%M}-{pace.quiet.ends:%H:%M}",
        }
        with self.units.begin(who.tenant_id) as unit:
            unit.messages.set_pace(channel, pace, who.login, now_ms)
            unit.hq.audit(AuditEntry(who.login, "message.pace", channel, said), now_ms)

    def _decide(self, who: Person, template: UUID, state: str, right: Right) -> Template:
        _check(who, right)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            held = unit.messages.template(template)
            if held is None:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"template {template}")
            if held.state in {"ended", state}:
                raise Fault(FaultCode.CAMPAIGN_STATE, state=held.state)
            if state == "approved":
                if held.made_by == who.login:
                    raise Fault(FaultCode.CAMPAIGN_SECOND)
                decided = replace(held, state="approved", decided_by=who.login, decided_ms=now_ms)
            else:
                decided = replace(held, state="ended", decided_ms=now_ms)
            unit.messages.save_template(decided)
            said: dict[str, object] = {"name": held.name}
            unit.hq.audit(AuditEntry(who.login, f"template.{state}", str(template), said), now_ms)
        return decided


def _check(who: Person, right: Right) -> None:
    if not may(who.role, right):
        raise Fault(FaultCode.API_SCOPE_MISSING, scope=right.value)
