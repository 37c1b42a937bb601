"""What was worked out of members, in PostgreSQL."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from typing import TypeVar
from uuid import UUID

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.adapters.postgres.hq import PostgresHq
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.domain.metrics.thresholds import Thresholds
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.tags import Tagged, TagRun, TagSet, TagWord

Answer = TypeVar("Answer")
_SAVE = """
with told as (
  select n.member, n.tags::jsonb as tags
  from unnest(%(members)b::uuid[], %(tags)b::text[]) as n(member, tags)
  join member m on m.tenant_id = %(tenant)s and m.member_id = n.member
), other as (
  select count(*) as n from told t left join member_tags h
    on h.tenant_id = %(tenant)s and h.member_id = t.member
  where h.tags is distinct from t.tags
), put as (
  insert into member_tags (tenant_id, member_id, catalogue, as_of, tags)
  select %(tenant)s, member, %(catalogue)s, %(day)s, tags from told order by member
  on conflict (tenant_id, member_id) do update
    set catalogue = excluded.catalogue, as_of = excluded.as_of, tags = excluded.tags
)
select n from other
"""
_TAGS_OF = """
select t.catalogue, t.as_of, t.tags, c.words from member_tags t
join tag_catalogue c on c.tenant_id = t.tenant_id and c.version = t.catalogue
where t.tenant_id = %(tenant)s and t.member_id = %(member)s
"""


class TagRows(Repository):
    """The statements, in one transaction."""

    def lines(self) -> Thresholds:
        """Return where the chain draws its lines."""
        rows = self._rows("select name, value from tag_threshold where tenant_id = %(tenant)s")
        return Thresholds.of({row.name: row.value for row in rows})

    def draw_line(self, name: str, value: int, who: str, now_ms: int) -> None:
        """Draw a line anew."""
        self._run(
            "insert into tag_threshold values (%(tenant)s, %(name)s, %(value)s, %(who)s, %(now)s)"
            " on conflict (tenant_id, name) do update set value = excluded.value,"
            " set_by = excluded.set_by, set_at = excluded.set_at",
            name=name,
            value=value,
            who=who,
            now=at(now_ms),
        )
        entry = AuditEntry(who, "insight.line", name, {"value": value})
        PostgresHq(self._connection, self._tenant).audit(entry, now_ms)

    def save_catalogue(self, version: str, words: str, now_ms: int) -> None:
        """Keep what the tags of a version are called."""
        self._run(
            "insert into tag_catalogue values (%(tenant)s, %(version)s, %(words)s::jsonb, %(now)s)"
            " on conflict do nothing",
            version=version,
            words=words,
            now=at(now_ms),
        )

    def save_tags(self, catalogue: str, as_of: date, rows: Sequence[Tagged]) -> int:
        """Store members' tags; return of how many something is other than before."""
        row = self._row(
            _SAVE,
            members=[member for member, _ in rows],
            tags=[tags for _, tags in rows],
            catalogue=catalogue,
            day=as_of,
        )
        return 0 if row is None else int(row.n)

    def end_run(self, run: TagRun) -> int:
        """Enter that a run came to its end; return how many members' tags it dropped."""
        dropped = self._run(
            "delete from member_tags where tenant_id = %(tenant)s"
            " and (catalogue, as_of) <> (%(catalogue)s, %(day)s)",
            catalogue=run.catalogue,
            day=run.as_of,
        )
        self._run(
            "insert into tag_run (tenant_id, catalogue, as_of, members, ended_at)"
            " values (%(tenant)s, %(catalogue)s, %(day)s, %(members)s, %(now)s)",
            catalogue=run.catalogue,
            day=run.as_of,
            members=run.members,
            now=at(run.ended_ms),
        )
        return dropped

    def last_run(self) -> TagRun | None:
        """Return the run that ended last."""
        row = self._row(
            "select catalogue, as_of, members, ended_at from tag_run"
            " where tenant_id = %(tenant)s order by run_no desc limit 1"
        )
        if row is None:
            return None
        return TagRun(row.catalogue, row.as_of, row.members, ms_of(row.ended_at))

    def tags_of(self, member: UUID) -> tuple[TagSet, tuple[TagWord, ...]] | None:
        """Return what a member is and what the tags of that version are called."""
        row = self._row(_TAGS_OF, member=member)
        if row is None:
            return None
        words = tuple(
            TagWord(
                **{
                    **word,
                    "values": {name: tuple(said) for name, said in word["values"].items()},
                }
            )
            for word in row.words
        )
        return TagSet(member, row.catalogue, row.as_of, row.tags), words


class PostgresTagShelf:
    """Fulfils `TagShelf`; each call is a transaction."""

    def __init__(self, units: PostgresUnits, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def lines(self, tenant: UUID) -> Thresholds:
        """Return where the chain draws its lines; Fault E190."""
        return self._ask(tenant, TagRows.lines)

    def draw_line(self, tenant: UUID, name: str, value: int, who: str) -> None:
        """Draw a line anew, and enter who did in the audit."""
        now = self._clock.now_ms()
        self._ask(tenant, lambda rows: rows.draw_line(name, value, who, now))

    def save_catalogue(self, tenant: UUID, version: str, words: Sequence[TagWord]) -> None:
        """Keep what the tags of a version are called."""
        text = json.dumps([asdict(word) for word in words], ensure_ascii=False)
        now = self._clock.now_ms()
        self._ask(tenant, lambda rows: rows.save_catalogue(version, text, now))

    def save_tags(self, tenant: UUID, catalogue: str, as_of: date, rows: Sequence[Tagged]) -> int:
        """Store members' tags; return of how many something is other than before."""
        return self._ask(tenant, lambda held: held.save_tags(catalogue, as_of, rows))

    def end_run(self, tenant: UUID, run: TagRun) -> int:
        """Enter that a run came to its end; return how many members' tags it dropped."""
        return self._ask(tenant, lambda rows: rows.end_run(run))

    def last_run(self, tenant: UUID) -> TagRun | None:
        """Return the run that ended last."""
        return self._ask(tenant, TagRows.last_run)

    def tags_of(self, tenant: UUID, member: UUID) -> tuple[TagSet, tuple[TagWord, ...]] | None:
        """Return what a member is and what the tags of that version are called."""
        return self._ask(tenant, lambda rows: rows.tags_of(member))

    def _ask(self, tenant: UUID, question: Callable[[TagRows], Answer]) -> Answer:
        with self._units.connection(tenant) as connection:
            return question(TagRows(connection, tenant))
