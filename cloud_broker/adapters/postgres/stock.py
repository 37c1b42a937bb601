"""Stock in PostgreSQL.

Ingest only notes receipts; levels are moved afterwards by one hand at a time, so that neither a
till's sale nor a long count waits for the other.
"""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from cloud_broker.adapters.postgres.base import Repository, at
from cloud_broker.domain.ingest_effects import BookedSale
from cloud_broker.domain.points import BookedRefund
from cloud_broker.ports.stock import Count, Level, Movement

_ONE_HAND = "select pg_advisory_xact_lock(hashtextextended(%(tenant)s::text, 7740))"
_NOTE = """
insert into stock_due
select %(tenant)s, n.store, n.document, %(kind)s, n.moved
from unnest(%(stores)b::uuid[], %(documents)b::uuid[], %(moved)b::bigint[])
  as n(store, document, moved)
where exists (select 1 from stock_level l where l.tenant_id = %(tenant)s and l.place_id = n.store)
on conflict do nothing
"""
_FOLD = """
with taken as (
  delete from stock_due d using (
    select document_id from stock_due where tenant_id = %(tenant)s
    order by moved_ms, document_id limit %(limit)s) as due
  where d.tenant_id = %(tenant)s and d.document_id = due.document_id
  returning d.store_id, d.document_id, d.kind, d.moved_ms),
lines as (
  select t.store_id, r.sku, t.moved_ms, -r.qty_milli as milli
  from taken t join receipt_line r on r.tenant_id = %(tenant)s and r.receipt_id = t.document_id
  where t.kind = 'sale'
  union all
  select t.store_id, r.sku, t.moved_ms, b.qty_milli
  from taken t join refund_line b on b.tenant_id = %(tenant)s and b.refund_id = t.document_id
  join receipt_line r on r.tenant_id = b.tenant_id and r.receipt_id = b.receipt_id
    and r.line = b.line
  where t.kind = 'refund'),
moved as (
  update stock_level l set qty_milli = l.qty_milli + m.milli, updated_at = now()
  from (
    select l2.place_id, l2.sku, sum(lines.milli) as milli
    from lines join stock_level l2 on l2.tenant_id = %(tenant)s
      and l2.place_id = lines.store_id and l2.sku = lines.sku and lines.moved_ms > l2.counted_ms
    group by l2.place_id, l2.sku) m
  where l.tenant_id = %(tenant)s and l.place_id = m.place_id and l.sku = m.sku)
select count(*) as folded from taken
"""
_SOLD_SINCE = """
select n.place, n.sku, coalesce(sum(-r.qty_milli), 0) as milli
from unnest(%(places)b::uuid[], %(skus)b::text[], %(counted)b::bigint[])
  as n(place, sku, counted)
join receipt s on s.tenant_id = %(tenant)s and s.store_id = n.place and s.sold_ms > n.counted
join receipt_line r on r.tenant_id = s.tenant_id and r.receipt_id = s.receipt_id and r.sku = n.sku
where not exists (select 1 from stock_due d
  where d.tenant_id = %(tenant)s and d.document_id = s.receipt_id)
group by n.place, n.sku
"""
_BACK_SINCE = """
select n.place, n.sku, coalesce(sum(b.qty_milli), 0) as milli
from unnest(%(places)b::uuid[], %(skus)b::text[], %(counted)b::bigint[])
  as n(place, sku, counted)
join refund s on s.tenant_id = %(tenant)s and s.store_id = n.place and s.happened_ms > n.counted
join refund_line b on b.tenant_id = s.tenant_id and b.refund_id = s.refund_id
join receipt_line r on r.tenant_id = b.tenant_id and r.receipt_id = b.receipt_id
  and r.line = b.line and r.sku = n.sku
where not exists (select 1 from stock_due d
  where d.tenant_id = %(tenant)s and d.document_id = s.refund_id)
group by n.place, n.sku
"""
_MOVED = """
select exists (
  select 1 from stock_level l where l.tenant_id = %(tenant)s and l.updated_at > coalesce((
    select max(p.created_at) from publication p
    where p.tenant_id = %(tenant)s and p.kind = 'stock'), '-infinity')) as moved
"""
_COUNT = """
insert into stock_level
select %(tenant)s, n.place, n.sku, n.qty, n.counted, n.day, n.ms, %(now)s
from unnest(%(places)b::uuid[], %(skus)b::text[], %(levels)b::bigint[], %(qty)b::bigint[],
  %(days)b::date[], %(counted)b::bigint[]) as n(place, sku, qty, counted, day, ms)
on conflict (tenant_id, place_id, sku) do update set
  qty_milli = excluded.qty_milli, counted_milli = excluded.counted_milli,
  counted_on = excluded.counted_on, counted_ms = excluded.counted_ms,
  updated_at = excluded.updated_at
"""


