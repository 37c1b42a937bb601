"""Checks and rehearsals of drafts: long works that can be left, stopped, and taken up again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.domain.rights import Right
from cloud_broker.domain.rule_work import LintTask, ReplayTask, added
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.drafts import Buyer, JobKind, JobState, ReceiptBefore, RuleJob, SoldBefore
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.rule_workshop import RuleWorkshop
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.fleet.twin import Person
from cloud_broker.services.rules.drafting import check_right, content_of, found, text_of
from cloud_broker.services.rules.publishing import newest_of
from retail_core.checkout.business_date import DAY_STARTS_AT, business_date
from retail_core.errors import Fault
from retail_core.money import divide_half_up
from retail_core.pricing.rehearsal.sold import SoldBasket, SoldLine
from retail_core.pricing.rules.bundle import parse_bundle
from retail_core.pricing.rules.context import MemberContext
from retail_core.texts.faults import FaultCode

DAYS = 30
PIECE_RECEIPTS = 200
PIECE_STORE_DAYS = 32
JOBS_SHOWN = 10
OPEN: frozenset[JobState] = frozenset({"waiting", "running"})
_MILLI = 1_000


@dataclass(frozen=True, slots=True)
class JobDesk:
    """Answers HQ's pages and API."""

    units: Units
    clock: Clock
    ids: IdSource
    zone: str

    def ask(self, who: Person, draft_id: UUID, kind: JobKind, *, paid: bool = False) -> RuleJob:
        """Have a draft's newest edit checked, or rehearsed on the last 30 days' sales.

        A rehearsal compares with the rules in force, with `paid` with what was paid.
        Faults API_SCOPE_MISSING, API_NOT_FOUND, P107, P120, RULES_JOB_BUSY.
        """
        check_right(who, Right.RULES_CHANGE)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            draft = found(unit, draft_id, locked=True)
            if any(one.state in OPEN for one in unit.drafts.jobs(draft_id, JOBS_SHOWN)):
                raise Fault(FaultCode.RULES_JOB_BUSY)
            parse_bundle(text_of(unit, draft_id, draft.edit).encode())
            last = self._today(now_ms)
            job = RuleJob(
                *(self.ids.uuid7(), kind, draft_id, draft.edit, 0 if paid else newest_of(unit)),
                *(last - timedelta(days=DAYS), last, "waiting", who.login, now_ms),
                changed_ms=now_ms,
            )
            unit.drafts.add_job(job)
            said = {"kind": kind, "edit": draft.edit}
            unit.hq.audit(AuditEntry(who.login, "rules.job", str(draft_id), said), now_ms)
            unit.announce(LiveEvent(who.tenant_id, frozenset({"published"})))
        return job

    def stop(self, who: Person, job_id: UUID) -> None:
        """End a work; what was worked out until then stays. Faults API_SCOPE_MISSING, A108."""
        check_right(who, Right.RULES_CHANGE)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            job = _job(unit, job_id, locked=True)
            if job.state in OPEN:
                unit.drafts.keep_job(replace(job, state="stopped", changed_ms=now_ms))

    def job(self, tenant: UUID, job_id: UUID) -> tuple[RuleJob, bytes]:
        """Return a work and what came of it so far; Fault API_NOT_FOUND."""
        with self.units.begin(tenant) as unit:
            return _job(unit, job_id), unit.drafts.result(job_id)

    def jobs(self, tenant: UUID, draft_id: UUID) -> tuple[RuleJob, ...]:
        """Return a draft's last works."""
        with self.units.begin(tenant) as unit:
            return unit.drafts.jobs(draft_id, JOBS_SHOWN)

    def _today(self, now_ms: int) -> date:
        local = datetime.fromtimestamp(now_ms / 1_000, ZoneInfo(self.zone))
        return business_date(local.replace(tzinfo=None), DAY_STARTS_AT)


