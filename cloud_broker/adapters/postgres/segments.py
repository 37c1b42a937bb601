"""Segments and who belongs to them, in PostgreSQL."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from psycopg import errors
from sqlalchemy import Connection, Row

from cloud_broker.adapters.postgres.base import Repository, at, driver_of, ms_of
from cloud_broker.adapters.postgres.hq import PostgresHq
from cloud_broker.adapters.postgres.tags import TagRows
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.domain.metrics.thresholds import Thresholds
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.segments import (
    ENTERED,
    EXITED,
    Moved,
    Place,
    Sampled,
    Segment,
    SegmentRun,
)
from retail_core.errors import Fault
from retail_core.identity.naming import mask_name
from retail_core.texts.faults import FaultCode

Answer = TypeVar("Answer")
_NOBODY = UUID(int=0)
_CAME, _WENT = "segment.entered", "segment.exited"
_NAMES: Mapping[str, str] = {_CAME: ENTERED, _WENT: EXITED}
_SEGMENT = """
select segment_id, name, note, version, definition, made_by, made_at, changed_by, changed_at,
  ended_at from segment where tenant_id = %(tenant)s
"""
_KEEP_VERSION = """
insert into segment_version values (%(tenant)s, %(id)s, %(version)s, %(name)s, %(note)s,
  %(definition)s::jsonb, %(by)s, %(now)s)
"""
# Who fits is found while it is written down, which may take longer than a question of a page.
_PATIENCE = "select set_config('statement_timeout', '1800000', true)"
_FOUND = "create temporary table segment_found (person_id uuid not null) on commit drop"
_GO = """
delete from segment_member m where m.tenant_id = %(tenant)s and m.segment_id = %(id)s
  and not exists (select from segment_found f where f.person_id = m.person_id)
returning m.person_id
"""
_COME = """
insert into segment_member select %(tenant)s, %(id)s, f.person_id, %(at_ms)s
  from (select distinct person_id from segment_found) f
on conflict do nothing returning person_id
"""
# Written where they change, so that the log and the table cannot tell different things.
_LOGGED = """
with moved as ({moved}), told as (
  insert into event_log (tenant_id, event_id, received_at, store_id, device_id, epoch, seq,
    member_id, type, wall_ms, time_quality, boot_id, mono_ms, hash, body, name)
  select %(tenant)s, gen_random_uuid(), %(now)s, %(nobody)s, %(id)s, 0, 0, person_id, %(type)s,
    %(at_ms)s, 0, %(nobody)s, 0, %(hash)s, %(body)s, %(name)s from moved
) select count(*) as n from moved
"""
_RUNS = """
select segment_id, at_ms, version, as_of, people, entered, gone from segment_run
where tenant_id = %(tenant)s
"""
_LAST_RUNS = """
select distinct on (segment_id) segment_id, at_ms, version, as_of, people, entered, gone
from segment_run where tenant_id = %(tenant)s order by segment_id, run_no desc
"""
_MOVED = """
select member_id, type, wall_ms from event_log
where tenant_id = %(tenant)s and device_id = %(id)s and received_at > %(after)s
  and type in ('segment.entered', 'segment.exited')
