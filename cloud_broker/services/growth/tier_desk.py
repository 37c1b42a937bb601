"""HQ's desk for tiers: grants by two persons, and what a draft plan would do before it holds."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.growth import Decision, TierChange, TierGrant
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.profiles import Profile
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.growth.books import GrowthBooks
from cloud_broker.services.growth.profile_desk import profile_of
from cloud_broker.services.points.desk import MAY_CHANGE
from cloud_broker.services.published.rules_in_force import RulesInForce
from cloud_broker.services.stores.refresh import refresh
from retail_core.errors import Fault
from retail_core.growth.history import Plans, check_order
from retail_core.growth.plan import GrowthPlan
from retail_core.limits import NAME_CHARS_MAX
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.texts.faults import FaultCode

GRANT_DAYS_MAX = 732
PAGE = 200
EXAMPLES_MAX = 5
GROUPS_MAX = 32
CHANGES_SHOWN = 50
_LONG_AGO = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A tier that is asked for a member, and why."""

    member: UUID
    tier: str
    until: date
    reason: str


@dataclass(slots=True)
class Preview:
    """What a plan would do: moves between tiers on its first day, and once all are judged by it.

    `examples` are members by (from, to) of the second.
    """

    members: int = 0
    at_once: Counter[tuple[str, str]] = field(default_factory=Counter)
    in_the_end: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[UUID]] = field(default_factory=dict)


