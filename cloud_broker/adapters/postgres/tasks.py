"""Tasks and invitations in PostgreSQL."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, time
from uuid import UUID

import msgspec

from cloud_broker.adapters.postgres.base import at, ms_of
from cloud_broker.adapters.postgres.invitations import LEFT, PostgresInvitations
from cloud_broker.ports.tasks import Completion, Home, Reached
from retail_core.growth.referral import ReferralRule
from retail_core.growth.rewards import Given, Reward
from retail_core.growth.task_progress import (
    Bought,
    CheckedIn,
    Facts,
    KeptLine,
    Shared,
    task_of,
)
from retail_core.growth.tasks import Task

# What is left of a line: by quantity, what came back of it is gone with its money.
_KEPT = """
select r.receipt_id, r.business_date, s.name as store, l.sku,
  l.qty_milli - coalesce(b.back, 0) as qty_milli,
  l.net_fen - l.net_fen * least(coalesce(b.back, 0), l.qty_milli) / greatest(l.qty_milli, 1)
    as net_fen,
  a.brand, a.category, a.tags
from receipt r
join store s on s.tenant_id = r.tenant_id and s.store_id = r.store_id
join receipt_line l on l.tenant_id = r.tenant_id and l.receipt_id = r.receipt_id
left join lateral (select sum(qty_milli)::bigint as back from refund_line f
  where f.tenant_id = l.tenant_id and f.receipt_id = l.receipt_id and f.line = l.line) b on true
left join lateral (select v.brand, v.category, v.tags from article_revision v
  where v.tenant_id = l.tenant_id and v.article_id = l.article_id
  and v.effective_from <= r.business_date
  order by v.effective_from desc, v.revision desc limit 1) a on true
where r.tenant_id = %(tenant)s and r.member_id = %(member)s and r.business_date >= %(since)s
order by r.receipt_id, l.line
"""
# A new person counts on the day she joined, another one on her first purchase after opening.
_SHARED = f"""
select o.member_id, case when o.joined then o.opened_on else (
  select min(r.business_date) from receipt r where r.tenant_id = o.tenant_id
  and r.member_id = o.member_id and r.business_date >= o.opened_on and {LEFT} > 0) end as day
from share_open o where o.tenant_id = %(tenant)s and o.inviter_id = %(member)s
"""  # noqa: S608 -- constants
_TAKE = """
select member_id from task_due where tenant_id = %(tenant)s and due_at <= %(now)s
order by due_at, due_id limit 1 for update skip locked
"""
_PUT_REACHED = """
insert into task_progress select %(tenant)s, %(member)s, n.task, n.period,
  coalesce((select array_agg(v::bigint order by i)
    from jsonb_array_elements_text(n.has::jsonb) with ordinality as e(v, i)), '{}'),
  n.last_day, n.done
from unnest(%(tasks)b::text[], %(periods)b::text[], %(has)b::text[], %(days)b::date[],
  %(done)b::boolean[]) as n(task, period, has, last_day, done)
on conflict (tenant_id, member_id, task) do update set period = excluded.period,
  has = excluded.has, last_day = excluded.last_day, done = excluded.done
"""
_PUT_COMPLETIONS = """
insert into task_completion select %(tenant)s, %(member)s, n.cause, n.turn, n.stands,
  n.reward::jsonb, n.issuer, n.day, %(now)s, n.rule::jsonb
from unnest(%(causes)b::text[], %(turns)b::int[], %(stands)b::boolean[], %(rewards)b::text[],
  %(issuers)b::uuid[], %(days)b::date[], %(rules)b::text[])
  as n(cause, turn, stands, reward, issuer, day, rule)
on conflict (tenant_id, member_id, cause) do update set turn = excluded.turn,
  stands = excluded.stands, reward = excluded.reward, issuer = excluded.issuer,
  day = excluded.day, updated_at = excluded.updated_at, rule = excluded.rule
