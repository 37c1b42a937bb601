"""Decisions of cleaning in PostgreSQL: the statements."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.adapters.postgres.hq import PostgresHq
from cloud_broker.ports.cleaning import (
    RULES,
    ChannelSums,
    CleaningRun,
    RuleCount,
    Ruling,
    Sign,
    SubjectKind,
    Verdicts,
    Wanted,
)
from cloud_broker.ports.hq import AuditEntry
from retail_core.insight.cleaning.decision import ENOUGH

_RULING = """
select d.*, coalesce(q.apart, false) as apart from cleaning_decision d
left join quarantine q
  on q.tenant_id = d.tenant_id and q.kind = d.kind and q.subject = d.subject
where d.tenant_id = %(tenant)s
"""
_NEWEST = """
select * from (
  select distinct on (d.kind, d.subject, d.rule) d.*, false as apart from cleaning_decision d
  where d.tenant_id = %(tenant)s
    and (d.kind <> 'order' or d.business_date between %(since)s and %(until)s)
  order by d.kind, d.subject, d.rule, d.decided_at desc, d.lifted_at desc nulls first
) d order by kind, subject, rule
"""
_ADD = """
insert into cleaning_decision (tenant_id, decision_id, kind, subject, rule, rule_version, weight,
  detail, channel, business_date, net_fen, decided_at, decided_by)
select %(tenant)s, n.id, n.kind, n.subject, n.rule, n.version, n.weight, n.detail::jsonb, n.channel,
  n.day, n.fen, %(now)s, %(who)s
from unnest(%(ids)b::uuid[], %(kinds)b::text[], %(subjects)b::text[], %(rules)b::text[],
  %(versions)b::bigint[], %(weights)b::bigint[], %(details)b::text[], %(channels)b::text[],
  %(days)b::date[], %(fens)b::bigint[])
  as n(id, kind, subject, rule, version, weight, detail, channel, day, fen)
order by n.kind, n.subject, n.rule
on conflict do nothing
"""
_LIFT = """
update cleaning_decision set lifted_at = %(now)s, lifted_by = %(who)s, lifted_why = %(why)s
where tenant_id = %(tenant)s and decision_id = any(%(ids)b::uuid[]) and lifted_at is null
"""
# What follows from the signs that stand; a day stays on the list once something of it lay there.
_FOLLOW = """
insert into quarantine as held (tenant_id, kind, subject, apart, days, changed_at)
select %(tenant)s, t.kind, t.subject, w.weight >= %(enough)s, t.days, now()
from (select kind, subject, array_agg(distinct day order by day) as days
  from unnest(%(kinds)b::text[], %(subjects)b::text[], %(days)b::date[]) as n(kind, subject, day)
  group by kind, subject) t
cross join lateral (
  select coalesce(sum(d.weight), 0) as weight from cleaning_decision d
  where d.tenant_id = %(tenant)s and d.kind = t.kind and d.subject = t.subject
    and d.lifted_at is null
) w
left join quarantine h on h.tenant_id = %(tenant)s and h.kind = t.kind and h.subject = t.subject
where h.subject is not null or w.weight >= %(enough)s
order by t.kind, t.subject
on conflict (tenant_id, kind, subject) do update set apart = excluded.apart,
  days = array(select distinct unnest(held.days || excluded.days) order by 1),
  changed_at = case when held.apart = excluded.apart then held.changed_at
    else excluded.changed_at end
"""
# What a person did since the last night lies on days that nobody noted yet.
_DAYS_SINCE = """
select distinct (to_timestamp(e.wall_ms / 1000.0) at time zone 'Asia/Shanghai')::date as day
from event_log e where e.tenant_id = %(tenant)s and e.channel is not null
  and e.received_at >= coalesce((select max(began_at) from cleaning_run
    where tenant_id = %(tenant)s), '-infinity')
  and analytics.actor(e.device_id, e.user_id, e.anonymous_id) = %(subject)s
"""
_COUNTS = """
select d.rule, count(*) filter (where d.lifted_at is null) as standing,
  count(*) filter (where d.lifted_at is not null and d.lifted_by <> %(rules)s) as lifted,
  count(distinct d.subject) filter (where d.lifted_at is null and q.apart) as apart
from cleaning_decision d
left join quarantine q
  on q.tenant_id = d.tenant_id and q.kind = d.kind and q.subject = d.subject
