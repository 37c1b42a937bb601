"""Pairs that may be one person, in PostgreSQL, and what they are compared by."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.evidence import SHOWN_MAX, CandidateState, KnownAs, Look, Pair, Run
from retail_core.identity.naming import mask_name
from retail_core.insight.persons.kinds import Handle
from retail_core.insight.persons.profile import Agreed, Said

# A day of birth without its year is kept as one: it is a weak sign, and is told from a whole one.
_RECORDS = """
select 'member' as kind, m.member_id::text as value, m.name,
  coalesce(encode(m.phone_hash, 'hex'), '') as phone, '' as email,
  case when f.calendar = 'solar'
    then '0000' || lpad(f.birth_month::text, 2, '0') || lpad(f.birth_day::text, 2, '0')
    else '' end as born, '' as address
from member m
left join member_profile f on f.tenant_id = m.tenant_id and f.member_id = m.member_id
where m.tenant_id = %(tenant)s
union all
select 'user', p.source_id || ':' || substr(p.actor, 3),
  coalesce(p.traits->>'name', p.traits->>'fullName', p.traits->>'姓名', ''),
  coalesce(encode(p.phone_hash, 'hex'), ''), coalesce(encode(p.email_hash, 'hex'), ''),
  coalesce(p.traits->>'birthday', p.traits->>'生日', ''),
  case when jsonb_typeof(p.traits->'address') = 'object'
    then coalesce(p.traits->'address'->>'city', '') || coalesce(p.traits->'address'->>'street', '')
    else coalesce(p.traits->>'address', p.traits->>'地址', '') end
from channel_person p where p.tenant_id = %(tenant)s and p.actor like 'u:%%'
order by kind, value
"""
_NAMED = "unnest(%(kinds)b::text[], %(values)b::text[]) as n(kind, value)"
_LOOKS = f"""
select n.kind, n.value, m.name, m.phone_masked as phone, s.name as source,
  m.enrolled_at as since, r.last as last, jsonb_strip_nulls(jsonb_build_object(
    'tier', m.tier, 'sales', coalesce(r.sales, 0), 'phones', i.phones, 'cards', d.cards,
    'birthday', case when f.calendar = 'solar'
      then lpad(f.birth_month::text, 2, '0') || '-' || lpad(f.birth_day::text, 2, '0') end))
    as facts
from {_NAMED}
join member m on m.tenant_id = %(tenant)s and m.member_id = n.value::uuid
left join store s on s.tenant_id = m.tenant_id and s.store_id = m.home_store_id
left join member_profile f on f.tenant_id = m.tenant_id and f.member_id = m.member_id
left join lateral (select count(*) as sales, to_timestamp(max(x.sold_ms) / 1000.0) as last
  from receipt x where x.tenant_id = m.tenant_id and x.member_id = m.member_id) r on true
left join lateral (select count(*) as phones from identity x
  where x.tenant_id = m.tenant_id and x.member_id = m.member_id and x.kind = 'phone') i on true
left join lateral (select count(*) as cards from credential x where x.tenant_id = m.tenant_id
  and x.member_id = m.member_id and x.kind = 'card' and x.revoked_at is null) d on true
where n.kind = 'member'
union all
select n.kind, n.value, coalesce(p.traits->>'name', ''), '', c.name, null, p.updated_at,
  jsonb_build_object('account', split_part(n.value, ':', 2))
from {_NAMED}
join channel_source c on c.tenant_id = %(tenant)s
  and c.source_id::text = split_part(n.value, ':', 1)
left join channel_person p on p.tenant_id = c.tenant_id and p.source_id = c.source_id
  and p.actor = 'u:' || substr(n.value, 38)
where n.kind = 'user'
"""  # noqa: S608 - constants
# What shops wrote down comes before what somebody said of herself elsewhere.
_SAID = f"""
select n.kind, n.value, 'member:' || m.member_id || ':' || t.key as id, t.key, t.said,
  'till' as source, 0 as rank, m.enrolled_at as at
from {_NAMED}
join member m on m.tenant_id = %(tenant)s and m.member_id = n.value::uuid
cross join lateral (values ('name', m.name), ('tier', m.tier),
  ('phone', nullif(m.phone_masked, ''))) as t(key, said)