"""


class PostgresTasks(PostgresInvitations):
    """Fulfils `TaskRepo`."""

    def add_due(self, members: Collection[UUID], now_ms: int) -> None:
        """Note members about whom something happened; waits for nobody."""
        if members:
            self._put(
                "insert into task_due (tenant_id, member_id, due_at)"
                " select %(tenant)s, m, %(now)s from unnest(%(members)b::uuid[]) as m",
                members=list(members),
                now=at(now_ms),
            )

    def take_due(self, now_ms: int) -> UUID | None:
        """Take the member who waits longest off the list; she is back when the work fails."""
        row = self._row(_TAKE, now=at(now_ms))
        if row is None:
            return None
        # Whatever is noted of her from here on is a row of its own and stays.
        self._run(
            "delete from task_due where tenant_id = %(tenant)s and due_id in ("
            " select due_id from task_due where tenant_id = %(tenant)s"
            " and member_id = %(member)s for update skip locked)",
            member=row.member_id,
        )
        return UUID(str(row.member_id))

    def pass_over(self, now_ms: int, limit: int) -> int:
        """Take so many off the list about whom nothing can be due; return how many."""
        return self._run(
            "delete from task_due where tenant_id = %(tenant)s and due_id = any(array("
            " select due_id from task_due where tenant_id = %(tenant)s and due_at <= %(now)s"
            " order by due_at, due_id limit %(limit)s for update skip locked))",
            now=at(now_ms),
            limit=limit,
        )

    def put_off(self, member: UUID, until_ms: int) -> None:
        """Let a member wait: something about her cannot be worked out now."""
        self._run(
            "update task_due set due_at = %(until)s"
            " where tenant_id = %(tenant)s and member_id = %(member)s",
            member=member,
            until=at(until_ms),
        )

    def lock(self, member: UUID) -> None:
        """Let nobody else work on a member's tasks until the end."""
        self._rows(
            "select pg_advisory_xact_lock(hashtextextended(%(member)s, 5))", member=str(member)
        )

    def known_since(self, tasks: Collection[str], today: date) -> dict[str, date]:
        """Return since when tasks are known; one never heard of is known from today."""
        self._run(
            "insert into task_known select %(tenant)s, t, %(today)s"
            " from unnest(%(tasks)b::text[]) as t on conflict do nothing",
            tasks=sorted(tasks),
            today=today,
        )
        rows = self._rows(
            "select task, since from task_known where tenant_id = %(tenant)s"
            " and task = any(%(tasks)b::text[])",
            tasks=list(tasks),
        )
        return {row.task: row.since for row in rows}

    def day_rules(self) -> frozenset[tuple[str, time]]:
        """Return by which zones, and beginnings of the day there, stores keep their days."""
        rows = self._rows(
            "select distinct zone, day_starts_at from store where tenant_id = %(tenant)s"
        )
        return frozenset((row.zone, row.day_starts_at) for row in rows)

    def home(self, member: UUID) -> Home | None:
        """Return where a member is at home, None for nobody we know."""
        row = self._row(
            "select m.wallet_id, m.home_store_id, s.legal_entity_id, m.enrolled_at from member m"
            " join store s on s.tenant_id = m.tenant_id and s.store_id = m.home_store_id"
            " where m.tenant_id = %(tenant)s and m.member_id = %(member)s",
            member=member,
        )
        if row is None:
            return None
        return Home(row.wallet_id, row.home_store_id, row.legal_entity_id, ms_of(row.enrolled_at))

    def note_checkin(self, member: UUID, day: date, store: UUID) -> bool:
        """Note a check-in that a counter showed; False for a second one of the day there."""
        added = self._run(
            "insert into checkin_day values (%(tenant)s, %(member)s, %(day)s, %(store)s)"
            " on conflict do nothing",
            member=member,
            day=day,
            store=store,
        )
        return added == 1

    def checkin_member(self, checkin: UUID) -> UUID | None:
        """Return whose check-in this is."""
        row = self._row(
            "select member_id from checkin"
            " where tenant_id = %(tenant)s and checkin_id = %(checkin)s",
            checkin=checkin,
        )
        return None if row is None else row.member_id

    def facts(self, member: UUID, since: date) -> Facts:
        """Return what happened from a day on; of receipts what is left of them."""
        seen = self._rows(
            "select c.day, s.name as store from checkin_day c join store s"
            " on s.tenant_id = c.tenant_id and s.store_id = c.store_id"
            " where c.tenant_id = %(tenant)s and c.member_id = %(member)s and c.day >= %(since)s",
            member=member,
            since=since,
        )
        shared = self._rows(_SHARED, member=member)
        return Facts(
            self._bought(member, since),
            tuple(CheckedIn(row.day, row.store) for row in seen),
            tuple(Shared(row.member_id, row.day) for row in shared if row.day is not None),
        )

    def _bought(self, member: UUID, since: date) -> tuple[Bought, ...]:
        heads: dict[UUID, tuple[date, str]] = {}
        lines: dict[UUID, list[KeptLine]] = defaultdict(list)
        for row in self._rows(_KEPT, member=member, since=since):
            heads[row.receipt_id] = row.business_date, row.store
            lines[row.receipt_id].append(
                KeptLine(
                    row.sku,
                    row.qty_milli,
                    row.net_fen,
                    row.brand or "",
                    row.category or "",
                    frozenset(row.tags or ()),
                )
            )
        return tuple(
            Bought(receipt, day, store, tuple(lines[receipt]))
            for receipt, (day, store) in heads.items()
        )

    # ---- how far, and what was given -------------------------------------------------------------

    def completions(self, member: UUID) -> dict[str, Completion]:
        """Return what was given, by cause."""
        rows = self._rows(
            "select cause, turn, stands, reward::text as reward, issuer, day, rule::text as rule"
            " from task_completion where tenant_id = %(tenant)s and member_id = %(member)s",
            member=member,
        )
        return {
            row.cause: Completion(
                Given(msgspec.json.decode(row.reward, type=Reward), row.turn, row.stands),
                row.issuer,
                row.day,
                _rule(row.cause, row.rule),
            )
            for row in rows
        }

    def save_completions(
        self, member: UUID, completions: Mapping[str, Completion], now_ms: int
    ) -> None:
        """Store what was given."""
        if completions:
            some = list(completions.values())
            self._run(
                _PUT_COMPLETIONS,
                member=member,
                causes=list(completions),
                turns=[one.given.turn for one in some],
                stands=[one.given.stands for one in some],
                rewards=[_json(one.given.reward) for one in some],
                issuers=[one.issuer for one in some],
                days=[one.day for one in some],
                rules=[None if one.rule is None else _json(one.rule) for one in some],
                now=at(now_ms),
            )

    def reached(self, member: UUID) -> tuple[Reached, ...]:
        """Return how far she is, as it was stored last."""
        rows = self._rows(
            "select task, period, has, last_day, done from task_progress"
            " where tenant_id = %(tenant)s and member_id = %(member)s order by task",
            member=member,
        )
        return tuple(
            Reached(row.task, row.period, tuple(row.has), row.last_day, row.done) for row in rows
        )

    def save_reached(self, member: UUID, reached: Sequence[Reached]) -> None:
        """Store how far she is; what is not among them is forgotten."""
        self._run(
            "delete from task_progress where tenant_id = %(tenant)s and member_id = %(member)s"
            " and task <> all(%(tasks)b::text[])",
            member=member,
            tasks=[one.task for one in reached],
        )
        if reached:
            self._run(
                _PUT_REACHED,
                member=member,
                tasks=[one.task for one in reached],
                periods=[one.period for one in reached],
                has=[_json(one.has) for one in reached],
                days=[one.last_day for one in reached],
                done=[one.done for one in reached],
            )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _rule(cause: str, text: str | None) -> Task | ReferralRule | None:
    """Read the rule by which something was given; the cause says which kind it is."""
    if text is None:
        return None
    if task_of(cause):
        task: Task = msgspec.json.decode(text, type=Task)
        return task
    return msgspec.json.decode(text, type=ReferralRule)
