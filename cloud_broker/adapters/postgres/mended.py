"""Which sales were given another time than their box said."""

from uuid import UUID

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.services.access.mended import DAYS, SHOWN, MendedSale, MendedTimes

_DAY_MS = 86_400_000
# A clock may say any number; beyond the year 9000 no calendar could show it.
_LAST_MS = 221_845_392_000_000
_MENDED = """
select count(*) over () as many, r.receipt_id, r.till_receipt_no, r.total_fen, r.sold_ms,
  r.received_at, least(greatest(e.wall_ms, 0), %(last)s::bigint) as said_ms
from receipt r
join event_log e on e.tenant_id = r.tenant_id and e.received_at = r.received_at
  and e.event_id = r.event_id
where r.tenant_id = %(tenant)s and r.store_id = %(store)s and r.received_at > %(since)s
  and r.sold_ms <> e.wall_ms
order by r.received_at desc, r.sold_ms desc, r.receipt_id desc limit %(limit)s
"""


class PostgresMended(Repository):
    """Compares what is booked with what the log keeps."""

    def of_store(self, store: UUID, now_ms: int) -> MendedTimes:
        """Return what came from a store in the last days, newest first."""
        since = at(now_ms - DAYS * _DAY_MS)
        rows = self._rows(_MENDED, store=store, since=since, last=_LAST_MS, limit=SHOWN)
        return MendedTimes(
            rows[0].many if rows else 0,
            tuple(
                MendedSale(
                    receipt_id=row.receipt_id,
                    till_receipt_no=row.till_receipt_no,
                    total_fen=row.total_fen,
                    said_ms=row.said_ms,
                    sold_ms=row.sold_ms,
                    received_ms=ms_of(row.received_at),
                )
                for row in rows
            ),
        )
