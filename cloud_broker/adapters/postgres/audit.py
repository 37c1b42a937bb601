"""Which prices are due to be checked, in PostgreSQL."""

from collections.abc import Collection
from datetime import date

from cloud_broker.adapters.postgres.base import Repository, ms_of
from cloud_broker.adapters.postgres.catalogue import article_of
from cloud_broker.ports.audit import Counted, DueSale
from retail_core.catalog.article import Article

# Rows that another process checks just now are passed over.
_TAKE = """
with due as materialized (
  select receipt_id from price_audit_due where tenant_id = %(tenant)s
  order by received_at limit %(limit)s for update skip locked),
taken as (
  delete from price_audit_due d using due
  where d.tenant_id = %(tenant)s and d.receipt_id = due.receipt_id
  returning d.receipt_id)
select r.receipt_id, r.event_id, r.store_id, r.device_id, e.epoch, e.seq, r.member_id,
  r.business_date, r.received_at, e.body
from taken t
join receipt r on r.tenant_id = %(tenant)s and r.receipt_id = t.receipt_id
join event_log e on e.tenant_id = r.tenant_id and e.received_at = r.received_at
  and e.event_id = r.event_id
order by r.received_at, r.receipt_id
"""
_ARTICLES = """
select distinct on (r.article_id)
  r.article_id, a.sku, r.effective_from, r.name, r.unit, r.price_fen, r.cost_fen, r.brand,
  r.category, r.barcodes, r.tags
from article a
join article_revision r on r.tenant_id = a.tenant_id and r.article_id = a.article_id
where a.tenant_id = %(tenant)s and a.sku = any(%(skus)b) and r.effective_from <= %(day)s
order by r.article_id, r.effective_from desc, r.revision desc
"""
_COUNT = """
insert into price_audit_day as held values (
  %(tenant)s, %(day)s, %(audited)s, %(resolved)s, %(differing)s)
on conflict (tenant_id, day) do update set
  audited = held.audited + excluded.audited,
  resolved = held.resolved + excluded.resolved,
  differing = held.differing + excluded.differing
"""


class PostgresAudit(Repository):
    """Fulfils `AuditRepo`."""

    def take(self, limit: int) -> tuple[DueSale, ...]:
        """Take the oldest off the list; they are back when the transaction fails."""
        return tuple(
            DueSale(
                receipt_id=row.receipt_id,
                event_id=row.event_id,
                store=row.store_id,
                device=row.device_id,
                epoch=row.epoch,
                seq=row.seq,
                member=row.member_id,
                day=row.business_date,
                received_ms=ms_of(row.received_at),
                body=row.body,
            )
            for row in self._rows(_TAKE, limit=limit)
        )

    def articles(self, skus: Collection[str], day: date) -> tuple[Article, ...]:
        """Return articles as they were on a day."""
        return tuple(article_of(row) for row in self._rows(_ARTICLES, skus=list(skus), day=day))

    def count(self, day: date, counted: Counted) -> None:
        """Add to a day's count."""
        self._run(
            _COUNT,
            day=day,
            audited=counted.audited,
            resolved=counted.resolved,
            differing=counted.differing,
        )

    def counts(self, day: date) -> Counted:
        """Return a day's count."""
        row = self._row(
            "select audited, resolved, differing from price_audit_day"
            " where tenant_id = %(tenant)s and day = %(day)s",
            day=day,
        )
        return Counted() if row is None else Counted(row.audited, row.resolved, row.differing)