where d.tenant_id = %(tenant)s and d.business_date between %(since)s and %(until)s
group by d.rule order by d.rule
"""
_SUMS = """
with orders as (
  select 'till' as channel, r.receipt_id::text as id, r.total_fen - coalesce((
    -- Least passes a null over: what was not given back would be given back whole.
    select case when count(*) > 0 then least(sum(f.money_fen + f.points_fen), r.total_fen) end
    from refund f where f.tenant_id = r.tenant_id and f.receipt_id = r.receipt_id), 0) as fen,
    r.total_fen as net
  from receipt r where r.tenant_id = %(tenant)s and r.business_date between %(since)s and %(until)s
  union all
  select o.channel, o.order_id::text, o.net_fen - least(o.refunded_fen, o.net_fen), o.net_fen
  from channel_order o where o.tenant_id = %(tenant)s and o.status in ('paid', 'part_refunded')
    and o.business_date between %(since)s and %(until)s
)
select o.channel, count(*) as orders, sum(o.fen)::bigint as fen,
  count(q.subject) as apart_orders,
  coalesce(sum(o.fen) filter (where q.subject is not null), 0)::bigint as apart_fen
from orders o
left join quarantine q on q.tenant_id = %(tenant)s and q.kind = 'order' and q.apart
  and q.subject = o.id
