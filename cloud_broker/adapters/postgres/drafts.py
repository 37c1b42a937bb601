"""HQ's drafts of rules, their publications and long works, in PostgreSQL."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.adapters.postgres.sold_before import PostgresSoldBefore
from cloud_broker.ports.drafts import Draft, Edit, Published, RuleJob, RuleOrder

_DRAFT = (
    "select draft_id, name, base_version, edit, state, made_by, made_at, changed_by, changed_at"
    " from rule_draft where tenant_id = %(tenant)s"
)
_ORDER = (
    "select order_id, kind, draft_id, edit, stores, regions, base_version, reach, state, author,"
    " why, made_at, second, version, decided_at{content} from rule_order"
    " where tenant_id = %(tenant)s"
)
_JOB = (
    "select job_id, kind, draft_id, edit, against, first_day, last_day, state, asked_by, asked_at,"
    " total, done, reached_store, reached_day, changed_at, reason from rule_job"
    " where tenant_id = %(tenant)s"
)
_ADD_JOB = """
insert into rule_job values (%(tenant)s, %(job)s, %(kind)s, %(draft)s, %(edit)s, %(against)s,
  %(first)s, %(last)s, %(state)s, %(by)s, %(asked)s, %(total)s, %(done)s, %(store)s, %(day)s,
  %(changed)s, %(reason)s)
"""
_KEEP_JOB = """
update rule_job set state = %(state)s, total = %(total)s, done = %(done)s,
  reached_store = %(store)s, reached_day = %(day)s, changed_at = %(changed)s, reason = %(reason)s,
  result = coalesce(%(result)s, result)
where tenant_id = %(tenant)s and job_id = %(job)s
"""


class PostgresOrdersOfRules(Repository):
    """The part of `DraftRepo` about publications."""

    def add_order(self, order: RuleOrder, content: str) -> None:
        """Enter a publication with the JSON that it is to publish."""
        self._run(
            "insert into rule_order values (%(tenant)s, %(order)s, %(kind)s, %(draft)s, %(edit)s,"
            " %(stores)b, %(regions)b, %(base)s, %(reach)s, %(state)s, %(author)s, %(why)s,"
            " %(made)s, %(second)s, %(version)s, %(decided)s, %(content)s)",
            kind=order.kind,
            draft=order.draft,
            edit=order.edit,
            stores=list(order.stores),
            regions=list(order.regions),
            base=order.base,
            reach=order.reach,
            author=order.author,
            why=order.why,
            made=at(order.made_ms),
            content=content,
            **_decided(order),
        )

    def orders(self, limit: int) -> tuple[RuleOrder, ...]:
        """Return publications, the newest first."""
        statement = _ORDER.format(content="") + " order by made_at desc, order_id limit %(limit)s"
        return tuple(_order(row) for row in self._rows(statement, limit=limit))

    def order(self, order: UUID) -> tuple[RuleOrder, str] | None:
        """Return a publication with its JSON, locked until the transaction ends."""
        statement = _ORDER.format(content=", content") + " and order_id = %(order)s for update"
        row = self._row(statement, order=order)
        return None if row is None else (_order(row), row.content)

    def decide(self, order: RuleOrder) -> None:
        """Keep a publication as it was decided."""
        self._run(
            "update rule_order set state = %(state)s, second = %(second)s, version = %(version)s,"
            " decided_at = %(decided)s where tenant_id = %(tenant)s and order_id = %(order)s",
            **_decided(order),
        )


class PostgresRuleJobs(Repository):
    """The part of `DraftRepo` about long works."""

    def add_job(self, job: RuleJob) -> None:
        """Enter a work."""
        self._run(
            _ADD_JOB,
            kind=job.kind,
            draft=job.draft,
            edit=job.edit,
            against=job.against,
            first=job.first,
            last=job.last,
            by=job.asked_by,
            asked=at(job.asked_ms),
            **_how_far(job),
        )

    def jobs(self, draft: UUID, limit: int) -> tuple[RuleJob, ...]:
        """Return a draft's works, the newest first."""
        statement = (
            _JOB + " and draft_id = %(draft)s order by asked_at desc, job_id limit %(limit)s"
        )
        return tuple(_job(row) for row in self._rows(statement, draft=draft, limit=limit))

    def job(self, job: UUID, *, locked: bool = False) -> RuleJob | None:
        """Return a work, locked where it is to change."""
        lock = " for update" if locked else ""
        row = self._row(_JOB + " and job_id = %(job)s" + lock, job=job)
        return None if row is None else _job(row)

    def next_job(self) -> RuleJob | None:
        """Return the oldest work that is not over."""
        row = self._row(
            _JOB + " and state in ('waiting', 'running') order by asked_at, job_id limit 1"
        )
        return None if row is None else _job(row)

    def keep_job(self, job: RuleJob, result: bytes | None = None) -> None:
        """Keep how far a work is, and what came of it so far."""
        self._run(_KEEP_JOB, result=result, **_how_far(job))

    def result(self, job: UUID) -> bytes:
        """Return what came of a work so far."""
        row = self._row(
            "select result from rule_job where tenant_id = %(tenant)s and job_id = %(job)s", job=job
        )
        return b"" if row is None else bytes(row.result)


