"""Evidence of who is one person, in PostgreSQL.

Names, cards and merges of wallets become evidence by triggers (migration `identity`): nobody who
writes one can forget to say so.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.evidence import SHOWN_MAX, Blocked, Evidence, Settled
from retail_core.insight.persons.graph import Link
from retail_core.insight.persons.kinds import Handle
from retail_core.insight.persons.plan import WALLET_CONSENT, Membership

_LINKS = """
select l.link_id, l.first_kind, l.first_value, l.second_kind, l.second_value, l.apart, l.source,
  l.rule, l.at_ms, l.heard_at, l.note, l.merge_id, l.retracted_at, l.retracted_by, l.retracted_why
from identity_link l
"""
_HEAR = """
insert into identity_link (tenant_id, link_id, first_kind, first_value, second_kind, second_value,
  apart, source, rule, at_ms, heard_at, nth, note)
select %(tenant)s, n.id, n.k1, n.v1, n.k2, n.v2, n.apart, n.source, n.rule, n.at_ms, n.heard,
  n.nth, n.note
from unnest(%(ids)b::uuid[], %(k1)b::text[], %(v1)b::text[], %(k2)b::text[], %(v2)b::text[],
  %(aparts)b::boolean[], %(sources)b::text[], %(rules)b::text[], %(at)b::bigint[],
  %(heard)b::timestamptz[], %(nths)b::int[], %(notes)b::text[])
  as n(id, k1, v1, k2, v2, apart, source, rule, at_ms, heard, nth, note)
order by n.k1, n.v1, n.k2, n.v2, n.source
on conflict do nothing
"""
_NTH = """
select coalesce(max(nth) + 1, 0) as nth, coalesce(bool_or(retracted_at is null), false) as stands
from identity_link where tenant_id = %(tenant)s and first_kind = %(k1)s and first_value = %(v1)s
  and second_kind = %(k2)s and second_value = %(v2)s and source = %(source)s and apart = %(apart)s
"""
_NAMED = "unnest(%(kinds)b::text[], %(values)b::text[]) as n(kind, value)"
_STANDING = f"""
{_LINKS} join {_NAMED} on l.first_kind = n.kind and l.first_value = n.value
where l.tenant_id = %(tenant)s and l.retracted_at is null
union {_LINKS} join {_NAMED} on l.second_kind = n.kind and l.second_value = n.value
where l.tenant_id = %(tenant)s and l.retracted_at is null
order by at_ms, link_id
"""
_HISTORY = f"""
{_LINKS} where l.tenant_id = %(tenant)s and exists (select from {_NAMED}
  where (l.first_kind, l.first_value) = (n.kind, n.value)
    or (l.second_kind, l.second_value) = (n.kind, n.value))
order by coalesce(l.retracted_at, l.heard_at) desc, l.link_id desc limit %(limit)s
"""
_KNOWN = f"""
select n.kind, n.value from {_NAMED} where exists (select from identity_link l
  where l.tenant_id = %(tenant)s and l.first_kind = n.kind and l.first_value = n.value)
or exists (select from identity_link l
  where l.tenant_id = %(tenant)s and l.second_kind = n.kind and l.second_value = n.value)
"""  # noqa: S608 - constants
# What was there before evidence was kept; what is evidence already, taken back or not, is left.
_ADOPT_NAMES = """
with named as (
  select i.tenant_id, i.kind, encode(i.keyed_hash, 'hex') as name, i.member_id, i.created_at
  from identity i where i.tenant_id = %(tenant)s
  union all
  select c.tenant_id, 'card', encode(c.key, 'hex'), c.member_id, c.created_at
  from credential c where c.tenant_id = %(tenant)s and c.kind = 'card' and c.revoked_at is null
), fresh as (
  select n.* from named n where not exists (
    select from identity_link l where l.tenant_id = n.tenant_id and l.first_kind = n.kind
      and l.first_value = n.name and l.second_kind = 'member'
      and l.second_value = n.member_id::text)
  and not exists (
    select from identity_link l where l.tenant_id = n.tenant_id and l.first_kind = 'member'
      and l.first_value = n.member_id::text and l.second_kind = n.kind and l.second_value = n.name)
)
select count(*) as many, hear_names(array_agg(tenant_id), array_agg(kind), array_agg(name),
  array_agg(member_id), array_agg(created_at)) from fresh
"""
_ADOPT_MERGES = """
insert into identity_link (tenant_id, link_id, first_kind, first_value, second_kind, second_value,
  apart, source, rule, at_ms, heard_at, nth, note, merge_id)
select m.tenant_id, gen_random_uuid(), 'member', least(m.from_member_id, m.into_member_id)::text,
  'member', greatest(m.from_member_id, m.into_member_id)::text, false,
  case when m.merged_by = 'ingest' then 'till' else 'hq:' || m.merged_by end, 'wallets/1',
  (extract(epoch from m.merged_at) * 1000)::bigint, %(now)s, 0, m.reason, m.merge_id
