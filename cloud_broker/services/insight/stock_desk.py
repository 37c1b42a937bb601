"""HQ's desk for suggestions on stock: what there is, why, and what somebody says to it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.domain.rights import Right, may
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.stock_plans import (
    ArticleOutlook,
    Called,
    Decision,
    PlanState,
    StockPlan,
    StockRun,
)
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.fleet.twin import Person
from retail_core.errors import Fault
from retail_core.insight.stock.policy import StockPolicy
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

SHOWN = 500
ARTICLES_SHOWN = 200
_OVER = {
    "accepted": Words("accepted", "已接受"),
    "rejected": Words("rejected", "已拒绝"),
    "expired": Words("expired", "已过期"),
}


class Drafter(Protocol):
    """What writes drafts of rules."""

    def __call__(self, who: Person, name: str, rule: dict[str, Any]) -> UUID:
        """Begin a draft from the rules in force with one more; return it. Faults of drafts."""
        ...


@dataclass(frozen=True, slots=True)
class Board:
    """The suggestions of a state, the run they are of, and how the chain runs its stock."""

    plans: tuple[StockPlan, ...]
    run: StockRun | None
    policy: StockPolicy


@dataclass(frozen=True, slots=True)
class StockDesk:
    """Answers HQ's pages and API."""

    units: Units
    clock: Clock
    draft: Drafter
    zone: str = "Asia/Shanghai"

    def board(self, tenant: UUID, state: PlanState = "open") -> Board:
        """Return what there is."""
        with self.units.begin(tenant) as unit:
            repo = unit.stock_plans
            return Board(repo.plans(state, SHOWN), repo.last_run(), repo.policy())

    def articles(self, tenant: UUID, words: str = "") -> tuple[ArticleOutlook, ...]:
        """Return what articles face, by number."""
        with self.units.begin(tenant) as unit:
            return unit.stock_plans.outlooks(words.strip(), ARTICLES_SHOWN)

    def article(self, tenant: UUID, sku: str) -> tuple[ArticleOutlook, Called]:
        """Return what an article faces, with names; Fault API_NOT_FOUND."""
        with self.units.begin(tenant) as unit:
            found = unit.stock_plans.outlook(sku)
            if found is None:
                raise Fault(FaultCode.API_NOT_FOUND, what=f"article {sku}")
            return found, unit.stock_plans.called()

    def plan(self, tenant: UUID, plan: UUID) -> StockPlan:
        """Return a suggestion; Fault API_NOT_FOUND."""
        with self.units.begin(tenant) as unit:
            return _found(unit, plan)

    def accept(self, who: Person, plan_id: UUID) -> StockPlan:
        """Do it: a movement is told to partners, of a slow article a draft of rules is begun.

        Faults API_SCOPE_MISSING, API_NOT_FOUND, STOCK_PLAN_OVER, STOCK_NO_BUNDLE, STOCK_GONE when
        the place that gives has sold what it was to give.
        """
        _check(who)
        with self.units.begin(who.tenant_id) as unit:
            plan = _open(unit, plan_id)
            policy = unit.stock_plans.policy()
            called = unit.stock_plans.called() if plan.kind == "slow" else None
        draft = None if called is None else self._drafted(who, plan, called)
        days = {"buy": policy.lead_days, "slow": 0}.get(plan.kind, policy.move_days)
        due = None if plan.kind == "slow" else self._today() + timedelta(days=days)
        return self._decide(who, plan_id, Decision("accepted", who.login, 0, due, draft))

    def reject(self, who: Person, plan_id: UUID) -> StockPlan:
        """Turn it down; it is not said again for a while. Faults as for `accept`."""
        _check(who)
        return self._decide(who, plan_id, Decision("rejected", who.login, 0))

    def set_policy(self, tenant: UUID, changes: dict[str, int], who: str) -> StockPolicy:
        """Set lines of the policy, all or none; Fault STOCK_POLICY."""
        StockPolicy.of(changes)
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            for name, value in changes.items():
                unit.stock_plans.set_policy(name, value, who, now)
                unit.hq.audit(AuditEntry(who, "stock.policy", name, {"value": value}), now)
            return unit.stock_plans.policy()

    def _decide(self, who: Person, plan_id: UUID, said: Decision) -> StockPlan:
        now = self.clock.now_ms()
        decision = Decision(said.state, said.who, now, said.due_on, said.draft)
        with self.units.begin(who.tenant_id) as unit:
            plan = _open(unit, plan_id)
            if decision.state == "accepted" and plan.source:
                _check_there(unit, plan, self._today())
            unit.stock_plans.decide(plan_id, decision)
            detail = {"kind": plan.kind, "article": plan.sku, "units": plan.units} | {
                name: value
                for name, value in (
                    ("from", plan.source_name),
                    ("to", plan.target_name),
                    ("draft", "" if said.draft is None else str(said.draft)),
                )
                if value
            }
            entry = AuditEntry(who.login, f"stock.{said.state}", str(plan_id), detail)
            unit.hq.audit(entry, now)
            return _found(unit, plan_id)

    def _drafted(self, who: Person, plan: StockPlan, called: Called) -> UUID:
        if not plan.partner:
            raise Fault(FaultCode.STOCK_NO_BUNDLE, sku=plan.sku)
        own, other = (called.articles.get(sku) or sku for sku in (plan.sku, plan.partner))
        return self.draft(who, f"{own} + {other}"[:80], bundle_rule(plan, f"{own} + {other}"))

    def _today(self) -> date:
        now = datetime.fromtimestamp(self.clock.now_ms() / 1_000, UTC)
        return now.astimezone(ZoneInfo(self.zone)).date()


