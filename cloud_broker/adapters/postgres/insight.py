"""Receipts for reckoning in PostgreSQL, read in pages."""

from collections.abc import Iterator
from datetime import date

from cloud_broker.adapters.postgres.base import Repository
from cloud_broker.ports.catalogue import Document
from retail_core.insight.baskets import Bought

_BOUGHT = """
select r.member_id, r.business_date, r.receipt_id, array_agg(distinct l.sku) as skus
from (
  select receipt_id, member_id, business_date from receipt
  where tenant_id = %(tenant)s and business_date >= %(since)s
    and not exists (select from erased_receipt e
      where e.tenant_id = receipt.tenant_id and e.receipt_id = receipt.receipt_id)
  order by business_date desc, receipt_id desc limit %(limit)s) r
join receipt_line l on l.tenant_id = %(tenant)s and l.receipt_id = r.receipt_id
where l.article_id is not null
group by r.member_id, r.business_date, r.receipt_id
order by r.business_date, r.receipt_id
"""


class PostgresInsight(Repository):
    """Fulfils `InsightRepo`."""

    def bought(self, since: date, limit: int) -> Iterator[Bought]:
        """Yield receipts since a day, the newest `limit` of them, oldest first."""
        for row in self._rows(_BOUGHT, since=since, limit=limit):
            member = "" if row.member_id is None else str(row.member_id)
            yield Bought(member, row.business_date.toordinal(), tuple(sorted(row.skus)))

    def add_recommendations(
        self, document: Document, receipts: int, articles: int, who: str, now_ms: int
    ) -> None:
        """Store a table of recommendations and queue its announcement."""
        self._run(
            "insert into recommendation_table values (%(tenant)s, %(version)s, %(sha)s,"
            " %(content)s, %(receipts)s, %(articles)s, to_timestamp(%(now)s), %(who)s)",
            version=document.version,
            sha=document.sha256,
            content=document.content,
            receipts=receipts,
            articles=articles,
            who=who,
            now=now_ms / 1000,
        )
        self._run(
            "insert into publication values"
            " (%(tenant)s, %(kind)s, %(version)s, %(sha)s, %(size)s, to_timestamp(%(now)s), null)",
            kind=document.kind,
            version=document.version,
            sha=document.sha256,
            size=len(document.content),
            now=now_ms / 1000,
        )

    def reckoned_ms(self) -> int | None:
        """Return when the newest table of recommendations was reckoned; None before the first."""
        row = self._row(
            "select max(created_at) as at from recommendation_table where tenant_id = %(tenant)s"
        )
        return None if row is None or row.at is None else round(row.at.timestamp() * 1000)
