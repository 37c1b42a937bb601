"""HQ's desk for points: adjustments by two persons, merges, opening balances, the points policy."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.domain.points import Moment
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.ledger import Adjustment, Decision, Merge
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.points.booking import merge_postings, post, sweep, tell
from cloud_broker.services.points.books import open_wallet
from cloud_broker.services.points.joining import join_wallets, part_wallets
from cloud_broker.services.stores.refresh import refresh
from retail_core import limits
from retail_core.checkout.business_date import DAY_STARTS_AT, business_date
from retail_core.errors import Fault
from retail_core.loyalty.lots import Lot
from retail_core.loyalty.policy import LoyaltyPolicy, Policies
from retail_core.loyalty.postings import (
    ADJUST,
    OPENING,
    Posting,
    brand_account,
    member_account,
)
from retail_core.loyalty.spending import check_enough
from retail_core.texts.faults import FaultCode

__all__ = [
    "MAY_CHANGE",
    "OpeningRow",
    "PointsDesk",
    "entity_of",
    "merge_postings",
    "post",
    "sweep",
    "tell",
]

MAY_CHANGE = frozenset({"admin", "operations"})
SOURCE_OPENING = "opening"
_MS = 1_000


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """A member's points from the system before this one."""

    row: int
    member: UUID
    points: int
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """How an import went; `again` were there from an earlier run."""

    booked: int
    again: int
    points: int


class PointsDesk:
    """What people decide about points; every word is kept with its author."""

    def __init__(self, units: Units, clock: Clock, ids: IdSource, zone: str) -> None:
        self._units = units
        self._clock = clock
        self._ids = ids
        self._zone = ZoneInfo(zone)

    def today(self) -> date:
        """Return the brand's business day."""
        local = datetime.fromtimestamp(self._clock.now_ms() / _MS, UTC).astimezone(self._zone)
        return business_date(local.replace(tzinfo=None), DAY_STARTS_AT)

    def moment(self) -> Moment:
        """Return now, as the books count it."""
        now = self._clock.now_ms()
        return Moment(self.today(), now, now)

    # ---- adjustments ----------------------------------------------------------------------------

    def propose(
        self, who: HqIdentity, member: UUID, points: int, reason: str, entity: str = ""
    ) -> Adjustment:
        """Enter an adjustment that waits for a second person (Faults L104, L109, L114, P106)."""
        self._may(who, reason)
        if not 0 < abs(points) <= limits.AMOUNT_FEN_MAX:
            raise Fault(FaultCode.LEDGER_POINTS_INVALID, points=points)
        now = self._clock.now_ms()
        with self._units.begin(who.tenant_id) as unit:
            wallet = _wallet(unit, member)
            made = Adjustment(
                self._ids.uuid7(),
                member,
                wallet,
                entity_of(unit, entity),
                points,
                reason,
                who.login,
                now,
            )
            unit.points_desk.propose(made)
            detail = {"member": str(member), "points": points, "reason": reason}
            entry = AuditEntry(who.login, "points.propose", str(made.adjustment_id), detail)
            unit.hq.audit(entry, now)
        return made

    def decide(self, who: HqIdentity, adjustment_id: UUID, decision: Decision) -> Adjustment:
        """Approve or refuse what somebody else proposed (Faults L102, L103, L105, L106, L114)."""
        self._may(who, decision)
        moment = self.moment()
        with self._units.begin(who.tenant_id) as unit:
            found = unit.points_desk.adjustment(adjustment_id)
            if found is None:
                raise Fault(FaultCode.LEDGER_ADJUSTMENT_UNKNOWN)
            if found.decision:
                raise Fault(FaultCode.LEDGER_DECIDED, who=found.decided_by, decision=found.decision)
            if found.proposed_by == who.login:
                raise Fault(FaultCode.LEDGER_SAME_PERSON, who=who.login)
            unit.points_desk.decide(adjustment_id, decision, who.login, moment.now_ms)
            if decision == "approved":
                self._adjust(unit, who.tenant_id, found, moment)
            entry = AuditEntry(who.login, f"points.{decision}", str(adjustment_id), {})
            unit.hq.audit(entry, moment.now_ms)
            after = unit.points_desk.adjustment(adjustment_id)
        return found if after is None else after

    def waiting(self, tenant: UUID) -> tuple[Adjustment, ...]:
        """Return adjustments that wait for a second person."""
        with self._units.begin(tenant) as unit:
            return unit.points_desk.adjustments()

    def _adjust(self, unit: Unit, tenant: UUID, found: Adjustment, moment: Moment) -> None:
        wallet = unit.ledger.holders([found.wallet]).get(found.wallet, found.wallet)
        books = open_wallet(unit, wallet, [found.issuer])
        free, brand = member_account(wallet, "free"), brand_account(found.issuer, "adjust")
        if found.points < 0:
            check_enough(books.spendable, -found.points)
        accounts = (brand, free) if found.points > 0 else (free, brand)
        points, issuer = abs(found.points), found.issuer
        posting = Posting(0, "manual", ADJUST, 0, *accounts, points, issuer)
        post(unit, tenant, found.adjustment_id, [(posting, wallet)], moment)
        tell(unit, tenant, {found.member}, moment.now_ms)

    # ---- merges ---------------------------------------------------------------------------------

    def merge(self, who: HqIdentity, source: UUID, target: UUID, reason: str) -> Merge:
        """Move everything of one member to another (Faults L107, L109, L114, P106)."""
        self._may(who, reason)
        moment = self.moment()
        with self._units.begin(who.tenant_id) as unit:
            from_wallet, into_wallet = _wallet(unit, source), _wallet(unit, target)
            moved = unit.ledger.holders([from_wallet, into_wallet])
            if source == target or moved:
                raise Fault(
                    FaultCode.LEDGER_MERGED, member=source if from_wallet in moved else target
                )
            made = Merge(
                self._ids.uuid7(),
                source,
                target,
                from_wallet,
                into_wallet,
                reason,
                who.login,
                moment.now_ms,
            )
            join_wallets(unit, who.tenant_id, made, moment)
        return made

    def unmerge(self, who: HqIdentity, merge_id: UUID, reason: str) -> Merge:
        """Take a merge apart again (Faults L108, L109, L114)."""
        self._may(who, reason)
        moment = self.moment()
        with self._units.begin(who.tenant_id) as unit:
            found = unit.points_desk.merge(merge_id)
            if found is None or found.undone:
                raise Fault(FaultCode.LEDGER_MERGE_UNKNOWN)
            part_wallets(unit, who.tenant_id, found, moment, (who.login, reason))
        return found

    def lots(self, tenant: UUID, member: UUID) -> tuple[tuple[Lot, int], ...]:
        """Return what a member can spend, the next to leave first (Fault P106)."""
        with self._units.begin(tenant) as unit:
            wallet = _wallet(unit, member)
            wallet = unit.ledger.holders([wallet]).get(wallet, wallet)
            return open_wallet(unit, wallet).book.lots(wallet)

    # ---- opening balances, policy ---------------------------------------------------------------

    def open_balances(
        self, who: HqIdentity, rows: Iterable[OpeningRow], entity: str = ""
    ) -> Imported:
        """Book points from the system before; a row that was booked before is passed over."""
        self._may(who, SOURCE_OPENING)
        moment, booked, again, total = self.moment(), 0, 0, 0
        with self._units.begin(who.tenant_id) as unit:
            issuer = entity_of(unit, entity)
            for row in rows:
                if _open_balance(unit, who.tenant_id, row, issuer, moment):
                    booked, total = booked + 1, total + row.points
                else:
                    again += 1
            detail = {"rows": booked, "points": total}
            unit.hq.audit(AuditEntry(who.login, "points.opening", "", detail), moment.now_ms)
        return Imported(booked, again, total)

    def policies(self, tenant: UUID) -> Policies:
        """Return every version of the points policy."""
        with self._units.begin(tenant) as unit:
            return unit.points_desk.policies()

    def set_policy(self, who: HqIdentity, first: date, policy: LoyaltyPolicy) -> int:
        """Let a policy hold from a day on, today at the earliest (Faults L111, L114)."""
        self._may(who, "policy")
        today, now = self.today(), self._clock.now_ms()
        if first < today:
            raise Fault(FaultCode.LEDGER_POLICY_PAST, first=today)
        with self._units.begin(who.tenant_id) as unit:
            version = unit.points_desk.add_policy(first, policy, who.login, now)
            detail = {"from": str(first), "version": version}
            unit.hq.audit(AuditEntry(who.login, "points.policy", str(version), detail), now)
        return version

    def _may(self, who: HqIdentity, reason: str) -> None:
        if who.role not in MAY_CHANGE:
            raise Fault(FaultCode.LEDGER_ROLE, role=who.role)
        if not reason.strip():
            raise Fault(FaultCode.LEDGER_REASON_MISSING)


