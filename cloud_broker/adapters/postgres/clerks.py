"""Clerks in PostgreSQL: figures from the books, days to be looked at, alerts."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.domain.ingest_effects import BookedSale
from cloud_broker.ports.clerks import Alert, AlertRow, Clerk, ClerkDay, ClerkFigures
from retail_core.ids import id_of
from retail_core.insight.harvest import SoldTo

# Every batch adds rows of its own: booking never waits for who is looking at the same day just now.
_NOTE = """
insert into clerk_watch_due (tenant_id, operator_id, business_date, since)
select %(tenant)s, n.operator, n.day, %(now)s
from unnest(%(operators)b::uuid[], %(days)b::date[]) as n(operator, day)
"""
_TAKE = """
with due as materialized (
  select due_id, operator_id, business_date from clerk_watch_due where tenant_id = %(tenant)s
  order by due_id limit %(rows)s for update skip locked),
taken as materialized (
  select operator_id, business_date from due group by operator_id, business_date
  order by min(due_id) limit %(limit)s)
delete from clerk_watch_due w using due join taken using (operator_id, business_date)
where w.tenant_id = %(tenant)s and w.due_id = due.due_id
returning w.operator_id, w.business_date
"""
# So many rows are looked at for one that is taken: a day stands there once for each batch.
_ROWS_EACH = 16
_RAISE = """
insert into clerk_alert as held (tenant_id, operator_id, member_id, business_date, kind, sales,
  receipts, first_ms, last_ms, raised_at)
select %(tenant)s, %(operator)s, %(member)s, %(day)s, %(kind)s, cardinality(%(receipts)b::uuid[]),
  %(receipts)b::uuid[], %(first)s, %(last)s, %(now)s
on conflict (tenant_id, operator_id, member_id, business_date, kind) do update set
  sales = excluded.sales, receipts = excluded.receipts, first_ms = excluded.first_ms,
  last_ms = excluded.last_ms, raised_at = excluded.raised_at, acknowledged_by = '',
  acknowledged_at = null, note = ''
where excluded.sales > held.sales
"""
_ALERTS = """
select a.*, s.name as store_name, o.number, o.name, m.name as member_name from clerk_alert a
left join operator o on o.tenant_id = a.tenant_id and o.operator_id = a.operator_id
left join store s on s.tenant_id = o.tenant_id and s.store_id = o.store_id
left join member m on m.tenant_id = a.tenant_id and m.member_id = a.member_id
where a.tenant_id = %(tenant)s
order by (a.acknowledged_at is not null), a.raised_at desc, a.operator_id, a.member_id
limit %(limit)s
"""
_CLERKS = """
select o.operator_id, o.store_id, s.name as store_name, o.number, o.name, o.role, o.member_id,
  m.name as member_name
from operator o
join store s on s.tenant_id = o.tenant_id and s.store_id = o.store_id
left join member m on m.tenant_id = o.tenant_id and m.member_id = o.member_id
where o.tenant_id = %(tenant)s and o.retired_at is null
order by s.name, o.number
"""
# A member counts on the business day of the store where she was enrolled.
_FIGURES = """
with done as (
  select operator_id, store_id, 1 as sales, total_fen as sales_fen, 0 as refunds,
    0::bigint as refund_fen, 0 as recruits
  from receipt where tenant_id = %(tenant)s and operator_id is not null
    and business_date between %(first)s and %(last)s
  union all
  select operator_id, store_id, 0, 0, 1, money_fen, 0 from refund
  where tenant_id = %(tenant)s and operator_id is not null
    and business_date between %(first)s and %(last)s
  union all
  select m.recruited_by, m.home_store_id, 0, 0, 0, 0, 1 from member m
  join store t on t.tenant_id = m.tenant_id and t.store_id = m.home_store_id
  where m.tenant_id = %(tenant)s and m.recruited_by is not null
    and ((m.enrolled_at at time zone t.zone) - (t.day_starts_at - time '00:00'))::date
      between %(first)s and %(last)s
)
select d.operator_id, d.store_id, coalesce(s.name, '') as store_name,
  coalesce(o.number, '') as number, coalesce(o.name, '') as name, sum(d.sales)::bigint as sales,
  sum(d.sales_fen)::bigint as sales_fen, sum(d.refunds)::bigint as refunds,
  sum(d.refund_fen)::bigint as refund_fen, sum(d.recruits)::bigint as recruits
