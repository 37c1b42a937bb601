"""The fleet counted in PostgreSQL: one row a box, and one for what waits."""

from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.domain.store_state import Heard, judge
from cloud_broker.ports.clock import Clock
from cloud_broker.services.fleet.figures import FleetCount

_DELAYS_MS = 900_000
_STORES = """
select s.store_id, f.head, d.* from store s
left join store_feed f on f.tenant_id = s.tenant_id and f.store_id = s.store_id
left join lateral (
  select st.state, st.can_sell, st.devices, st.last_seen_at, st.changed_at, st.on_purpose,
    st.outbox_depth, st.feed_pos
  from device_state st
  join device v on v.tenant_id = st.tenant_id and v.device_id = st.device_id
  where st.tenant_id = s.tenant_id and st.store_id = s.store_id and v.retired_at is null
  order by st.last_seen_at desc limit 1
) d on true
where s.tenant_id = %(tenant)s and s.closed_at is null
"""
_WAITING = """
select count(*) as frames, min(received_ms) as oldest from frame_waiting
where tenant_id = %(tenant)s
"""
_DELAYS = """
select percentile_disc(0.5) within group (order by sync_ms) as p50,
  percentile_disc(0.99) within group (order by sync_ms) as p99
from (select sync_ms from receipt where tenant_id = %(tenant)s and sync_ms is not null
  and received_at > %(since)s order by received_at desc limit 1000) n
"""


class PostgresFleetCounts:
    """Fulfils `FleetCounts`."""

    def __init__(self, units: PostgresUnits, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def count(self, tenant: UUID) -> FleetCount:
        """Return the numbers of this moment."""
        with self._units.connection(tenant) as connection:
            return _Counting(connection, tenant).count(self._clock.now_ms())


class _Counting(Repository):
    def count(self, now_ms: int) -> FleetCount:
        rows = self._rows(_STORES)
        waiting = self._row(_WAITING)
        delays = self._row(_DELAYS, since=at(now_ms - _DELAYS_MS))
        frames, oldest = (waiting.frames, waiting.oldest) if waiting else (0, None)
        queued = [row.outbox_depth or 0 for row in rows]
        quantiles = {} if delays is None else {"0.5": delays.p50, "0.99": delays.p99}
        return FleetCount(
            states=Counter(judge(_heard(row, now_ms))[0] for row in rows),
            queued=sum(queued),
            queued_most=max(queued, default=0),
            behind=sum(max((row.head or 0) - (row.feed_pos or 0), 0) for row in rows),
            frames_waiting=frames,
            oldest_frame_ms=0 if oldest is None else max(now_ms - oldest, 0),
            delay_ms={share: ms for share, ms in quantiles.items() if ms is not None},
        )


def _heard(row: Row[Any], now_ms: int) -> Heard | None:
    if row.last_seen_at is None:
        return None
    return Heard(
        *(row.state, row.can_sell, now_ms - ms_of(row.last_seen_at), row.devices),
        *(now_ms - ms_of(row.changed_at), row.on_purpose),
    )
