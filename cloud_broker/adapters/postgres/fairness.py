"""Sales and rules to compare prices by, in PostgreSQL: a page a transaction."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.ports.fairness import PricedSale

PAGE = 2_000
_SALES = """
select r.receipt_id, s.name as store, r.business_date, e.body from receipt r
join store s on s.tenant_id = r.tenant_id and s.store_id = r.store_id
join event_log e on e.tenant_id = r.tenant_id and e.received_at = r.received_at
  and e.event_id = r.event_id
where r.tenant_id = %(tenant)s and r.business_date between %(first)s and %(last)s
  and (%(day)s::date is null
    or (r.business_date, r.receipt_id) > (%(day)s::date, %(receipt)s::uuid))
order by r.business_date, r.receipt_id limit %(limit)s
"""


class FairnessRows(Repository):
    """The statements, in one transaction."""

    def page(self, first: date, last: date, after: PricedSale | None) -> Sequence[Row[Any]]:
        """Return the next sales."""
        return self._rows(
            _SALES,
            first=first,
            last=last,
            day=None if after is None else after.day,
            receipt=None if after is None else after.receipt,
            limit=PAGE,
        )

    def bundle(self, version: int) -> bytes | None:
        """Return a bundle as it was signed."""
        row = self._row(
            "select signed from rule_bundle where tenant_id = %(tenant)s and version = %(version)s",
            version=version,
        )
        return None if row is None else bytes(row.signed)


class PostgresFairnessReads:
    """Fulfils `FairnessReads`."""

    def __init__(self, units: PostgresUnits) -> None:
        self._units = units

    def sales(self, tenant: UUID, first: date, last: date) -> Iterator[PricedSale]:
        """Yield the sales of some business days, both included, a day after the other."""
        after: PricedSale | None = None
        while True:
            with self._units.connection(tenant) as connection:
                rows = FairnessRows(connection, tenant).page(first, last, after)
            for row in rows:
                after = PricedSale(row.receipt_id, row.store, row.business_date, bytes(row.body))
                yield after
            if len(rows) < PAGE:
                return

    def rules(self, tenant: UUID, version: int) -> bytes | None:
        """Return a published bundle as it was signed; None for one that never was."""
        with self._units.connection(tenant) as connection:
            return FairnessRows(connection, tenant).bundle(version)