from done d
left join store s on s.tenant_id = %(tenant)s and s.store_id = d.store_id
left join operator o on o.tenant_id = %(tenant)s and o.operator_id = d.operator_id
where (%(store)s::uuid is null or d.store_id = %(store)s)
group by d.operator_id, d.store_id, s.name, o.number, o.name
order by store_name, number, d.operator_id
"""


class PostgresClerks(Repository):
    """Fulfils `ClerkRepo`."""

    def note(self, sales: Sequence[BookedSale], now_ms: int) -> None:
        """Put the clerks' days of members' sales on the list of those to be looked at."""
        days = {
            (id_of(raw), sale.day)
            for sale in sales
            if (raw := sale.arrival.event.operator) is not None and sale.arrival.member is not None
        }
        if days:
            self._put(
                _NOTE,
                operators=[operator for operator, _ in days],
                days=[day for _, day in days],
                now=at(now_ms),
            )

    def note_day(self, day: ClerkDay, now_ms: int) -> None:
        """Put one day on the list."""
        self._run(_NOTE, operators=[day.operator], days=[day.day], now=at(now_ms))

    def take(self, limit: int) -> tuple[ClerkDay, ...]:
        """Take days off the list; they are back when the transaction fails."""
        rows = self._rows(_TAKE, limit=limit, rows=_ROWS_EACH * limit)
        return tuple(dict.fromkeys(ClerkDay(row.operator_id, row.business_date) for row in rows))

    def sold(self, day: ClerkDay) -> tuple[SoldTo, ...]:
        """Return what a clerk sold to members on a day, claimed receipts too."""
        rows = self._rows(
            "select r.receipt_id, r.sold_ms, coalesce(r.member_id, c.member_id) as member_id"
            " from receipt r left join receipt_claim c on c.tenant_id = r.tenant_id"
            " and c.receipt_id = r.receipt_id where r.tenant_id = %(tenant)s"
            " and r.operator_id = %(operator)s and r.business_date = %(day)s"
            " and coalesce(r.member_id, c.member_id) is not null",
            operator=day.operator,
            day=day.day,
        )
        return tuple(SoldTo(row.sold_ms, row.receipt_id, row.member_id) for row in rows)

    def own_members(self, operator: UUID) -> frozenset[UUID]:
        """Return the memberships known to be a clerk's own."""
        row = self._row(
            "select member_id from operator where tenant_id = %(tenant)s"
            " and operator_id = %(operator)s and member_id is not null",
            operator=operator,
        )
        return frozenset() if row is None else frozenset({row.member_id})

    def recruited(self, members: Collection[UUID], since_ms: int) -> dict[UUID, UUID]:
        """Return who enrolled members since then; members of longer ago are absent."""
        rows = self._rows(
            "select member_id, recruited_by from member where tenant_id = %(tenant)s"
            " and member_id = any(%(members)b::uuid[]) and recruited_by is not null"
            " and enrolled_at >= %(since)s",
            members=list(members),
            since=at(since_ms),
        )
        return {row.member_id: row.recruited_by for row in rows}

    def raise_alerts(self, alerts: Sequence[Alert], now_ms: int) -> int:
        """Enter alerts; one with more sales than before is open again. Return how many are news."""
        return sum(
            self._run(
                _RAISE,
                operator=one.operator,
                member=one.member,
                day=one.day,
                kind=one.kind,
                receipts=list(one.receipts),
                first=one.first_ms,
                last=one.last_ms,
                now=at(now_ms),
            )
            for one in alerts
        )

    def alerts(self, limit: int) -> tuple[AlertRow, ...]:
        """Return alerts, open ones first, newest first."""
        return tuple(_alert(row) for row in self._rows(_ALERTS, limit=limit))

    def acknowledge(self, alert: Alert, by: str, note: str, now_ms: int) -> bool:
        """Note that a person has looked at it; False when there is no such open alert."""
        return bool(
            self._run(
                "update clerk_alert set acknowledged_by = %(by)s, acknowledged_at = %(now)s,"
                " note = %(note)s where tenant_id = %(tenant)s and operator_id = %(operator)s"
                " and member_id = %(member)s and business_date = %(day)s and kind = %(kind)s"
                " and acknowledged_at is null",
                by=by,
                note=note,
                now=at(now_ms),
                operator=alert.operator,
                member=alert.member,
                day=alert.day,
                kind=alert.kind,
            )
        )

    def clerks(self) -> tuple[Clerk, ...]:
        """Return every clerk, by store and number."""
        return tuple(
            Clerk(
                row.operator_id,
                row.store_id,
                row.store_name,
                row.number,
                row.name,
                row.role,
                row.member_id,
                row.member_name or "",
            )
            for row in self._rows(_CLERKS)
        )

    def link(self, operator: UUID, member: UUID | None) -> bool:
        """Say which membership is a clerk's own; False for an unknown clerk."""
        return bool(
            self._run(
                "update operator set member_id = %(member)s"
                " where tenant_id = %(tenant)s and operator_id = %(operator)s",
                operator=operator,
                member=member,
            )
        )

    def figures(self, first: date, last: date, store: UUID | None) -> tuple[ClerkFigures, ...]:
        """Return what clerks did from one day to another, by store and number."""
        rows = self._rows(_FIGURES, first=first, last=last, store=store)
        return tuple(
            ClerkFigures(
                operator=row.operator_id,
                store=row.store_id,
                store_name=row.store_name,
                number=row.number,
                name=row.name,
                sales=row.sales,
                sales_fen=row.sales_fen,
                refunds=row.refunds,
                refund_fen=row.refund_fen,
                recruits=row.recruits,
            )
            for row in rows
        )


def _alert(row: Row[Any]) -> AlertRow:
    return AlertRow(
        alert=Alert(
            row.operator_id,
            row.member_id,
            row.business_date,
            row.kind,
            tuple(row.receipts),
            row.first_ms,
            row.last_ms,
        ),
        store_name=row.store_name or "",
        number=row.number or "",
        name=row.name or "",
        member_name=row.member_name or "",
        raised_ms=ms_of(row.raised_at),
        acknowledged_by=row.acknowledged_by,
        note=row.note,
    )