from member_merge m where m.tenant_id = %(tenant)s and m.merged_by <> 'identity'
  and not exists (select from member_unmerge u
    where u.tenant_id = m.tenant_id and u.merge_id = m.merge_id)
  and not exists (select from identity_link l
    where l.tenant_id = m.tenant_id and l.merge_id = m.merge_id)
on conflict do nothing
"""
_DUE = """
with taken as materialized (
  select due_id from identity_due where tenant_id = %(tenant)s order by due_id limit %(limit)s
  for update skip locked)
delete from identity_due d using taken s
where d.tenant_id = %(tenant)s and d.due_id = s.due_id
returning d.kind, d.value
"""
_SETTLE = """
insert into identity_person as held (tenant_id, kind, value, member_id, person_id, changed_at)
select %(tenant)s, n.kind, n.value, case when n.kind = 'member' then n.value::uuid end, n.person,
  %(now)s
from unnest(%(kinds)b::text[], %(values)b::text[], %(persons)b::uuid[])
  as n(kind, value, person) order by n.kind, n.value
on conflict (tenant_id, kind, value) do update
  set person_id = excluded.person_id, changed_at = excluded.changed_at
  where held.person_id is distinct from excluded.person_id
"""
_PERSONS = f"""
select p.kind, p.value, p.person_id from identity_person p
join {_NAMED} on n.kind = p.kind and n.value = p.value
where p.tenant_id = %(tenant)s and p.person_id is not null
"""  # noqa: S608 - constants
_MEMBERSHIPS = """
select m.member_id, m.enrolled_at, (select c.given from consent c
  where c.tenant_id = m.tenant_id and c.member_id = m.member_id and c.kind = %(kind)s
  order by c.wall_ms desc, c.consent_id desc limit 1) as may