def bundle_rule(plan: StockPlan, name: str) -> dict[str, Any]:
    """Return the rule of a slow article's bundle: one of each, at a price, in its region."""
    return {
        "kind": "slot_bundle",
        "id": f"stock-{plan.plan.hex[:12]}",
        "name": name[:40],
        "slots": [{"items": {"skus": [plan.sku]}}, {"items": {"skus": [plan.partner]}}],
        "price_fen": plan.bundle_fen,
        "when": {"regions": [plan.target]},
    }


def said(plan: StockPlan) -> dict[str, object]:
    """Return a suggestion as the API tells it."""
    return {
        "plan": str(plan.plan),
        "kind": plan.kind,
        "sku": plan.sku,
        "name": plan.name,
        "from": plan.source or None,
        "from_name": plan.source_name,
        "to": plan.target,
        "to_name": plan.target_name,
        "units": plan.units,
        "value_fen": plan.value_fen,
        "cost_fen": plan.cost_fen,
        "confidence_permille": plan.confidence_permille,
        "partner": plan.partner or None,
        "segment": plan.segment or None,
        "bundle_fen": plan.bundle_fen or None,
        "why": {"zh": plan.why_zh, "en": plan.why_en},
        "as_of": plan.as_of.isoformat(),
        "state": plan.state,
        "decided_by": plan.decided_by or None,
        "decided_ms": plan.decided_ms,
        "due_on": None if plan.due_on is None else plan.due_on.isoformat(),
        "draft": None if plan.draft is None else str(plan.draft),
    }


def _check(who: Person) -> None:
    if not may(who.role, Right.STOCK_PLANS_CHANGE):
        raise Fault(FaultCode.API_SCOPE_MISSING, scope=Right.STOCK_PLANS_CHANGE.value)


def _check_there(unit: Unit, plan: StockPlan, today: date) -> None:
    """Let nothing leave that is not there any more; Fault STOCK_GONE."""
    have = unit.stock_plans.free(plan.source, plan.sku, today)
    if have < plan.units:
        raise Fault(FaultCode.STOCK_GONE, place=plan.source_name, have=have, units=plan.units)


def _found(unit: Unit, plan_id: UUID) -> StockPlan:
    plan = unit.stock_plans.plan(plan_id)
    if plan is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"suggestion {plan_id}")
    return plan


def _open(unit: Unit, plan_id: UUID) -> StockPlan:
    """Return a suggestion, locked, that nobody has decided; Faults as of the desk."""
    plan = unit.stock_plans.plan(plan_id, locked=True)
    if plan is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"suggestion {plan_id}")
    if plan.state != "open":
        raise Fault(FaultCode.STOCK_PLAN_OVER, state=_OVER[plan.state], who=plan.decided_by)
    return plan