where n.kind = 'member' and t.said is not null
union all
select n.kind, n.value, p.source_id || ':' || p.actor || ':' || t.key, t.key, t.said,
  p.source_id::text, 5, p.updated_at
from {_NAMED}
join channel_person p on p.tenant_id = %(tenant)s
  and p.source_id::text = split_part(n.value, ':', 1)
  and p.actor = case n.kind when 'user' then 'u:' else 'a:' end || substr(n.value, 38)
cross join lateral jsonb_each_text(p.traits) as t(key, said)
where n.kind in ('user', 'anonymous') and t.said is not null
order by id
"""  # noqa: S608 - constants
_AGREED = f"""
select n.kind, n.value, c.consent_id, c.kind as purpose, c.given, c.wall_ms from {_NAMED}
join consent c on c.tenant_id = %(tenant)s and c.member_id = n.value::uuid
where n.kind = 'member' order by c.consent_id
"""  # noqa: S608 - constants
_PAIRS = """
select candidate_id, first_kind, first_value, second_kind, second_value, likely, signs, rule,
  state, made_at, decided_by, decided_at from identity_candidate where tenant_id = %(tenant)s
"""
_SAVE = """
insert into identity_candidate as held (tenant_id, candidate_id, first_kind, first_value,
  second_kind, second_value, likely, signs, rule, run_id, state, made_at, decided_by)
select %(tenant)s, n.id, n.k1, n.v1, n.k2, n.v2, n.likely, n.signs::jsonb, n.rule, %(run)s,
  n.state, %(now)s, n.who
from unnest(%(ids)b::uuid[], %(k1)b::text[], %(v1)b::text[], %(k2)b::text[], %(v2)b::text[],
  %(likely)s::float8[], %(signs)b::text[], %(rules)b::text[], %(states)b::text[], %(who)b::text[])
  as n(id, k1, v1, k2, v2, likely, signs, rule, state, who) order by n.k1, n.v1, n.k2, n.v2
on conflict (tenant_id, first_kind, first_value, second_kind, second_value) do update
  set likely = excluded.likely, signs = excluded.signs, rule = excluded.rule,
  run_id = excluded.run_id,
  state = case when held.state = 'gone' or held.state = 'open' then excluded.state
    else held.state end