class PostgresDrafts(PostgresOrdersOfRules, PostgresRuleJobs, PostgresSoldBefore):
    """Fulfils `DraftRepo`."""

    def published(self, limit: int) -> tuple[Published, ...]:
        """Return published versions, the newest first."""
        rows = self._rows(
            "select version, sha256(content) as sha, created_by, created_at from rule_bundle"
            " where tenant_id = %(tenant)s order by version desc limit %(limit)s",
            limit=limit,
        )
        return tuple(
            Published(row.version, bytes(row.sha), row.created_by, ms_of(row.created_at))
            for row in rows
        )

    def held(self) -> dict[UUID, int]:
        """Return the newest version that each box has said it sells by."""
        rows = self._rows(
            "select device_id, max(version) as version from document_seen"
            " where tenant_id = %(tenant)s and kind = 'bundle' group by device_id"
        )
        return {row.device_id: int(row.version) for row in rows}

    def add(self, draft: Draft, content: str) -> None:
        """Enter a draft with its first edit."""
        self._run(
            "insert into rule_draft values (%(tenant)s, %(draft)s, %(name)s, %(base)s, %(edit)s,"
            " %(state)s, %(made_by)s, %(made)s, %(by)s, %(changed)s)",
            **_now(draft),
            base=draft.base,
            made_by=draft.made_by,
            made=at(draft.made_ms),
        )
        self._add_edit(draft, content)

    def save(self, draft: Draft, content: str | None) -> None:
        """Keep a draft as it is now; with a text, that text is its newest edit."""
        self._run(
            "update rule_draft set name = %(name)s, edit = %(edit)s, state = %(state)s,"
            " changed_by = %(by)s, changed_at = %(changed)s"
            " where tenant_id = %(tenant)s and draft_id = %(draft)s",
            **_now(draft),
        )
        if content is not None:
            self._add_edit(draft, content)

    def _add_edit(self, draft: Draft, content: str) -> None:
        self._run(
            "insert into rule_edit values (%(tenant)s, %(draft)s, %(edit)s, %(content)s, %(by)s,"
            " %(changed)s)",
            draft=draft.draft,
            edit=draft.edit,
            content=content,
            by=draft.changed_by,
            changed=at(draft.changed_ms),
        )

    def drafts(self, limit: int) -> tuple[Draft, ...]:
        """Return drafts, those changed last first."""
        statement = _DRAFT + " order by changed_at desc, draft_id limit %(limit)s"
        return tuple(_draft(row) for row in self._rows(statement, limit=limit))

    def draft(self, draft: UUID, *, locked: bool = False) -> Draft | None:
        """Return a draft, locked where it is to change."""
        lock = " for update" if locked else ""
        row = self._row(_DRAFT + " and draft_id = %(draft)s" + lock, draft=draft)
        return None if row is None else _draft(row)

    def edit(self, draft: UUID, edit: int) -> Edit | None:
        """Return an edit."""
        row = self._row(
            "select edit, content, said_by, said_at from rule_edit where tenant_id = %(tenant)s"
            " and draft_id = %(draft)s and edit = %(edit)s",
            draft=draft,
            edit=edit,
        )
        return None if row is None else Edit(row.edit, row.content, row.said_by, ms_of(row.said_at))

    def edits(self, draft: UUID, limit: int) -> tuple[Edit, ...]:
        """Return a draft's edits without their texts, the newest first."""
        rows = self._rows(
            "select edit, said_by, said_at from rule_edit where tenant_id = %(tenant)s"
            " and draft_id = %(draft)s order by edit desc limit %(limit)s",
            draft=draft,
            limit=limit,
        )
        return tuple(Edit(row.edit, "", row.said_by, ms_of(row.said_at)) for row in rows)


def _now(draft: Draft) -> dict[str, Any]:
    return {
        "draft": draft.draft,
        "name": draft.name,
        "edit": draft.edit,
        "state": draft.state,
        "by": draft.changed_by,
        "changed": at(draft.changed_ms),
    }


def _draft(row: Row[Any]) -> Draft:
    return Draft(
        *(row.draft_id, row.name, int(row.base_version), row.edit, row.state),
        *(row.made_by, ms_of(row.made_at), row.changed_by, ms_of(row.changed_at)),
    )


def _decided(order: RuleOrder) -> dict[str, Any]:
    return {
        "order": order.order,
        "state": order.state,
        "second": order.second,
        "version": order.version,
        "decided": None if order.decided_ms is None else at(order.decided_ms),
    }


def _order(row: Row[Any]) -> RuleOrder:
    return RuleOrder(
        *(row.order_id, row.kind, row.draft_id, row.edit, tuple(row.stores), tuple(row.regions)),
        *(int(row.base_version), row.reach, row.state, row.author, row.why, ms_of(row.made_at)),
        *(row.second, int(row.version)),
        None if row.decided_at is None else ms_of(row.decided_at),
    )


def _how_far(job: RuleJob) -> dict[str, Any]:
    store, day = job.reached or (None, None)
    return {
        "job": job.job,
        "state": job.state,
        "total": job.total,
        "done": job.done,
        "store": store,
        "day": day,
        "changed": at(job.changed_ms),
        "reason": job.reason,
    }


def _job(row: Row[Any]) -> RuleJob:
    return RuleJob(
        *(row.job_id, row.kind, row.draft_id, row.edit, int(row.against)),
        *(row.first_day, row.last_day, row.state, row.asked_by, ms_of(row.asked_at)),
        *(int(row.total), int(row.done)),
        None if row.reached_store is None else (row.reached_store, row.reached_day),
        ms_of(row.changed_at),
        row.reason,
    )