class GrowthDesk:
    """What people decide about tiers; every word is kept with its author."""

    def __init__(self, units: Units, clock: Clock, ids: IdSource, zone: str) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids
        self._rules = RulesInForce(zone)

    def today(self) -> date:
        """Return the brand's business day."""
        return self._rules.day(self._clock.now_ms())

    def propose(self, who: HqIdentity, asked: Asked) -> TierGrant:
        """Enter a grant that waits for a second person (L109, L114, M121, M122, M124, P106)."""
        self._may(who, asked.reason)
        now_ms, last = self._clock.now_ms(), self.today() + timedelta(days=GRANT_DAYS_MAX)
        if not self.today() <= asked.until <= last:
            raise Fault(FaultCode.GROWTH_GRANT_DAY, last=last)
        made = TierGrant(
            self._ids.uuid7(),
            asked.member,
            asked.tier,
            asked.until,
            asked.reason,
            who.login,
            now_ms,
        )
        with self._units.begin(who.tenant_id) as unit:
            plan = _plans(unit).on(self.today())
            if asked.tier not in {tier.code for tier in plan.tiers}:
                raise Fault(FaultCode.GROWTH_TIER_UNKNOWN, tier=asked.tier)
            if asked.member not in unit.members.wallets([asked.member]):
                raise Fault(FaultCode.SALE_MEMBER_UNKNOWN)
            unit.growth.propose(made)
            said = {"member": str(asked.member), "tier": asked.tier, "reason": asked.reason}
            unit.hq.audit(AuditEntry(who.login, "tier.propose", str(made.grant_id), said), now_ms)
        return made

    def decide(self, who: HqIdentity, grant_id: UUID, decision: Decision) -> TierGrant:
        """Approve or refuse what somebody else proposed (L103, L105, L114, M123)."""
        self._may(who, decision)
        now_ms = self._clock.now_ms()
        with self._units.begin(who.tenant_id) as unit:
            found = unit.growth.proposed(grant_id)
            if found is None:
                raise Fault(FaultCode.GROWTH_GRANT_UNKNOWN)
            if found.decision:
                raise Fault(FaultCode.LEDGER_DECIDED, who=found.decided_by, decision=found.decision)
            if found.proposed_by == who.login:
                raise Fault(FaultCode.LEDGER_SAME_PERSON, who=who.login)
            unit.growth.decide(grant_id, decision, who.login, now_ms)
            if decision == "approved":
                self._grant(unit, who, found)
            entry = AuditEntry(who.login, f"tier.{decision}", str(grant_id), {})
            unit.hq.audit(entry, now_ms)
            unit.announce(LiveEvent(who.tenant_id, frozenset({"member", "published"})))
            after = unit.growth.proposed(grant_id)
        return found if after is None else after

    def waiting(self, tenant: UUID) -> tuple[TierGrant, ...]:
        """Return grants that wait for a second person."""
        with self._units.begin(tenant) as unit:
            return unit.growth.proposals()

    def history(self, tenant: UUID, member: UUID) -> tuple[TierChange, ...]:
        """Return the changes of a person's tier, newest first."""
        with self._units.begin(tenant) as unit:
            persons = unit.benefits.persons([member]).get(member, (member,))
            return unit.growth.changes_of(persons, CHANGES_SHOWN)

    def set_groups(self, who: HqIdentity, member: UUID, groups: frozenset[str]) -> Profile:
        """Put a member into these customer groups and no others (A107, L114, P106)."""
        self._may(who, "groups")
        named = {name.strip() for name in groups}
        if len(named) > GROUPS_MAX or not all(0 < len(one) <= NAME_CHARS_MAX for one in named):
            raise Fault(FaultCode.API_BODY_INVALID, detail="groups")
        now_ms = self._clock.now_ms()
        with self._units.begin(who.tenant_id) as unit:
            if member not in unit.members.wallets([member]):
                raise Fault(FaultCode.SALE_MEMBER_UNKNOWN)
            profile = replace(profile_of(unit, member), groups=tuple(sorted(named)))
            unit.profiles.save(profile, now_ms)
            refresh(unit, {member}, now_ms)
            said: dict[str, object] = {"groups": sorted(named)}
            unit.hq.audit(AuditEntry(who.login, "member.groups", str(member), said), now_ms)
            unit.announce(LiveEvent(who.tenant_id, frozenset({"member", "published"})))
        return profile

    def preview(
        self, tenant: UUID, content: bytes, progress: Callable[[int, int], None]
    ) -> Preview:
        """Return what the plan of a bundle would do; nothing is written (Faults M121, P107)."""
        plan = parse_bundle(content).growth
        if plan is None:
            raise Fault(FaultCode.GROWTH_PLAN_MISSING)
        preview, after = Preview(), None
        with self._units.begin(tenant) as unit:
            total = unit.growth.count()
        while True:
            with self._units.begin(tenant) as unit:
                page = unit.growth.everybody(after, PAGE)
                self._preview_page(unit, tenant, page, plan, preview)
            preview.members += len(page)
            progress(preview.members, total)
            if len(page) < PAGE:
                return preview
            after = page[-1]

    # ---- inside ---------------------------------------------------------------------------------

    def _preview_page(
        self,
        unit: Unit,
        tenant: UUID,
        page: tuple[UUID, ...],
        plan: GrowthPlan,
        preview: Preview,
    ) -> None:
        tomorrow = self.today() + timedelta(days=1)
        books = GrowthBooks(unit, tenant, tomorrow, self._clock.now_ms())
        known = () if books.plans is None else books.plans.since
        at_once = books.judge(page, check_order([*known, (tomorrow, plan)]))
        in_the_end = books.judge(page, Plans(((_LONG_AGO, plan),)))
        wanted = set(page)
        for moves, judged in ((preview.at_once, at_once), (preview.in_the_end, in_the_end)):
            for one in judged:
                if one.row.member in wanted and one.before.tier != one.row.tier:
                    moves[one.before.tier, one.row.tier] += 1
        for one in in_the_end:
            if one.row.member in wanted and one.before.tier != one.row.tier:
                shown = preview.examples.setdefault((one.before.tier, one.row.tier), [])
                if len(shown) < EXAMPLES_MAX:
                    shown.append(one.row.member)

    def _grant(self, unit: Unit, who: HqIdentity, found: TierGrant) -> None:
        now_ms, today = self._clock.now_ms(), self.today()
        books = GrowthBooks(unit, who.tenant_id, today, now_ms)
        before = books.judge([found.member])
        own = next(one for one in before if one.row.member == found.member)
        change = TierChange(
            change_id=found.grant_id,
            member=found.member,
            day=today,
            before=own.before.tier,
            after=found.tier,
            change="granted",
            until=found.until,
            account=own.row.account,
            by=f"{found.proposed_by}, {who.login}",
            reason=found.reason,
            at_ms=now_ms,
        )
        unit.growth.add_changes([change])
        books.save(books.judge([found.member]), because="grant")

    def _may(self, who: HqIdentity, reason: str) -> None:
        if who.role not in MAY_CHANGE:
            raise Fault(FaultCode.LEDGER_ROLE, role=who.role)
        if not reason.strip():
            raise Fault(FaultCode.LEDGER_REASON_MISSING)


def _plans(unit: Unit) -> Plans:
    plans = unit.growth.plans()
    if not plans:
        raise Fault(FaultCode.GROWTH_PLAN_MISSING)
    return check_order(plans)