"""
_RUNS = """
select run_id, asked_by, asked_at, state, step, began_at, ended_at, counts, why
from identity_run where tenant_id = %(tenant)s
"""


class PostgresLikenesses(Repository):
    """Fulfils `LikenessRepo`."""

    def records(self) -> Sequence[KnownAs]:
        """Return everybody who can be compared: members, and accounts of channels with traits."""
        return [
            KnownAs(
                Handle(row.kind, row.value), row.name, row.phone, row.email, row.born, row.address
            )
            for row in self._rows(_RECORDS)
        ]

    def looks(self, handles: Collection[Handle]) -> Mapping[Handle, Look]:
        """Return what people may see of these, of those that are members or accounts."""
        return {
            (handle := Handle(row.kind, row.value)): Look(
                handle,
                mask_name(row.name) if row.name else "",
                row.phone,
                row.source or "",
                _ms(row.since),
                _ms(row.last),
                row.facts,
            )
            for row in self._rows(_LOOKS, **_named(handles))
        }

    def said(self, handles: Collection[Handle]) -> tuple[Said, ...]:
        """Return what was said under these names; what shops wrote down is believed first."""
        return tuple(
            Said(
                row.id,
                Handle(row.kind, row.value),
                row.key,
                row.said,
                row.source,
                row.rank,
                ms_of(row.at),
            )
            for row in self._rows(_SAID, **_named(handles))
        )

    def agreed(self, handles: Collection[Handle]) -> tuple[Agreed, ...]:
        """Return every consent given or withdrawn under these names."""
        return tuple(
            Agreed(
                str(row.consent_id),
                Handle(row.kind, row.value),
                row.purpose,
                given=row.given,
                at_ms=row.wall_ms,
            )
            for row in self._rows(_AGREED, **_named(handles))
        )

    def save_pairs(self, run_id: UUID, pairs: Sequence[Pair], now_ms: int) -> None:
        """Enter pairs; one that people decided on stays as it is, one not found again goes."""
        self._put(
            _SAVE,
            run=run_id,
            now=at(now_ms),
            ids=[one.candidate_id for one in pairs],
            k1=[one.first.kind for one in pairs],
            v1=[one.first.value for one in pairs],
            k2=[one.second.kind for one in pairs],
            v2=[one.second.value for one in pairs],
            likely=[one.likely for one in pairs],
            signs=[msgspec.json.encode(one.signs).decode() for one in pairs],
            rules=[one.rule for one in pairs],
            states=[str(one.state) for one in pairs],
            who=[one.decided_by for one in pairs],
        )
        self._put(
            "update identity_candidate set state = 'gone' where tenant_id = %(tenant)s"
            " and state in ('open', 'later') and run_id <> %(run)s",
            run=run_id,
        )

    def pairs(self, *states: CandidateState) -> tuple[Pair, ...]:
        """Return pairs in these states, the likeliest first, at most `SHOWN_MAX`."""
        rows = self._rows(
            _PAIRS + " and state = any(%(states)b::text[]) order by likely desc, candidate_id"
            " limit %(limit)s",
            states=[str(one) for one in states],
            limit=SHOWN_MAX,
        )
        return tuple(map(_pair, rows))

    def pair(self, candidate_id: UUID) -> Pair | None:
        """Return a pair, locked until the end of the transaction."""
        row = self._row(_PAIRS + " and candidate_id = %(id)s for update", id=candidate_id)
        return None if row is None else _pair(row)

    def decide(self, candidate_id: UUID, state: CandidateState, who: str, now_ms: int) -> None:
        """Enter what was decided."""
        self._run(
            "update identity_candidate set state = %(state)s, decided_by = %(who)s,"
            " decided_at = %(now)s where tenant_id = %(tenant)s and candidate_id = %(id)s",
            id=candidate_id,
            state=state,
            who=who,
            now=at(now_ms),
        )

    def ask_run(self, run: Run) -> bool:
        """Ask for a search; False when one is asked or running."""
        done = self._run(
            "insert into identity_run (tenant_id, run_id, asked_by, asked_at, state)"
            " values (%(tenant)s, %(id)s, %(who)s, %(now)s, 'asked') on conflict do nothing",
            id=run.run_id,
            who=run.asked_by,
            now=at(run.asked_ms),
        )
        return done == 1

    def save_run(self, run: Run) -> None:
        """Enter how far a search is."""
        self._run(
            "update identity_run set state = %(state)s, step = %(step)s, began_at = %(began)s,"
            " ended_at = %(ended)s, counts = %(counts)s::jsonb, why = %(why)s"
            " where tenant_id = %(tenant)s and run_id = %(id)s",
            id=run.run_id,
            state=run.state,
            step=run.step,
            began=None if run.began_ms is None else at(run.began_ms),
            ended=None if run.ended_ms is None else at(run.ended_ms),
            counts=msgspec.json.encode(run.counts).decode(),
            why=run.why,
        )

    def runs(self, limit: int) -> tuple[Run, ...]:
        """Return the newest searches."""
        rows = self._rows(_RUNS + " order by asked_at desc, run_id limit %(limit)s", limit=limit)
        return tuple(
            Run(
                row.run_id,
                row.asked_by,
                ms_of(row.asked_at),
                row.state,
                row.step,
                _ms(row.began_at),
                _ms(row.ended_at),
                row.counts,
                row.why,
            )
            for row in rows
        )


def _pair(row: Row[Any]) -> Pair:
    return Pair(
        row.candidate_id,
        Handle(row.first_kind, row.first_value),
        Handle(row.second_kind, row.second_value),
        row.likely,
        row.signs,
        row.rule,
        row.state,
        ms_of(row.made_at),
        row.decided_by,
        _ms(row.decided_at),
    )


def _named(handles: Collection[Handle]) -> dict[str, Any]:
    return {"kinds": [one.kind for one in handles], "values": [one.value for one in handles]}


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else ms_of(moment)
