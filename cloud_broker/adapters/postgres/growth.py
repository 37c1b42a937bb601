"""Tiers in PostgreSQL."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.growth import (
    Decision,
    Due,
    JobState,
    Joined,
    StandingRow,
    TierChange,
    TierGrant,
)
from retail_core.growth.history import Grant
from retail_core.growth.plan import GrowthPlan
from retail_core.growth.standing import DayActivity
from retail_core.wire.standing import TierStanding

# A receipt of which everything came back has nothing left and is no visit.
_ACTIVITY = """
select member_id, business_date, sum(left_fen)::bigint as fen,
  max(case when left_fen > 0 or (total_fen = 0 and back is null) then 1 else 0 end) as visits
from (
  select r.member_id, r.business_date, r.total_fen, b.back,
    r.total_fen - coalesce(b.back, 0) as left_fen
  from (
    select tenant_id, receipt_id, member_id, business_date, total_fen from receipt
    where tenant_id = %(tenant)s and member_id = any(%(members)b::uuid[])
    union all
    select c.tenant_id, c.receipt_id, c.member_id, s.business_date, s.total_fen
    from receipt_claim c
    join receipt s on s.tenant_id = c.tenant_id and s.receipt_id = c.receipt_id
    where c.tenant_id = %(tenant)s and c.member_id = any(%(members)b::uuid[])
  ) r
  left join lateral (
    select sum(f.money_fen + f.points_fen) as back from refund f
    where f.tenant_id = r.tenant_id and f.receipt_id = r.receipt_id
  ) b on true
) as bought
group by member_id, business_date
"""
_SAVE = """
insert into member_standing select %(tenant)s, n.*, %(now)s from unnest(
  %(member)b::uuid[], %(tier)b::text[], %(since)b::date[], %(until)b::date[], %(account)b::bytea[],
  %(judge_on)b::date[]) as n
on conflict (tenant_id, member_id) do update set tier = excluded.tier, since = excluded.since,
  until = excluded.until, account = excluded.account, judge_on = excluded.judge_on,
  judged_at = excluded.judged_at
"""
_SET_TIERS = """
update member m set tier = n.tier from unnest(%(member)b::uuid[], %(tier)b::text[]) as n(id, tier)
where m.tenant_id = %(tenant)s and m.member_id = n.id and m.tier <> n.tier
"""
_ADD_CHANGES = """
insert into tier_change select %(tenant)s, n.* from unnest(
  %(id)b::uuid[], %(member)b::uuid[], %(day)b::date[], %(before)b::text[], %(after)b::text[],
  %(change)b::text[], %(until)b::date[], %(account)b::bytea[], %(by)b::text[], %(reason)b::text[],
  %(at)b::timestamptz[]) as n
"""
_GRANTS = (
    "select g.*, coalesce(d.decision, '') as decision, coalesce(d.decided_by, '') as decided_by"
    " from tier_grant g left join tier_grant_decision d on d.tenant_id = g.tenant_id"
    " and d.grant_id = g.grant_id where g.tenant_id = %(tenant)s"
)
_EVERYBODY = """
select member_id from member where tenant_id = %(tenant)s
and (%(after)s::uuid is null or member_id > %(after)s) order by member_id limit %(limit)s
"""
_ENDING = """
select member_id from member_standing where tenant_id = %(tenant)s and judge_on <= %(day)s
and (%(after)s::uuid is null or member_id > %(after)s) order by member_id limit %(limit)s
"""
_IN_TIERS = """
select member_id, tier from member_standing where tenant_id = %(tenant)s
and tier = any(%(tiers)b::text[])
and (%(after)s::uuid is null or member_id > %(after)s) order by member_id limit %(limit)s
"""
_DUE = """
insert into growth_due as d select %(tenant)s, m, %(because)s, clock_timestamp()
from unnest(%(members)b::uuid[]) as m order by m
on conflict (tenant_id, member_id) do update set due_at = excluded.due_at,
  because = case d.because when 'merge' then d.because else excluded.because end