class PostgresStock(Repository):
    """Fulfils `StockRepo`."""

    def note_sales(self, sales: Sequence[BookedSale]) -> None:
        """Note receipts of stores that count stock; called while they are booked."""
        if sales:
            self._note(
                "sale",
                [one.arrival.place.store for one in sales],
                [one.receipt_id for one in sales],
                [one.arrival.happened_ms for one in sales],
            )

    def note_refunds(self, refunds: Sequence[BookedRefund]) -> None:
        """Note goods that came back to stores that count stock."""
        if refunds:
            self._note(
                "refund",
                [one.arrival.place.store for one in refunds],
                [one.refund_id for one in refunds],
                [one.at_ms for one in refunds],
            )

    def _note(
        self, kind: Movement, stores: list[UUID], documents: list[UUID], moved: list[int]
    ) -> None:
        self._put(_NOTE, kind=kind, stores=stores, documents=documents, moved=moved)

    def fold(self, limit: int) -> int:
        """Move levels by some noted receipts, each once; return how many."""
        self._run(_ONE_HAND)
        row = self._row(_FOLD, limit=limit)
        return 0 if row is None else int(row.folded)

    def moved(self) -> bool:
        """Return whether a level moved since stores were told of stock last."""
        row = self._row(_MOVED)
        return row is not None and bool(row.moved)

    def count(self, counts: Sequence[Count], now_ms: int) -> None:
        """Set levels to what was counted, less what was sold since, by receipts taken off before.

        Receipts still noted are taken off later, if they are younger than the count.
        """
        if not counts:
            return
        self._run(_ONE_HAND)
        named = {
            "places": [one.place for one in counts],
            "skus": [one.sku for one in counts],
            "counted": [one.counted_ms for one in counts],
        }
        moved: dict[tuple[UUID, str], int] = {}
        for statement in (_SOLD_SINCE, _BACK_SINCE):
            for row in self._rows(statement, **named):
                moved[row.place, row.sku] = moved.get((row.place, row.sku), 0) + int(row.milli)
        self._run(
            _COUNT,
            **named,
            levels=[one.qty_milli + moved.get((one.place, one.sku), 0) for one in counts],
            qty=[one.qty_milli for one in counts],
            days=[one.counted_on for one in counts],
            now=at(now_ms),
        )

    def levels(self, place: UUID) -> tuple[Level, ...]:
        """Return what lies in a place, by sku."""
        rows = self._rows(
            "select sku, qty_milli, counted_on from stock_level"
            " where tenant_id = %(tenant)s and place_id = %(place)s order by sku",
            place=place,
        )
        return tuple(Level(row.sku, row.qty_milli, row.counted_on) for row in rows)

    def counted_places(self, places: Collection[UUID]) -> Mapping[UUID, int]:
        """Return how many articles are counted in each place; places without a count are absent."""
        rows = self._rows(
            "select place_id, count(*) as articles from stock_level"
            " where tenant_id = %(tenant)s and place_id = any(%(places)b::uuid[])"
            " group by place_id",
            places=list(places),
        )
        return {row.place_id: int(row.articles) for row in rows}
