"""HQ's desk for campaigns: written by one person, let go by another, stopped by either."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from cloud_broker.domain.rights import Right, may
from cloud_broker.ports.campaigns import Campaign, Look
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.messages import Template
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.fleet.twin import Person
from cloud_broker.services.insight.campaign_results import Results, results_of
from cloud_broker.services.published.rules_in_force import RulesInForce
from retail_core.errors import Fault
from retail_core.insight.campaigns import plan as plans
from retail_core.insight.campaigns.plan import Plan, check_plan, needs_second
from retail_core.insight.campaigns.worth import bound_fen
from retail_core.texts.faults import FaultCode


@dataclass(frozen=True, slots=True)
class CampaignShown:
    """A campaign as its page shows it."""

    campaign: Campaign
    segment: str | None
    segment_people: int
    bound_fen: int | None
    results: Results
    looks: tuple[Look, ...]
    templates: dict[UUID, Template]
    coupons: dict[str, str]


@dataclass(frozen=True, slots=True)
class Choices:
    """What somebody who writes a campaign can choose from."""

    segments: tuple[tuple[UUID, str, int], ...]
    coupons: tuple[tuple[str, str], ...]
    templates: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class CampaignDesk:
    """Answers HQ's pages, API and commands."""

    units: Units
    clock: Clock
    ids: IdSource
    rules: RulesInForce

    def campaigns(self, tenant: UUID) -> tuple[tuple[Campaign, dict[str, Any]], ...]:
        """Return every campaign with the figures of its last look, the newest first."""
        with self.units.begin(tenant) as unit:
            found = []
            for one in unit.campaigns.campaigns():
                looks = unit.campaigns.looks(one.campaign)
                found.append((one, dict(looks[-1].figures) if looks else {}))
        return tuple(found)

    def choices(self, tenant: UUID) -> Choices:
        """Return what there is to choose from."""
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            named = self.rules.of(unit, tenant, now_ms).coupons_by_id
            return Choices(
                unit.campaigns.segments(),
                tuple((rule, coupon.name) for rule, coupon in named.items()),
                tuple(one for one in unit.messages.templates() if one.state != "ended"),
            )

    def segment_names(self, tenant: UUID) -> dict[UUID, str]:
        """Return what segments are called."""
        with self.units.begin(tenant) as unit:
            return {one: name for one, name, _ in unit.campaigns.segments()}

    def shown(self, tenant: UUID, campaign: UUID) -> CampaignShown:
        """Return a campaign with what it brought so far; Fault API_NOT_FOUND."""
        now_ms = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            held = _found(unit, campaign, locked=False)
            plan = held.plan
            named = self.rules.of(unit, tenant, now_ms).coupons_by_id
            templates = {one.template: one for one in unit.messages.templates()}
            return CampaignShown(
                held,
                unit.campaigns.segment_name(plan.segment),
                unit.campaigns.segment_size(plan.segment),
                bound_fen(plan, unit.campaigns.expected_of(plan.segment)),
                results_of(unit, held),
                unit.campaigns.looks(campaign),
                {one.template: templates[one.template] for one in plan.messages},
                {rule: coupon.name for rule, coupon in named.items()},
            )

    def write(self, who: Person, plan: Plan) -> Campaign:
        """Write a campaign; it does nothing yet.

        Faults API_SCOPE_MISSING, CAMPAIGN_INVALID, TEMPLATE_UNAPPROVED where one is unknown.
        """
        _check(who, Right.CAMPAIGNS_CHANGE)
        now_ms = self.clock.now_ms()
        made = Campaign(self.ids.uuid7(), plan, "draft", who.login, now_ms)
        with self.units.begin(who.tenant_id) as unit:
            self._checked(unit, who.tenant_id, plan)
            unit.campaigns.add(made)
            _audit(unit, who, "campaign.write", made, now_ms)
        return made

    def change(self, who: Person, campaign: UUID, plan: Plan) -> Campaign:
        """Write a campaign anew, while it is a draft. Faults as `write`, and CAMPAIGN_STATE."""
        _check(who, Right.CAMPAIGNS_CHANGE)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            held = _in_state(unit, campaign, "draft", "waiting")
            self._checked(unit, who.tenant_id, plan)
            # Whoever changes a plan is one of its writers: nobody lets their own words go.
            changed = replace(held, plan=plan, state="draft", made_by=who.login, asked_by="")
            unit.campaigns.save(changed)
            _audit(unit, who, "campaign.write", changed, now_ms)
        return changed

    def ask(self, who: Person, campaign: UUID) -> Campaign:
        """Ask that a campaign begins; another person lets it go.

        Faults API_SCOPE_MISSING, API_NOT_FOUND, CAMPAIGN_STATE, TEMPLATE_UNAPPROVED,
        CAMPAIGN_WORTH.
        """
        _check(who, Right.CAMPAIGNS_CHANGE)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            held = _in_state(unit, campaign, "draft")
            self._ready(unit, who.tenant_id, held.plan)
            asked = replace(held, state="waiting", asked_by=who.login)
            unit.campaigns.save(asked)
            _audit(unit, who, "campaign.ask", asked, now_ms)
        return asked

    def agree(self, who: Person, campaign: UUID) -> Campaign:
        """Let a campaign begin, as the second person. Faults as `ask`, and CAMPAIGN_SECOND."""
        _check(who, Right.CAMPAIGNS_START)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            held = _in_state(unit, campaign, "waiting")
            others = {held.asked_by} | ({held.made_by} if needs_second(held.plan) else set())
            if who.login in others:
                raise Fault(FaultCode.CAMPAIGN_SECOND)
            self._ready(unit, who.tenant_id, held.plan)
            begun = replace(held, state="running", agreed_by=who.login, started_ms=now_ms)
            unit.campaigns.save(begun)
            _audit(unit, who, "campaign.agree", begun, now_ms)
            unit.announce(LiveEvent(who.tenant_id, frozenset({"published"})))
        return begun

    def stop(self, who: Person, campaign: UUID, *, take_back: bool = False) -> Campaign:
        """Stop a campaign at once: nobody comes in, nothing that waits is sent.

        With `take_back` unused coupons are taken back too. Faults API_SCOPE_MISSING,
        API_NOT_FOUND, CAMPAIGN_STATE.
        """
        _check(who, Right.CAMPAIGNS_CHANGE)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            held = _in_state(unit, campaign, "waiting", "running")
            if held.state == "waiting":
                stopped = replace(held, state="draft", asked_by="")
            else:
                stopped = replace(
                    held, state="stopped", why="by_hand", stopped_ms=now_ms, take_back=take_back
                )
                unit.messages.drop_waiting(campaign, "campaign stopped", now_ms)
            unit.campaigns.save(stopped)
            _audit(unit, who, "campaign.stop", stopped, now_ms)
        return stopped

    # ---- inside ---------------------------------------------------------------------------------

    def _checked(self, unit: Unit, tenant: UUID, plan: Plan) -> dict[UUID, Template]:
        """Check that all a plan names is there."""
        check_plan(plan)
        if unit.campaigns.segment_name(plan.segment) is None:
            raise Fault(FaultCode.CAMPAIGN_INVALID, field="segment", reason="unknown")
        named = self.rules.of(unit, tenant, self.clock.now_ms()).coupons_by_id
        for coupon in plan.coupons:
            if coupon.rule not in named:
                raise Fault(FaultCode.CAMPAIGN_INVALID, field="coupon", reason=coupon.rule)
        found = {}
        for message in plan.messages:
            template = unit.messages.template(message.template)
            if template is None or template.channel != message.channel:
                raise Fault(FaultCode.TEMPLATE_UNAPPROVED, name=str(message.template))
            found[message.template] = template
        return found

    def _ready(self, unit: Unit, tenant: UUID, plan: Plan) -> None:
        """Check that it may begin: templates approved, money within what the people are worth."""
        for template in self._checked(unit, tenant, plan).values():
            if template.state != "approved":
                raise Fault(FaultCode.TEMPLATE_UNAPPROVED, name=template.name)
        if self.rules.day(self.clock.now_ms()) > plan.last_day:
            raise Fault(FaultCode.CAMPAIGN_INVALID, field="last_day", reason=str(plan.last_day))
        bound = bound_fen(plan, unit.campaigns.expected_of(plan.segment))
        if bound is not None and plan.budget_fen > bound and plan.person_fen:
            raise Fault(FaultCode.CAMPAIGN_WORTH, budget_fen=plan.budget_fen, bound_fen=bound)


def plan_words(plan: Plan) -> dict[str, object]:
    """Return what the audit keeps of a plan."""
    return {
        "name": plan.name,
        "holdout_permille": plan.holdout_permille,
        "budget_fen": plan.budget_fen,
        "actions": [
            plans.said_plan(plan)["actions"][nth]["kind"] for nth in range(len(plan.actions))
        ],
    }


def _check(who: Person, right: Right) -> None:
    if not may(who.role, right):
        raise Fault(FaultCode.API_SCOPE_MISSING, scope=right.value)


def _found(unit: Unit, campaign: UUID, *, locked: bool = True) -> Campaign:
    held = unit.campaigns.campaign(campaign, locked=locked)
    if held is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"campaign {campaign}")
    return held


def _in_state(unit: Unit, campaign: UUID, *states: str) -> Campaign:
    held = _found(unit, campaign)
    if held.state not in states:
        raise Fault(FaultCode.CAMPAIGN_STATE, state=held.state)
    return held


def _audit(unit: Unit, who: Person, action: str, one: Campaign, now_ms: int) -> None:
    entry = AuditEntry(who.login, action, str(one.campaign), plan_words(one.plan))
    unit.hq.audit(entry, now_ms)
