"""What was worked out of members, in PostgreSQL."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from typing import TypeVar
from uuid import UUID

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.adapters.postgres.hq import PostgresHq
from cloud_broker.adapters.postgres.member_facts import PostgresFacts
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.domain.metrics.thresholds import Thresholds
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.tags import Saved, Tagged, TagRun, TagSet, TagWord
from retail_core.insight.till_tags import TILL_TAGS, WINDOWS

Answer = TypeVar("Answer")
_SAVE = """
with told as (
  select n.member, n.tags::jsonb as tags
  from unnest(%(members)b::uuid[], %(tags)b::text[]) as n(member, tags)
  join member m on m.tenant_id = %(tenant)s and m.member_id = n.member
), other as (
  select count(*) as n, coalesce(array_agg(t.member order by t.member) filter (
    where exists (select from unnest(%(shown)b::text[]) k(key)
      where h.tags -> k.key is distinct from t.tags -> k.key)), '{}') as shown
  from told t left join member_tags h on h.tenant_id = %(tenant)s and h.member_id = t.member
  where h.tags is distinct from t.tags
), put as (
  insert into member_tags (tenant_id, member_id, catalogue, as_of, tags)
  select %(tenant)s, member, %(catalogue)s, %(day)s, tags from told order by member
  on conflict (tenant_id, member_id) do update
    set catalogue = excluded.catalogue, as_of = excluded.as_of, tags = excluded.tags
)
select n, shown from other
"""
_COMPARED = 500
# Of merged memberships the night counts both under one name, and a record adds them up: the parts
# are not compared. `lifecycle` stands of everybody of whom anything may be worked out.
_TODAY = """
select t.member_id, t.tags from member_tags t
join member m on m.tenant_id = t.tenant_id and m.member_id = t.member_id
left join store s on s.tenant_id = m.tenant_id and s.store_id = m.home_store_id
where t.tenant_id = %(tenant)s and t.tags ? 'lifecycle'
  and t.as_of = (now() at time zone coalesce(s.zone, 'Asia/Shanghai'))::date
  and not exists (select from member_merge g where g.tenant_id = t.tenant_id
    and g.into_member_id = t.member_id)
order by t.member_id
"""
_TAGS_OF = """
select t.catalogue, t.as_of, t.tags, c.words from member_tags t
join tag_catalogue c on c.tenant_id = t.tenant_id and c.version = t.catalogue
where t.tenant_id = %(tenant)s and t.member_id = coalesce((select i.person_id
  from identity_person i where i.tenant_id = %(tenant)s and i.member_id = %(member)s), %(member)s)
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

    def save_tags(self, catalogue: str, as_of: date, rows: Sequence[Tagged]) -> Saved:
        """Store members' tags; return of whom something is other than before."""
        row = self._row(
            _SAVE,
            members=[member for member, _ in rows],
            tags=[tags for _, tags in rows],
            catalogue=catalogue,
            day=as_of,
            shown=[tag.key for tag in TILL_TAGS],
        )
        return Saved(0, ()) if row is None else Saved(row.n, tuple(row.shown))

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

    def windows_apart(self) -> tuple[int, tuple[UUID, ...]]:
        """Compare windows as tills are told them with the last run, where that is of today."""
        rows = self._rows(_TODAY)
        apart = []
        for first in range(0, len(rows), _COMPARED):
            page = {row.member_id: row.tags for row in rows[first : first + _COMPARED]}
            for facts in PostgresFacts(self._connection, self._tenant).of(page):
                known, night = facts.told.known, page[facts.member]
                live = {name: getattr(known.windows, name) for name in WINDOWS}
                if live != {name: night.get(name, 0) for name in WINDOWS}:
                    apart.append(facts.member)
        return len(rows), tuple(apart)

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

    def save_tags(self, tenant: UUID, catalogue: str, as_of: date, rows: Sequence[Tagged]) -> Saved:
        """Store members' tags; return of whom something is other than before."""
        return self._ask(tenant, lambda held: held.save_tags(catalogue, as_of, rows))

    def end_run(self, tenant: UUID, run: TagRun) -> int:
        """Enter that a run came to its end; return how many members' tags it dropped."""
        return self._ask(tenant, lambda rows: rows.end_run(run))

    def windows_apart(self, tenant: UUID) -> tuple[int, tuple[UUID, ...]]:
        """Compare windows as tills are told them with the last run, where that is of today."""
        return self._ask(tenant, TagRows.windows_apart)

    def last_run(self, tenant: UUID) -> TagRun | None:
        """Return the run that ended last."""
        return self._ask(tenant, TagRows.last_run)

    def tags_of(self, tenant: UUID, member: UUID) -> tuple[TagSet, tuple[TagWord, ...]] | None:
        """Return what a member is and what the tags of that version are called."""
        return self._ask(tenant, lambda rows: rows.tags_of(member))

    def _ask(self, tenant: UUID, question: Callable[[TagRows], Answer]) -> Answer:
        with self._units.connection(tenant) as connection:
            return question(TagRows(connection, tenant))
