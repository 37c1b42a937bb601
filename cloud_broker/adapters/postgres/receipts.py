"""Receipts one by one, in PostgreSQL."""

from datetime import date
from uuid import UUID

from cloud_broker.adapters.postgres.base import Repository, at
from cloud_broker.ports.receipts import FoundReceipt, FoundRefund, ReceiptClaimed

_FOUND = """
select r.receipt_id, r.store_id, s.name as store_name, s.legal_entity_id, s.zone, s.day_starts_at,
  d.token_hash, r.till_id, r.operator_id, o.member_id as operator_member,
  coalesce(r.member_id, c.member_id) as member_id, r.business_date, r.sold_ms, e.body
from receipt r
join store s on s.tenant_id = r.tenant_id and s.store_id = r.store_id
join device d on d.tenant_id = r.tenant_id and d.device_id = r.device_id
join event_log e on e.tenant_id = r.tenant_id and e.received_at = r.received_at
  and e.event_id = r.event_id
left join operator o on o.tenant_id = r.tenant_id and o.operator_id = r.operator_id
left join receipt_claim c on c.tenant_id = r.tenant_id and c.receipt_id = r.receipt_id
where r.tenant_id = %(tenant)s and r.receipt_id = %(receipt)s
"""
_REFUNDS = """
select f.happened_ms, s.name as store_name, f.operator_id, e.body
from refund f
join store s on s.tenant_id = f.tenant_id and s.store_id = f.store_id
join event_log e on e.tenant_id = f.tenant_id and e.received_at = f.received_at
  and e.event_id = f.event_id
where f.tenant_id = %(tenant)s and f.receipt_id = %(receipt)s
order by f.nth
"""


class PostgresReceipts(Repository):
    """Fulfils `ReceiptRepo`."""

    def found(self, receipt_id: UUID) -> FoundReceipt | None:
        """Return a receipt with every refund of it; None when none has come, or is not kept."""
        row = self._row(_FOUND, receipt=receipt_id)
        if row is None:
            return None
        refunds = self._rows(_REFUNDS, receipt=receipt_id)
        return FoundReceipt(
            receipt_id=receipt_id,
            store=row.store_id,
            store_name=row.store_name,
            legal_entity=row.legal_entity_id,
            zone=row.zone,
            day_starts_at=row.day_starts_at,
            token_hash=row.token_hash,
            till=row.till_id,
            operator=row.operator_id,
            operator_member=row.operator_member,
            member=row.member_id,
            day=row.business_date,
            wall_ms=row.sold_ms,
            body=row.body,
            refunds=tuple(
                FoundRefund(one.happened_ms, one.store_name, one.operator_id, one.body)
                for one in refunds
            ),
        )

    def by_number(self, number: str, day: date, limit: int) -> tuple[UUID, ...]:
        """Return a business day's receipts with a printed number, of whatever shop."""
        # By store, because the index of days begins with it; a number is not worth one of its own.
        rows = self._rows(
            "select r.receipt_id from store s join receipt r on r.tenant_id = s.tenant_id"
            " and r.store_id = s.store_id and r.business_date = %(day)s"
            " and r.till_receipt_no = %(number)s where s.tenant_id = %(tenant)s"
            " order by r.sold_ms desc limit %(limit)s",
            number=number,
            day=day,
            limit=limit,
        )
        return tuple(row.receipt_id for row in rows)

    def claim(self, claimed: ReceiptClaimed, now_ms: int) -> bool:
        """Enter a claim; False when the receipt was claimed before."""
        entered = self._run(
            "insert into receipt_claim values (%(tenant)s, %(receipt)s, %(member)s, %(wallet)s,"
            " %(points)s, %(at)s) on conflict do nothing",
            receipt=claimed.receipt_id,
            member=claimed.member,
            wallet=claimed.wallet,
            points=claimed.points,
            at=at(now_ms),
        )
        return entered == 1