@dataclass(frozen=True, slots=True)
class JobWork:
    """Works off what was asked for, a piece at a time; killed, it goes on where it was."""

    units: Units
    clock: Clock
    workshop: RuleWorkshop

    def run(self, tenant: UUID) -> int:
        """Do a piece of the oldest work; return how much it was, 0 when there is none."""
        with self.units.begin(tenant) as unit:
            job = unit.drafts.next_job()
        if job is None:
            self.workshop.rest()
            return 0
        try:
            return self._lint(tenant, job) if job.kind == "lint" else self._replay(tenant, job)
        except Fault as fault:
            if fault.code is FaultCode.SYNC_LINK_DOWN:
                raise
            self._keep(tenant, job, replace(job, state="failed", reason=fault.code.value))
            return 1

    def _lint(self, tenant: UUID, job: RuleJob) -> int:
        with self.units.begin(tenant) as unit:
            draft = text_of(unit, job.draft, job.edit).encode()
            articles = unit.catalogue.effective(job.last)
            sums = unit.drafts.sums(job.first, job.last)
        self._keep(tenant, job, replace(job, state="running", total=1))
        result = self.workshop.do(LintTask(draft, articles, sums))
        self._keep(tenant, job, replace(job, state="done", total=1, done=1), result)
        return 1

    def _replay(self, tenant: UUID, job: RuleJob) -> int:
        with self.units.begin(tenant) as unit:
            total = job.total or unit.drafts.receipts_between(job.first, job.last)
            days = _piece(
                unit.drafts.store_days(job.reached, job.first, job.last, PIECE_STORE_DAYS)
            )
            task = self._task(unit, job, days) if days else None
        if task is None:
            self._keep(tenant, job, replace(job, state="done", total=job.done))
            return 1
        self._keep(tenant, job, replace(job, state="running", total=total))
        part = self.workshop.do(task)
        last_store, last_day, _ = days[-1]
        going = replace(
            job,
            state="running",
            total=max(total, job.done + len(task.receipts)),
            done=job.done + len(task.receipts),
            reached=(last_store, last_day),
        )
        self._add(tenant, job, going, part)
        return max(1, len(task.receipts))

    def _task(self, unit: Unit, job: RuleJob, days: Iterable[tuple[UUID, date, int]]) -> ReplayTask:
        receipts = [
            receipt for store, day, _ in days for receipt in unit.drafts.receipts_of(store, day)
        ]
        buyers = unit.drafts.buyers({one.member for one in receipts if one.member is not None})
        against = content_of(unit, job.against) if job.against else None
        return ReplayTask(
            text_of(unit, job.draft, job.edit).encode(),
            against,
            tuple(map(sold_basket, receipts)),
            {str(member): _context(buyer) for member, buyer in buyers.items()},
        )

    def _keep(
        self, tenant: UUID, before: RuleJob, after: RuleJob, result: bytes | None = None
    ) -> None:
        """Keep how far a work is, unless somebody stopped it meanwhile."""
        with self.units.begin(tenant) as unit:
            now = unit.drafts.job(before.job, locked=True)
            if now is not None and now.state in OPEN:
                kept = replace(after, changed_ms=self.clock.now_ms())
                unit.drafts.keep_job(kept, result)
                unit.announce(LiveEvent(tenant, frozenset({"published"})))

    def _add(self, tenant: UUID, before: RuleJob, after: RuleJob, part: bytes) -> None:
        """Add a piece to what came of the pieces before it, once."""
        with self.units.begin(tenant) as unit:
            now = unit.drafts.job(before.job, locked=True)
            if now is None or now.state not in OPEN or now.reached != before.reached:
                return
            whole = added(unit.drafts.result(before.job), part)
            unit.drafts.keep_job(replace(after, changed_ms=self.clock.now_ms()), whole)


def sold_basket(receipt: ReceiptBefore) -> SoldBasket:
    """Return a past receipt as rehearsals read it; a line's unit price is its shelf price's."""
    return SoldBasket(
        receipt=receipt.number or str(receipt.receipt),
        opened=receipt.opened,
        lines=tuple(_line(one) for one in receipt.lines),
        store=receipt.store,
        region=receipt.region,
        member="" if receipt.member is None else str(receipt.member),
        paid_fen=receipt.total_fen,
    )


def _line(line: SoldBefore) -> SoldLine:
    return SoldLine(
        sku=line.sku or line.name,
        unit_price_fen=divide_half_up(line.shelf_fen * _MILLI, max(1, line.qty_milli)),
        qty_milli=line.qty_milli,
        cost_fen=line.cost_fen,
        name=line.name,
        brand=line.brand,
        category=line.category,
        tags=frozenset(line.tags),
    )


def _context(buyer: Buyer) -> MemberContext:
    return MemberContext(
        tier=buyer.tier,
        tags=buyer.tags,
        groups=buyer.groups,
        joined=buyer.joined,
        personal=buyer.personal,
    )


def _piece(days: Sequence[tuple[UUID, date, int]]) -> list[tuple[UUID, date, int]]:
    """Return as many store-days as make a piece, at least one."""
    taken: list[tuple[UUID, date, int]] = []
    for one in days:
        if taken and sum(count for *_, count in taken) + one[2] > PIECE_RECEIPTS:
            break
        taken.append(one)
    return taken


def _job(unit: Unit, job_id: UUID, *, locked: bool = False) -> RuleJob:
    job = unit.drafts.job(job_id, locked=locked)
    if job is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"work {job_id}")
    return job
