"""Receipts by the number that a till gave them: what was printed, and what a till told twice."""

from collections.abc import Collection
from uuid import UUID

from cloud_broker.adapters.postgres.base import Repository
from cloud_broker.domain.ingest_effects import TapKey

# `offset 0` keeps it one look into the index a key: joined, a batch would read all receipts.
_TOLD = """
select k.store_id, k.till_id, k.day as business_date, k.number as till_receipt_no,
  t.content, t.receipt_id
from unnest(%(store)b::uuid[], %(till)b::uuid[], %(day)b::date[], %(number)b::text[])
  as k(store_id, till_id, day, number)
cross join lateral (
  select r.content, r.receipt_id, r.received_at from receipt r
  where r.tenant_id = %(tenant)s and r.store_id = k.store_id and r.till_id = k.till_id
    and r.business_date = k.day and r.till_receipt_no = k.number and r.content is not null
    and not exists (select 1 from refund_line f
      where f.tenant_id = r.tenant_id and f.receipt_id = r.receipt_id offset 0)
  offset 0) as t
order by t.received_at, t.receipt_id
"""


class ReceiptNumbers(Repository):
    """Reads."""

    def known_taps(self, keys: Collection[TapKey]) -> set[TapKey]:
        """Return which printed receipts are booked."""
        if not keys:
            return set()
        rows = self._rows(
            "select r.store_id, r.till_id, r.business_date, r.till_receipt_no from receipt r"
            " join unnest(%(store)b::uuid[], %(till)b::uuid[], %(day)b::date[], %(number)b::text[])"
            " as k(store_id, till_id, day, number) on r.store_id = k.store_id"
            " and r.till_id is not distinct from k.till_id and r.business_date = k.day"
            " and r.till_receipt_no = k.number"
            " where r.tenant_id = %(tenant)s and r.source = 'tap' and r.till_receipt_no <> ''",
            store=[key[0] for key in keys],
            till=[key[1] for key in keys],
            day=[key[2] for key in keys],
            number=[key[3] for key in keys],
        )
        return {(row.store_id, row.till_id, row.business_date, row.till_receipt_no) for row in rows}

    def told(self, keys: Collection[TapKey]) -> dict[TapKey, dict[bytes, UUID]]:
        """Return sales of tills that stand under these keys, by `content_of`."""
        if not keys:
            return {}
        rows = self._rows(
            _TOLD,
            store=[key[0] for key in keys],
            till=[key[1] for key in keys],
            day=[key[2] for key in keys],
            number=[key[3] for key in keys],
        )
        found: dict[TapKey, dict[bytes, UUID]] = {}
        for row in rows:
            key = (row.store_id, row.till_id, row.business_date, row.till_receipt_no)
            found.setdefault(key, {})[row.content] = row.receipt_id
        return found