where o.fen > 0 or o.net = 0
group by o.channel order by o.channel
"""
_WHICH = {
    "apart": " and d.lifted_at is null and q.apart",
    "standing": " and d.lifted_at is null",
    "lifted": " and d.lifted_at is not null",
    "all": "",
}


class CleaningRows(Repository):
    """The statements, in one transaction."""

    def standing(self, since: date, until: date) -> Sequence[Ruling]:
        """Return the newest decision of each subject and rule; of persons on any day."""
        return [_ruling(row) for row in self._rows(_NEWEST, since=since, until=until)]

    def decide(self, verdicts: Verdicts, ids: Sequence[UUID], now_ms: int) -> None:
        """Write verdicts down, and what follows from them."""
        lifted = list(verdicts.lifted)
        touched = [_sign(row) for row in self._of(lifted)]
        if lifted:
            self._run(_LIFT, ids=lifted, who=RULES, why=verdicts.why, now=at(now_ms))
        self.add(verdicts.raised, ids, RULES, now_ms)
        seen = [
            (kind, name, day) for (kind, name), days in verdicts.seen_on.items() for day in days
        ]
        for sign in (*touched, *verdicts.raised):
            seen += [(sign.kind, sign.subject, day) for day in sign.days]
        self.follow(seen)

    def end_run(self, verdicts: Verdicts, run: CleaningRun, ids: Sequence[UUID]) -> int:
        """Write a run's outcome down; return how much is set apart now."""
        self.decide(verdicts, ids, run.ended_ms)
        row = self._row(
            "select count(*) as n from quarantine where tenant_id = %(tenant)s and apart"
        )
        apart = 0 if row is None else int(row.n)
        self._run(
            "insert into cleaning_run (tenant_id, as_of, looked_from, decided_from, orders, actors,"
            " raised, lifted, apart, began_at, ended_at, made_by) values (%(tenant)s, %(day)s,"
            " %(looked)s, %(decided)s, %(orders)s, %(actors)s, %(raised)s, %(lifted)s, %(apart)s,"
            " %(began)s, %(ended)s, %(who)s)",
            day=run.as_of,
            looked=run.looked_from,
            decided=run.decided_from,
            orders=run.orders,
            actors=run.actors,
            raised=run.raised,
            lifted=run.lifted,
            apart=apart,
            began=at(run.began_ms),
            ended=at(run.ended_ms),
            who=run.made_by,
        )
        return apart

    def add(self, signs: Sequence[Sign], ids: Sequence[UUID], who: str, now_ms: int) -> int:
        """Enter decisions; one that stands already is passed over. Return how many are new."""
        if not signs:
            return 0
        return self._run(
            _ADD,
            ids=list(ids),
            kinds=[one.kind for one in signs],
            subjects=[one.subject for one in signs],
            rules=[str(one.rule) for one in signs],
            versions=[one.version for one in signs],
            weights=[one.weight for one in signs],
            details=[json.dumps(dict(one.detail), ensure_ascii=False) for one in signs],
            channels=[one.channel for one in signs],
            days=[one.days[-1] for one in signs],
            fens=[one.net_fen for one in signs],
            now=at(now_ms),
            who=who,
        )

    def follow(self, touched: Sequence[tuple[SubjectKind, str, date]]) -> None:
        """Work out anew what is set apart of these, with the days they lie on."""
        if touched:
            self._run(
                _FOLLOW,
                kinds=[kind for kind, _, _ in touched],
                subjects=[subject for _, subject, _ in touched],
                days=[day for _, _, day in touched],
                enough=ENOUGH,
            )

    def lift(self, ruling: Ruling, who: str, why: str, now_ms: int) -> bool:
        """Lift a decision, and what follows; False: it stood not."""
        if not self._run(_LIFT, ids=[ruling.decision], who=who, why=why, now=at(now_ms)):
            return False
        self.follow(self._touched(ruling.sign))
        self._audit("cleaning.lift", ruling.sign, who, why, now_ms)
        return True

    def put(self, sign: Sign, made: UUID, who: str, why: str, now_ms: int) -> bool:
        """Enter a person's decision, and what follows; False: the same stands already."""
        if not self.add([sign], [made], who, now_ms):
            return False
        self.follow(self._touched(sign))
        self._audit("cleaning.apart", sign, who, why, now_ms)
        return True

    def ruling(self, decision: UUID) -> Ruling | None:
        """Return a decision."""
        row = self._row(_RULING + " and d.decision_id = %(id)s", id=decision)
        return None if row is None else _ruling(row)

    def rulings(self, wanted: Wanted) -> Sequence[Ruling]:
        """Return decisions, newest day first."""
        rows = self._rows(
            _RULING + _WHICH[wanted.which] + " and (%(rule)s = '' or d.rule = %(rule)s)"
            " and d.business_date between coalesce(%(since)s::date, '-infinity')"
            " and coalesce(%(until)s::date, 'infinity')"
            " order by d.business_date desc, d.decision_id limit %(limit)s",
            rule=wanted.rule,
            since=wanted.since,
            until=wanted.until,
            limit=wanted.limit,
        )
        return [_ruling(row) for row in rows]

    def last_run(self) -> CleaningRun | None:
        """Return the run that ended last."""
        row = self._row(
            "select * from cleaning_run where tenant_id = %(tenant)s order by run_no desc limit 1"
        )
        return None if row is None else _ran(row)

    def counts(self, since: date, until: date) -> Sequence[RuleCount]:
        """Return each rule's decisions of these days."""
        rows = self._rows(_COUNTS, since=since, until=until, rules=RULES)
        return [RuleCount(row.rule, row.standing, row.lifted, row.apart) for row in rows]

    def sums(self, since: date, until: date) -> Sequence[ChannelSums]:
        """Return what channels sold on these days, with and without, by name."""
        rows = self._rows(_SUMS, since=since, until=until)
        return [
            ChannelSums(row.channel, row.orders, row.fen, row.apart_orders, row.apart_fen)
            for row in rows
        ]

    def _of(self, decisions: Sequence[UUID]) -> Sequence[Row[Any]]:
        if not decisions:
            return ()
        return self._rows(_RULING + " and d.decision_id = any(%(ids)b::uuid[])", ids=decisions)

    def _touched(self, sign: Sign) -> list[tuple[SubjectKind, str, date]]:
        days = list(sign.days)
        if sign.kind == "person":
            days += [row.day for row in self._rows(_DAYS_SINCE, subject=sign.subject)]
        return [(sign.kind, sign.subject, day) for day in days]

    def _audit(self, act: str, sign: Sign, who: str, why: str, now_ms: int) -> None:
        detail = {"kind": sign.kind, "rule": str(sign.rule), "why": why}
        entry = AuditEntry(who, act, sign.subject, detail)
        PostgresHq(self._connection, self._tenant).audit(entry, now_ms)


def _sign(row: Row[Any]) -> Sign:
    return Sign(
        row.kind,
        row.subject,
        row.rule,
        row.rule_version,
        row.weight,
        row.detail,
        row.channel,
        (row.business_date,),
        row.net_fen,
    )


def _ruling(row: Row[Any]) -> Ruling:
    return Ruling(
        row.decision_id,
        _sign(row),
        ms_of(row.decided_at),
        row.decided_by,
        None if row.lifted_at is None else ms_of(row.lifted_at),
        row.lifted_by,
        row.lifted_why,
        row.apart,
    )


def _ran(row: Row[Any]) -> CleaningRun:
    return CleaningRun(
        row.as_of,
        row.looked_from,
        row.decided_from,
        row.orders,
        row.actors,
        row.raised,
        row.lifted,
        row.apart,
        ms_of(row.began_at),
        ms_of(row.ended_at),
        row.made_by,
    )