order by received_at, event_id limit %(limit)s
"""
_SAMPLED = """
select m.member_id, m.name, m.tier, coalesce(s.name, '') as store, t.tags from member m
left join store s on s.tenant_id = m.tenant_id and s.store_id = m.home_store_id
left join member_tags t on t.tenant_id = m.tenant_id and t.member_id = m.member_id
where m.tenant_id = %(tenant)s and m.member_id = any(%(people)b)
"""


class SegmentRows(Repository):
    """The statements, in one transaction."""

    def __init__(self, connection: Connection, tenant: UUID) -> None:
        super().__init__(connection, tenant)
        self._hq = PostgresHq(connection, tenant)

    def add(self, one: Segment) -> None:
        """Enter a segment."""
        try:
            self._run(
                "insert into segment values (%(tenant)s, %(id)s, %(name)s, %(note)s, %(version)s,"
                " %(definition)s::jsonb, %(by)s, %(now)s, %(by)s, %(now)s, null)",
                **_written(one),
            )
        except errors.UniqueViolation:
            raise Fault(FaultCode.SEGMENT_NAME, name=one.name) from None
        self._version(one, "segment.made")

    def change(self, one: Segment, was: int) -> None:
        """Write a segment anew in place of the version it was."""
        try:
            changed = self._run(
                "update segment set name = %(name)s, note = %(note)s, version = %(version)s,"
                " definition = %(definition)s::jsonb, changed_by = %(by)s, changed_at = %(now)s,"
                " ended_at = %(ended)s where tenant_id = %(tenant)s and segment_id = %(id)s"
                " and version = %(was)s and ended_at is null",
                was=was,
                ended=None if one.ended_ms is None else at(one.ended_ms),
                **_written(one),
            )
        except errors.UniqueViolation:
            raise Fault(FaultCode.SEGMENT_NAME, name=one.name) from None
        if not changed:
            raise Fault(FaultCode.SEGMENT_STALE, version=was)
        self._version(one, "segment.changed" if one.ended_ms is None else "segment.ended")

    def _version(self, one: Segment, act: str) -> None:
        self._run(_KEEP_VERSION, **_written(one))
        said = {"version": one.version, "name": one.name}
        entry = AuditEntry(one.changed_by, act, str(one.segment_id), said)
        self._hq.audit(entry, one.changed_ms)

    def segments(self) -> tuple[Segment, ...]:
        """Return every segment by name."""
        return tuple(map(_segment, self._rows(_SEGMENT + " order by name, segment_id")))

    def segment(self, segment_id: UUID) -> Segment | None:
        """Return a segment."""
        row = self._row(_SEGMENT + " and segment_id = %(id)s", id=segment_id)
        return None if row is None else _segment(row)

    def versions(self, segment_id: UUID) -> tuple[Segment, ...]:
        """Return every version of a segment, newest first."""
        now = self.segment(segment_id)
        if now is None:
            return ()
        rows = self._rows(
            "select version, name, note, definition, changed_by, changed_at from segment_version"
            " where tenant_id = %(tenant)s and segment_id = %(id)s order by version desc",
            id=segment_id,
        )
        return tuple(
            replace(
                now,
                version=row.version,
                name=row.name,
                note=row.note,
                definition=row.definition,
                changed_by=row.changed_by,
                changed_ms=ms_of(row.changed_at),
            )
            for row in rows
        )

    def settle(self, one: Segment, people: Iterable[UUID], as_of: date, now_ms: int) -> SegmentRun:
        """Let these people, and nobody else, belong to it."""
        held = self._row(
            "select version from segment where tenant_id = %(tenant)s and segment_id = %(id)s"
            " for update",
            id=one.segment_id,
        )
        if held is None or held.version != one.version:
            raise Fault(FaultCode.SEGMENT_STALE, version=one.version)
        self._run(_PATIENCE)
        self._run(_FOUND)
        cursor = driver_of(self._connection).cursor()
        with cursor.copy("copy segment_found from stdin") as copied:
            for person in people:
                copied.write_row((person,))
        self._run("analyze segment_found")
        left = self._moved(one, _WENT, _GO, now_ms)
        entered = self._moved(one, _CAME, _COME, now_ms)
        counted = self._row(
            "select count(*) as n from segment_member where tenant_id = %(tenant)s"
            " and segment_id = %(id)s",
            id=one.segment_id,
        )
        run = SegmentRun(
            now_ms, one.version, as_of, 0 if counted is None else counted.n, entered, left
        )
        self._run(
            "insert into segment_run (tenant_id, segment_id, at_ms, version, as_of, people,"
            " entered, gone) values (%(tenant)s, %(id)s, %(at_ms)s, %(version)s, %(as_of)s,"
            " %(people)s, %(entered)s, %(gone)s)",
            id=one.segment_id,
            at_ms=now_ms,
            version=run.version,
            as_of=as_of,
            people=run.people,
            entered=entered,
            gone=left,
        )
        return run

    def _moved(self, one: Segment, type_: str, moved: str, now_ms: int) -> int:
        said = {"segment": str(one.segment_id), "name": one.name, "version": one.version}
        body = json.dumps(said, ensure_ascii=False).encode()
        row = self._row(
            _LOGGED.format(moved=moved),
            id=one.segment_id,
            at_ms=now_ms,
            now=at(now_ms),
            nobody=_NOBODY,
            type=type_,
            name=_NAMES[type_],
            hash=sha256(body).digest(),
            body=body,
        )
        return 0 if row is None else int(row.n)

    def people(self, segment_id: UUID) -> tuple[UUID, ...]:
        """Return who belongs to a segment, by id."""
        rows = self._rows(
            "select person_id from segment_member where tenant_id = %(tenant)s"
            " and segment_id = %(id)s order by person_id",
            id=segment_id,
        )
        return tuple(row.person_id for row in rows)

    def moved(self, segment_id: UUID, after_ms: int, limit: int) -> tuple[Moved, ...]:
        """Return who came and went after a moment, oldest first."""
        rows = self._rows(_MOVED, id=segment_id, after=at(after_ms), limit=limit)
        return tuple(Moved(row.member_id, row.type == _CAME, row.wall_ms) for row in rows)

    def segments_of(self, person: UUID) -> tuple[UUID, ...]:
        """Return the segments somebody belongs to."""
        rows = self._rows(
            "select segment_id from segment_member where tenant_id = %(tenant)s"
            " and person_id = %(person)s order by segment_id",
            person=person,
        )
        return tuple(row.segment_id for row in rows)

    def runs(self, segment_id: UUID, limit: int) -> tuple[SegmentRun, ...]:
        """Return the last looks at a segment, newest first."""
        rows = self._rows(
            _RUNS + " and segment_id = %(id)s order by run_no desc limit %(limit)s",
            id=segment_id,
            limit=limit,
        )
        return tuple(map(_run, rows))

    def last_runs(self) -> Mapping[UUID, SegmentRun]:
        """Return the last look at each segment."""
        return {row.segment_id: _run(row) for row in self._rows(_LAST_RUNS)}

    def sampled(self, people: Sequence[UUID], tags: Sequence[str]) -> tuple[Sampled, ...]:
        """Return people as HQ may see them, in the order asked."""
        rows = {row.member_id: row for row in self._rows(_SAMPLED, people=list(people))}
        return tuple(
            Sampled(
                one,
                mask_name(row.name),
                row.tier,
                row.store,
                {tag: row.tags[tag] for tag in tags if tag in (row.tags or {})},
            )
            for one in people
            if (row := rows.get(one)) is not None
        )

    def places(self) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
        """Return regions and stores, by name."""
        regions = self._rows(
            "select region_id, name from region where tenant_id = %(tenant)s order by name"
        )
        stores = self._rows(
            "select store_id, name from store where tenant_id = %(tenant)s order by name"
        )
        return (
            tuple(Place(row.region_id, row.name) for row in regions),
            tuple(Place(row.store_id, row.name) for row in stores),
        )


class PostgresSegmentBook:
    """Fulfils `SegmentBook`; each call is a transaction."""

    def __init__(self, units: PostgresUnits) -> None:
        self._units = units

    def add(self, tenant: UUID, segment: Segment) -> None:
        """Enter a segment; Fault SEGMENT_NAME."""
        self._ask(tenant, lambda rows: rows.add(segment))

    def change(self, tenant: UUID, segment: Segment, was: int) -> None:
        """Write a segment anew in place of version `was`; Faults SEGMENT_STALE, SEGMENT_NAME."""
        self._ask(tenant, lambda rows: rows.change(segment, was))

    def segments(self, tenant: UUID) -> tuple[Segment, ...]:
        """Return every segment, ended ones too, by name."""
        return self._ask(tenant, SegmentRows.segments)

    def segment(self, tenant: UUID, segment_id: UUID) -> Segment | None:
        """Return a segment."""
        return self._ask(tenant, lambda rows: rows.segment(segment_id))

    def versions(self, tenant: UUID, segment_id: UUID) -> tuple[Segment, ...]:
        """Return every version of a segment, newest first."""
        return self._ask(tenant, lambda rows: rows.versions(segment_id))

    def settle(
        self, tenant: UUID, segment: Segment, people: Iterable[UUID], as_of: date, now_ms: int
    ) -> SegmentRun:
        """Let these people, and nobody else, belong to it; Fault SEGMENT_STALE."""
        return self._ask(tenant, lambda rows: rows.settle(segment, people, as_of, now_ms))

    def people(self, tenant: UUID, segment_id: UUID) -> tuple[UUID, ...]:
        """Return who belongs to a segment, by id."""
        return self._ask(tenant, lambda rows: rows.people(segment_id))

    def moved(self, tenant: UUID, segment_id: UUID, after_ms: int, limit: int) -> tuple[Moved, ...]:
        """Return who came and went after a moment, oldest first."""
        return self._ask(tenant, lambda rows: rows.moved(segment_id, after_ms, limit))

    def segments_of(self, tenant: UUID, person: UUID) -> tuple[UUID, ...]:
        """Return the segments somebody belongs to."""
        return self._ask(tenant, lambda rows: rows.segments_of(person))

    def runs(self, tenant: UUID, segment_id: UUID, limit: int) -> tuple[SegmentRun, ...]:
        """Return the last looks at a segment, newest first."""
        return self._ask(tenant, lambda rows: rows.runs(segment_id, limit))

    def last_runs(self, tenant: UUID) -> Mapping[UUID, SegmentRun]:
        """Return the last look at each segment."""
        return self._ask(tenant, SegmentRows.last_runs)

    def sampled(
        self, tenant: UUID, people: Sequence[UUID], tags: Sequence[str]
    ) -> tuple[Sampled, ...]:
        """Return people as HQ may see them, in the order asked, with these tags of theirs."""
        return self._ask(tenant, lambda rows: rows.sampled(people, tags))

    def lines(self, tenant: UUID) -> Thresholds:
        """Return where the chain draws its lines; Fault TAG_THRESHOLD."""
        with self._units.connection(tenant) as connection:
            return TagRows(connection, tenant).lines()

    def places(self, tenant: UUID) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
        """Return regions and stores, by name."""
        return self._ask(tenant, SegmentRows.places)

    def _ask(self, tenant: UUID, question: Callable[[SegmentRows], Answer]) -> Answer:
        with self._units.connection(tenant) as connection:
            return question(SegmentRows(connection, tenant))


def _written(one: Segment) -> dict[str, object]:
    return {
        "id": one.segment_id,
        "name": one.name,
        "note": one.note,
        "version": one.version,
        "definition": json.dumps(one.definition, ensure_ascii=False),
        "by": one.changed_by,
        "now": at(one.changed_ms),
    }


def _segment(row: Row[Any]) -> Segment:
    return Segment(
        row.segment_id,
        row.name,
        row.note,
        row.version,
        row.definition,
        row.made_by,
        ms_of(row.made_at),
        row.changed_by,
        ms_of(row.changed_at),
        None if row.ended_at is None else ms_of(row.ended_at),
    )


def _run(row: Row[Any]) -> SegmentRun:
    return SegmentRun(row.at_ms, row.version, row.as_of, row.people, row.entered, row.gone)