def entity_of(unit: Unit, named: str) -> UUID:
    """Return a legal entity by name or id; '' names the only one (Fault API_NOT_FOUND)."""
    found = [
        entity
        for entity, name in unit.closing.entities().items()
        if named in {"", name, str(entity)}
    ]
    if len(found) != 1:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"legal entity {named!r}")
    return found[0]


def _wallet(unit: Unit, member: UUID) -> UUID:
    wallet = unit.members.wallets([member]).get(member)
    if wallet is None:
        raise Fault(FaultCode.SALE_MEMBER_UNKNOWN)
    return wallet


def _open_balance(unit: Unit, tenant: UUID, row: OpeningRow, issuer: UUID, moment: Moment) -> bool:
    if not 0 < row.points <= limits.AMOUNT_FEN_MAX:
        reason = f"points {row.points}"
        raise Fault(FaultCode.LEDGER_IMPORT_ROW, row=row.row, reason=reason)
    wallet = unit.members.wallets([row.member]).get(row.member)
    if wallet is None:
        raise Fault(FaultCode.LEDGER_IMPORT_ROW, row=row.row, reason=f"member {row.member}")
    said = f"{wallet}/{issuer}/{row.expires}".encode()
    under = UUID(bytes=sha256(SOURCE_OPENING.encode() + said).digest()[:16])
    if not unit.journal.claim_keys(SOURCE_OPENING, [under.bytes]):
        return False
    accounts = brand_account(issuer, "adjust"), member_account(wallet, "free")
    posting = Posting(
        0, SOURCE_OPENING, OPENING, 0, *accounts, row.points, issuer, None, row.expires
    )
    post(unit, tenant, under, [(posting, wallet)], moment)
    refresh(unit, {row.member}, moment.now_ms)
    return True