"""
_DONE = """
delete from growth_due d using unnest(%(members)b::uuid[], %(at)b::timestamptz[]) as n(member, at)
where d.tenant_id = %(tenant)s and d.member_id = n.member and d.due_at = n.at
"""
_account = msgspec.msgpack.Decoder(TierStanding)


class PostgresGrowth(Repository):
    """Fulfils `GrowthRepo`."""

    def plans(self) -> tuple[tuple[date, GrowthPlan], ...]:
        """Return every published plan with the day it began, in the order of versions."""
        rows = self._rows(
            "select since, plan::text as plan from growth_plan where tenant_id = %(tenant)s"
            " order by version"
        )
        return tuple(
            (row.since, msgspec.json.decode(row.plan.encode(), type=GrowthPlan)) for row in rows
        )

    def add_plan(self, version: int, since: date, plan: GrowthPlan) -> None:
        """Let a plan hold from a day on."""
        self._run(
            "insert into growth_plan values (%(tenant)s, %(version)s, %(since)s, %(plan)s::jsonb)",
            version=version,
            since=since,
            plan=msgspec.json.encode(plan).decode(),
        )

    def joined(self, members: Collection[UUID]) -> dict[UUID, Joined]:
        """Return when members came and their tier, locked against another judgement."""
        # Not the members' rows: ingest locks those late, after what a judgement locks late.
        self._row(
            "select pg_advisory_xact_lock(hashtextextended(%(name)s, 14))",
            name=f"{self._tenant}/judge",
        )
        rows = self._rows(
            "select member_id, tier, enrolled_at from member where tenant_id = %(tenant)s"
            " and member_id = any(%(members)b::uuid[])",
            members=list(members),
        )
        return {
            row.member_id: Joined(row.member_id, row.tier, row.enrolled_at.date()) for row in rows
        }

    def activity(self, members: Collection[UUID]) -> dict[UUID, list[DayActivity]]:
        """Return what members bought by business day, refunds taken off the day of the purchase."""
        found: dict[UUID, list[DayActivity]] = defaultdict(list)
        for row in self._rows(_ACTIVITY, members=list(members)):
            if row.fen or row.visits:
                found[row.member_id].append(DayActivity(row.business_date, row.fen, row.visits))
        return found

    def grants(self, members: Collection[UUID]) -> dict[UUID, list[Grant]]:
        """Return the tiers members were granted by people."""
        found: dict[UUID, list[Grant]] = defaultdict(list)
        for row in self._rows(
            "select member_id, day, to_tier, until from tier_change where tenant_id = %(tenant)s"
            " and member_id = any(%(members)b::uuid[]) and change = 'granted' order by changed_at",
            members=list(members),
        ):
            found[row.member_id].append(Grant(row.day, row.to_tier, row.until))
        return found

    def standings(self, members: Collection[UUID]) -> dict[UUID, StandingRow]:
        """Return how members stand, for those that were ever judged."""
        rows = self._rows(
            "select * from member_standing where tenant_id = %(tenant)s"
            " and member_id = any(%(members)b::uuid[])",
            members=list(members),
        )
        return {
            row.member_id: StandingRow(
                row.member_id,
                row.tier,
                row.since,
                row.until,
                _account.decode(row.account),
                row.judge_on,
            )
            for row in rows
        }

    def save(self, rows: Sequence[StandingRow], now_ms: int) -> None:
        """Store standings, and the tier on each member."""
        if not rows:
            return
        self._run(
            _SAVE,
            member=[row.member for row in rows],
            tier=[row.tier for row in rows],
            since=[row.since for row in rows],
            until=[row.until for row in rows],
            account=[msgspec.msgpack.encode(row.account) for row in rows],
            judge_on=[row.judge_on for row in rows],
            now=at(now_ms),
        )
        self._run(_SET_TIERS, member=[row.member for row in rows], tier=[row.tier for row in rows])

    def add_changes(self, changes: Sequence[TierChange]) -> None:
        """Append to the history of tiers."""
        if not changes:
            return
        self._run(
            _ADD_CHANGES,
            id=[one.change_id for one in changes],
            member=[one.member for one in changes],
            day=[one.day for one in changes],
            before=[one.before for one in changes],
            after=[one.after for one in changes],
            change=[one.change for one in changes],
            until=[one.until for one in changes],
            account=[msgspec.msgpack.encode(one.account) for one in changes],
            by=[one.by for one in changes],
            reason=[one.reason for one in changes],
            at=[at(one.at_ms) for one in changes],
        )

    def changes_of(self, members: Collection[UUID], limit: int) -> tuple[TierChange, ...]:
        """Return the last changes of these members' tiers, newest first."""
        rows = self._rows(
            "select * from tier_change where tenant_id = %(tenant)s"
            " and member_id = any(%(members)b::uuid[])"
            " order by changed_at desc, change_id desc limit %(limit)s",
            members=list(members),
            limit=limit,
        )
        return tuple(
            TierChange(
                row.change_id,
                row.member_id,
                row.day,
                row.from_tier,
                row.to_tier,
                row.change,
                row.until,
                _account.decode(row.account),
                row.by_login,
                row.reason,
                ms_of(row.changed_at),
            )
            for row in rows
        )

    # ---- what is to be judged -------------------------------------------------------------------

    def due(self, members: Collection[UUID], because: str) -> None:
        """Let members be judged soon; that they were merged is not forgotten over a sale."""
        if members:
            self._put(_DUE, members=list(members), because=because)

    def waiting(self, limit: int) -> dict[UUID, Due]:
        """Return some that are to be judged, the longest due first."""
        rows = self._rows(
            "select member_id, because, due_at from growth_due where tenant_id = %(tenant)s"
            " order by due_at limit %(limit)s",
            limit=limit,
        )
        return {row.member_id: Due(row.because, row.due_at) for row in rows}

    def done(self, seen: Mapping[UUID, Due]) -> None:
        """Take members off the list about whom nothing more was booked since they were seen."""
        self._run(_DONE, members=list(seen), at=[due.marked for due in seen.values()])

    def ending(self, day: date, after: UUID | None, limit: int) -> tuple[UUID, ...]:
        """Return members whom time may have changed by a day, in the order of their ids."""
        rows = self._rows(
            _ENDING,
            day=day,
            after=after,
            limit=limit,
        )
        return tuple(row.member_id for row in rows)

    def everybody(self, after: UUID | None, limit: int) -> tuple[UUID, ...]:
        """Return members in the order of their ids."""
        rows = self._rows(
            _EVERYBODY,
            after=after,
            limit=limit,
        )
        return tuple(row.member_id for row in rows)

    def in_tiers(
        self, tiers: Collection[str], after: UUID | None, limit: int
    ) -> tuple[tuple[UUID, str], ...]:
        """Return members who hold any of these tiers, in the order of their ids."""
        rows = self._rows(
            _IN_TIERS,
            tiers=list(tiers),
            after=after,
            limit=limit,
        )
        return tuple((row.member_id, row.tier) for row in rows)

    def count(self) -> int:
        """Return how many members there are."""
        row = self._row("select count(*) as n from member where tenant_id = %(tenant)s")
        return 0 if row is None else int(row.n)

    def job(self, day: date, job: str) -> JobState:
        """Return how far a job of a day came, locked against another who would do it."""
        self._row(
            "select pg_advisory_xact_lock(hashtextextended(%(name)s, 14))",
            name=f"{self._tenant}/{job}/{day}",
        )
        row = self._row(
            "select * from growth_run where tenant_id = %(tenant)s and day = %(day)s"
            " and job = %(job)s",
            day=day,
            job=job,
        )
        if row is None:
            return JobState(None, done=False, counts={})
        return JobState(row.after_member, row.done, row.counts)

    def save_job(self, day: date, job: str, state: JobState, now_ms: int) -> None:
        """Store how far a job came."""
        self._run(
            "insert into growth_run values (%(tenant)s, %(day)s, %(job)s, %(after)s, %(done)s,"
            " %(counts)s::jsonb, %(now)s) on conflict (tenant_id, day, job) do update set"
            " after_member = excluded.after_member, done = excluded.done,"
            " counts = excluded.counts, updated_at = excluded.updated_at",
            day=day,
            job=job,
            after=state.after,
            done=state.done,
            counts=json.dumps(dict(state.counts)),
            now=at(now_ms),
        )

    # ---- what people decide ---------------------------------------------------------------------

    def propose(self, grant: TierGrant) -> None:
        """Enter a grant that waits for a second person."""
        self._run(
            "insert into tier_grant values (%(tenant)s, %(id)s, %(member)s, %(tier)s, %(until)s,"
            " %(reason)s, %(by)s, %(now)s)",
            id=grant.grant_id,
            member=grant.member,
            tier=grant.tier,
            until=grant.until,
            reason=grant.reason,
            by=grant.proposed_by,
            now=at(grant.proposed_ms),
        )

    def proposed(self, grant_id: UUID) -> TierGrant | None:
        """Return a grant and what was decided."""
        row = self._row(_GRANTS + " and g.grant_id = %(id)s", id=grant_id)
        return None if row is None else _grant(row)

    def proposals(self) -> tuple[TierGrant, ...]:
        """Return grants that wait for a second person, oldest first."""
        rows = self._rows(_GRANTS + " and d.decision is null order by g.proposed_at")
        return tuple(_grant(row) for row in rows)

    def decide(self, grant_id: UUID, decision: Decision, by: str, now_ms: int) -> None:
        """Enter the second person's word; StoreRefusedError for a second word or the same one."""
        self._run(
            "insert into tier_grant_decision select tenant_id, grant_id, proposed_by,"
            " %(decision)s, %(by)s, %(now)s from tier_grant"
            " where tenant_id = %(tenant)s and grant_id = %(id)s",
            id=grant_id,
            decision=decision,
            by=by,
            now=at(now_ms),
        )


def _grant(row: Row[Any]) -> TierGrant:
    return TierGrant(
        row.grant_id,
        row.member_id,
        row.tier,
        row.until,
        row.reason,
        row.proposed_by,
        ms_of(row.proposed_at),
        row.decision,
        row.decided_by,
    )