from member m where m.tenant_id = %(tenant)s and m.member_id = any(%(members)b::uuid[])
order by m.enrolled_at, m.member_id
"""


class PostgresEvidence(Repository):
    """Fulfils `EvidenceRepo`."""

    def speaking(self, source: str) -> None:
        """Name who says what the rest of this transaction writes down of names and cards."""
        self._put("select set_config('app.evidence', %(source)s, true)", source=source)

    def hear(self, links: Sequence[Evidence]) -> int:
        """Enter evidence; what a source said before counts once, also when it was taken back."""
        return self._enter([(one, 0) for one in links])

    def say(self, evidence: Evidence) -> bool:
        """Enter a person's word anew, though the same was taken back; False: it stands already."""
        first, second = _ends(evidence.link)
        row = self._row(
            _NTH,
            k1=first.kind,
            v1=first.value,
            k2=second.kind,
            v2=second.value,
            source=evidence.link.source,
            apart=evidence.link.apart,
        )
        assert row is not None  # noqa: S101 -- an aggregate has one row
        return not row.stands and self._enter([(evidence, row.nth)]) == 1

    def retract(self, link_ids: Collection[UUID], by: str, why: str, now_ms: int) -> int:
        """Take evidence back; return how much of it stood."""
        return self._run(
            "update identity_link set retracted_at = %(now)s, retracted_by = %(by)s,"
            " retracted_why = %(why)s where tenant_id = %(tenant)s and retracted_at is null"
            " and link_id = any(%(ids)b::uuid[])",
            ids=list(link_ids),
            by=by,
            why=why,
            now=at(now_ms),
        )

    def link(self, link_id: UUID) -> Evidence | None:
        """Return a row."""
        row = self._row(
            _LINKS + " where l.tenant_id = %(tenant)s and l.link_id = %(id)s", id=link_id
        )
        return None if row is None else _evidence(row)

    def standing(self, handles: Collection[Handle]) -> tuple[Evidence, ...]:
        """Return what stands and names one of these."""
        return tuple(map(_evidence, self._rows(_STANDING, **_named(handles))))

    def history(self, handles: Collection[Handle]) -> tuple[Evidence, ...]:
        """Return all that ever named one of these, newest first, at most `SHOWN_MAX`."""
        rows = self._rows(_HISTORY, limit=SHOWN_MAX, **_named(handles))
        return tuple(map(_evidence, rows))

    def known(self, handles: Collection[Handle]) -> frozenset[Handle]:
        """Return which of these any evidence names."""
        rows = self._rows(_KNOWN, **_named(handles))
        return frozenset(Handle(row.kind, row.value) for row in rows)

    def adopt(self, now_ms: int) -> int:
        """Make evidence of names, cards and merges from before it was kept; return how many."""
        row = self._row(_ADOPT_NAMES)
        assert row is not None  # noqa: S101 -- an aggregate has one row
        return int(row.many) + self._run(_ADOPT_MERGES, now=at(now_ms))

    # ---- values that name nobody ----------------------------------------------------------------

    def block(self, blocked: Blocked) -> bool:
        """Let a value name nobody; False when it does already."""
        done = self._run(
            "insert into identity_block values (%(tenant)s, %(kind)s, %(value)s, %(why)s, %(who)s,"
            " %(now)s) on conflict do nothing",
            kind=blocked.handle.kind,
            value=blocked.handle.value,
            why=blocked.why,
            who=blocked.who,
            now=at(blocked.at_ms),
        )
        return done == 1

    def unblock(self, handle: Handle) -> bool:
        """Let a value name somebody again; False when it did."""
        done = self._run(
            "delete from identity_block where tenant_id = %(tenant)s and kind = %(kind)s"
            " and value = %(value)s",
            kind=handle.kind,
            value=handle.value,
        )
        return done == 1

    def blocked(self) -> tuple[Blocked, ...]:
        """Return the values that name nobody, newest first."""
        rows = self._rows(
            "select kind, value, why, blocked_by, blocked_at from identity_block"
            " where tenant_id = %(tenant)s order by blocked_at desc, kind, value"
        )
        return tuple(
            Blocked(Handle(row.kind, row.value), row.why, row.blocked_by, ms_of(row.blocked_at))
            for row in rows
        )

    # ---- who is who -----------------------------------------------------------------------------

    def one_at_a_time(self) -> None:
        """Let no other transaction settle who is who until this one ends."""
        self._rows(
            "select pg_advisory_xact_lock(hashtextextended('identity:' || %(tenant)s::text, 0))"
        )

    def due(self, limit: int) -> tuple[Handle, ...]:
        """Take names off the list of those to be worked out anew."""
        return tuple(sorted({Handle(row.kind, row.value) for row in self._rows(_DUE, limit=limit)}))

    def settle(self, settled: Sequence[Settled], now_ms: int) -> int:
        """Write down whose names are; return how many are another's than before."""
        if not settled:
            return 0
        persons = [one.person for one in settled]
        named = _named([one.handle for one in settled])
        return self._run(_SETTLE, persons=persons, now=at(now_ms), **named)

    def persons(self, handles: Collection[Handle]) -> Mapping[Handle, UUID]:
        """Return whose names are, of those that are a member's."""
        rows = self._rows(_PERSONS, **_named(handles))
        return {Handle(row.kind, row.value): row.person_id for row in rows}

    def handles(self, person: UUID) -> tuple[Handle, ...]:
        """Return all names of a person, sorted."""
        rows = self._rows(
            "select kind, value from identity_person where tenant_id = %(tenant)s"
            " and person_id = %(person)s",
            person=person,
        )
        return tuple(sorted(Handle(row.kind, row.value) for row in rows))

    def many(self) -> tuple[tuple[UUID, ...], ...]:
        """Return the members of each person that has several."""
        rows = self._rows(
            "select array_agg(member_id order by member_id) as members from identity_person"
            " where tenant_id = %(tenant)s and member_id is not null and person_id is not null"
            " group by person_id having count(*) > 1 order by 1"
        )
        return tuple(tuple(row.members) for row in rows)

    def memberships(self, members: Collection[UUID]) -> tuple[Membership, ...]:
        """Return since when members are, and what they say of joining wallets."""
        rows = self._rows(_MEMBERSHIPS, kind=WALLET_CONSENT, members=list(members))
        return tuple(
            Membership(str(row.member_id), ms_of(row.enrolled_at), row.may) for row in rows
        )

    def _enter(self, numbered: Sequence[tuple[Evidence, int]]) -> int:
        if not numbered:
            return 0
        rows = [(one, nth, *_ends(one.link)) for one, nth in numbered]
        return self._run(
            _HEAR,
            ids=[UUID(one.link.link_id) for one, *_ in rows],
            k1=[first.kind for _, _, first, _ in rows],
            v1=[first.value for _, _, first, _ in rows],
            k2=[second.kind for _, _, _, second in rows],
            v2=[second.value for _, _, _, second in rows],
            aparts=[one.link.apart for one, *_ in rows],
            sources=[one.link.source for one, *_ in rows],
            rules=[one.link.rule for one, *_ in rows],
            at=[one.link.at_ms for one, *_ in rows],
            heard=[at(one.heard_ms) for one, *_ in rows],
            nths=[nth for _, nth, *_ in rows],
            notes=[one.note for one, *_ in rows],
        )


def _ends(link: Link) -> tuple[Handle, Handle]:
    first, second = sorted(link.ends)
    return first, second


def _named(handles: Collection[Handle]) -> dict[str, Any]:
    return {"kinds": [one.kind for one in handles], "values": [one.value for one in handles]}


def _evidence(row: Row[Any]) -> Evidence:
    link = Link(
        str(row.link_id),
        Handle(row.first_kind, row.first_value),
        Handle(row.second_kind, row.second_value),
        row.source,
        row.at_ms,
        row.rule,
        row.apart,
    )
    return Evidence(
        link,
        ms_of(row.heard_at),
        row.note,
        row.merge_id,
        None if row.retracted_at is None else ms_of(row.retracted_at),
        row.retracted_by or "",
        row.retracted_why or "",
    )
