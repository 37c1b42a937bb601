"""A day's books in PostgreSQL, row by row."""

from collections.abc import Iterator, Mapping
from datetime import date

from cloud_broker.adapters.postgres.base import Repository, driver_of
from cloud_broker.domain.export_plan import Counted
from cloud_broker.ports.exports import Row

PAGE = 2_000
_ROWS = {
    "receipts": (
        "select receipt_id, store_id, till_id, member_id, source, till_receipt_no, business_date,"
        " sold_ms, shelf_fen, total_fen, points, tenders::text from receipt"
        " where tenant_id = %(tenant)s and business_date = %(day)s order by receipt_id"
    ),
    "lines": (
        "select l.receipt_id, l.line, l.sku, l.name, l.qty_milli, l.shelf_fen, l.net_fen"
        " from receipt r join receipt_line l using (tenant_id, receipt_id)"
        " where r.tenant_id = %(tenant)s and r.business_date = %(day)s"
        " order by l.receipt_id, l.line"
    ),
    "refunds": (
        "select refund_id, receipt_id, nth, store_id, till_id, member_id, business_date,"
        " happened_ms, money_fen, points_fen, points_back, points_taken, points_owed"
        " from refund where tenant_id = %(tenant)s and business_date = %(day)s order by refund_id"
    ),
    "postings": (
        "select receipt_id, line, rule, kind, nth, debit, credit, points, issuer, redeemer,"
        " business_date, happened_ms from posting"
        " where tenant_id = %(tenant)s and business_date = %(day)s"
        " order by receipt_id, line, rule, kind, nth"
    ),
    "members": (
        "select member_id, wallet_id, tier, array_to_string(tags, '|'), home_store_id,"
        " enrolled_at::date from member where tenant_id = %(tenant)s order by member_id"
    ),
    "people": (
        "select member_id, member_id as id, name, phone_masked from member"
        " where tenant_id = %(tenant)s order by member_id"
    ),
}
_COUNTED = """
select 'receipts' as name, count(*) as n, coalesce(sum(total_fen), 0)::bigint as total
  from receipt where tenant_id = %(tenant)s and business_date = %(day)s
union all select 'lines', count(*), coalesce(sum(net_fen), 0)::bigint
  from receipt_line where tenant_id = %(tenant)s and receipt_id in (
    select receipt_id from receipt where tenant_id = %(tenant)s and business_date = %(day)s)
union all select 'refunds', count(*), coalesce(sum(money_fen), 0)::bigint
  from refund where tenant_id = %(tenant)s and business_date = %(day)s
union all select 'postings', count(*), coalesce(sum(points), 0)::bigint
  from posting where tenant_id = %(tenant)s and business_date = %(day)s
union all select 'members', count(*), 0 from member where tenant_id = %(tenant)s
union all select 'people', count(*), 0 from member where tenant_id = %(tenant)s
"""


class PostgresExports(Repository):
    """Fulfils `ExportRepo`."""

    def counted(self, day: date) -> Mapping[str, Counted]:
        """Return rows and sums by table."""
        return {row.name: (row.n, row.total) for row in self._rows(_COUNTED, day=day)}

    def rows(self, table: str, day: date) -> Iterator[Row]:
        """Return a table's rows in the order of its key."""
        # By a cursor of the server: a chain's day does not fit into memory.
        with driver_of(self._connection).cursor(name="export") as cursor:
            cursor.itersize = PAGE
            cursor.execute(_ROWS[table], {"tenant": self._tenant, "day": day})
            yield from cursor
