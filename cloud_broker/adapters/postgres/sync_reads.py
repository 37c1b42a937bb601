"""What the sync doctor reads."""

from collections.abc import Sequence
from uuid import UUID

from cloud_broker.adapters.postgres.base import Repository, ms_of
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.adapters.postgres.waiting import PostgresWaiting
from cloud_broker.domain.sync_doctor import BoxFacts, RepairFacts
from cloud_broker.ports.waiting import WaitingDepth
from cloud_broker.services.booking.sync_doctor import OpenItem

_BOXES = """
select s.store_id, s.name, d.device_id, st.state, st.software, st.wall_ms, st.epoch,
  st.outbox_depth, st.feed_pos, st.faults, st.last_seen_at, f.head, f.published,
  r.ranges, coalesce(b.breaks, 0)::bigint as breaks
from device d
join store s on s.tenant_id = d.tenant_id and s.store_id = d.store_id
join store_feed f on f.tenant_id = s.tenant_id and f.store_id = s.store_id
left join device_state st on st.tenant_id = d.tenant_id and st.device_id = d.device_id
left join device_range r on r.tenant_id = d.tenant_id and r.device_id = d.device_id
  and r.epoch = st.epoch
left join (select device_id, sum(breaks) as breaks from device_range
  where tenant_id = %(tenant)s group by device_id) b on b.device_id = d.device_id
where d.tenant_id = %(tenant)s and d.retired_at is null and s.closed_at is null
order by s.name, d.slot
"""
_REPAIRS = """
select code, kind, count(*) as items, min(received_at) as oldest,
  (array_agg(detail order by received_at desc))[1] as detail
from repair_queue where tenant_id = %(tenant)s and state = 'open'
group by code, kind order by items desc, code
"""
_ITEMS = """
select repair_id, kind, code from repair_queue
where tenant_id = %(tenant)s and state = 'open'
  and (cardinality(%(codes)b::text[]) = 0 or code = any(%(codes)b::text[]))
  and (cardinality(%(ids)b::uuid[]) = 0 or repair_id = any(%(ids)b::uuid[]))
order by received_at, repair_id limit %(limit)s
"""


class PostgresSyncReads:
    """Fulfils `SyncReads`."""

    def __init__(self, units: PostgresUnits) -> None:
        self._units = units

    def boxes(self, tenant: UUID, now_ms: int) -> tuple[BoxFacts, ...]:
        """Return every box that is not retired. Raises Fault SYNC_LINK_DOWN."""
        with self._units.connection(tenant) as connection:
            return _Reads(connection, tenant).boxes(now_ms)

    def waiting(self, tenant: UUID) -> WaitingDepth:
        """Return how much is acknowledged and not booked yet."""
        with self._units.connection(tenant) as connection:
            return PostgresWaiting(connection, tenant).depth()

    def repairs(self, tenant: UUID) -> tuple[RepairFacts, ...]:
        """Return the open repair items, by code and kind."""
        with self._units.connection(tenant) as connection:
            return _Reads(connection, tenant).repairs()

    def open_items(
        self, tenant: UUID, *, codes: Sequence[str], ids: Sequence[UUID], limit: int
    ) -> tuple[OpenItem, ...]:
        """Return open items, oldest first; no codes and no ids: all of them."""
        with self._units.connection(tenant) as connection:
            return _Reads(connection, tenant).items(list(codes), list(ids), limit)


class _Reads(Repository):
    def boxes(self, now_ms: int) -> tuple[BoxFacts, ...]:
        found = []
        for row in self._rows(_BOXES):
            seen = None if row.last_seen_at is None else ms_of(row.last_seen_at)
            found.append(
                BoxFacts(
                    store=row.store_id,
                    store_name=row.name,
                    device=row.device_id,
                    software=row.software or "",
                    state=row.state or "never",
                    silent_ms=None if seen is None else max(0, now_ms - seen),
                    skew_ms=None if seen is None or not row.wall_ms else row.wall_ms - seen,
                    epoch=row.epoch,
                    waiting=row.outbox_depth or 0,
                    committed=tuple(
                        ((one.lower or 0), (one.upper or 0) - 1) for one in row.ranges or ()
                    ),
                    breaks=row.breaks,
                    feed_pos=row.feed_pos or 0,
                    feed_head=row.head,
                    feed_published=row.published,
                    faults=tuple(sorted((row.faults or {}).items())),
                )
            )
        return tuple(found)

    def repairs(self) -> tuple[RepairFacts, ...]:
        return tuple(
            RepairFacts(row.code, row.kind, row.items, ms_of(row.oldest), row.detail)
            for row in self._rows(_REPAIRS)
        )

    def items(self, codes: list[str], ids: list[UUID], limit: int) -> tuple[OpenItem, ...]:
        rows = self._rows(_ITEMS, codes=codes, ids=ids, limit=limit)
        return tuple(OpenItem(row.repair_id, row.kind, row.code) for row in rows)
