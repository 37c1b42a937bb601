"""The repair queue in PostgreSQL."""

from collections.abc import Collection, Sequence
from uuid import UUID

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.repair import OpenRepairs, RepairItem

_ADD = """
insert into repair_queue as held (
  tenant_id, repair_id, kind, code, detail, store_id, device_id, epoch, seq, event_id, member_id,
  topic, payload, received_at)
select %(tenant)s, n.* from unnest(
  %(id)b::uuid[], %(kind)b::text[], %(code)b::text[], %(detail)b::text[], %(store)b::uuid[],
  %(device)b::uuid[], %(epoch)b::bigint[], %(seq)b::bigint[], %(event)b::uuid[],
  %(member)b::uuid[], %(topic)b::text[], %(payload)b::bytea[], %(received)b::timestamptz[]) as n
on conflict (tenant_id, repair_id) do update set tries = held.tries + 1
"""
_TAKE = """
select repair_id, kind, code, detail, received_at, store_id, device_id, epoch, seq, event_id,
  member_id, topic, payload
from repair_queue
where tenant_id = %(tenant)s and repair_id = %(id)s and state = 'open' for update
"""


class PostgresRepair(Repository):
    """Fulfils `RepairRepo`."""

    def add(self, items: Sequence[RepairItem]) -> None:
        """Put items in the queue; one that is there already only counts one more try."""
        distinct = list({item.repair_id: item for item in items}.values())
        if not distinct:
            return
        self._put(
            _ADD,
            id=[item.repair_id for item in distinct],
            kind=[item.kind for item in distinct],
            code=[item.code for item in distinct],
            detail=[item.detail.replace("\x00", "") for item in distinct],
            store=[item.store for item in distinct],
            device=[item.device for item in distinct],
            epoch=[item.epoch for item in distinct],
            seq=[item.seq for item in distinct],
            event=[item.event_id for item in distinct],
            member=[item.member for item in distinct],
            topic=[item.topic.replace("\x00", "") for item in distinct],
            payload=[item.payload for item in distinct],
            received=[at(item.received_ms) for item in distinct],
        )

    def take(self, repair_id: UUID) -> RepairItem | None:
        """Return an open item, locked until the end of the transaction."""
        row = self._row(_TAKE, id=repair_id)
        if row is None:
            return None
        return RepairItem(
            repair_id=row.repair_id,
            kind=row.kind,
            code=row.code,
            detail=row.detail,
            received_ms=ms_of(row.received_at),
            store=row.store_id,
            device=row.device_id,
            epoch=row.epoch,
            seq=row.seq,
            event_id=row.event_id,
            member=row.member_id,
            topic=row.topic,
            payload=row.payload,
        )

    def still_broken(self, repair_id: UUID, code: str, detail: str) -> None:
        """Note a try that failed."""
        self._run(
            "update repair_queue set tries = tries + 1, code = %(code)s, detail = %(detail)s"
            " where tenant_id = %(tenant)s and repair_id = %(id)s",
            id=repair_id,
            code=code,
            detail=detail.replace("\x00", ""),
        )

    def resolve(self, repair_ids: Collection[UUID], by: str, now_ms: int) -> None:
        """Close items."""
        self._run(
            "update repair_queue set state = 'done', resolved_at = %(now)s, resolved_by = %(by)s"
            " where tenant_id = %(tenant)s and repair_id = any(%(ids)b) and state = 'open'",
            ids=list(repair_ids),
            by=by,
            now=at(now_ms),
        )

    def resolve_members(self, members: Collection[UUID], now_ms: int) -> None:
        """Close the `member` items of members that have become known."""
        if members:
            self._put(
                "update repair_queue set state = 'done', resolved_at = %(now)s,"
                " resolved_by = 'enrolment' where tenant_id = %(tenant)s and kind = 'member'"
                " and state = 'open' and member_id = any(%(members)b)",
                members=list(members),
                now=at(now_ms),
            )

    def refused(self, event_ids: Collection[UUID]) -> dict[UUID, str]:
        """Return event → code for those of the events that wait in the queue."""
        rows = self._rows(
            "select event_id, code from repair_queue where tenant_id = %(tenant)s"
            " and kind = 'event' and state = 'open' and event_id = any(%(events)b)",
            events=list(event_ids),
        )
        return {row.event_id: row.code for row in rows}

    def standing(self, codes: Collection[str]) -> tuple[OpenRepairs, ...]:
        """Return how many items of these codes are open in each store, by store and code."""
        rows = self._rows(
            "select store_id, code, count(*) as items, min(received_at) as since"
            " from repair_queue where tenant_id = %(tenant)s and state = 'open'"
            " and code = any(%(codes)b) group by store_id, code order by store_id, code",
            codes=sorted(codes),
        )
        return tuple(
            OpenRepairs(row.store_id, row.code, row.items, ms_of(row.since)) for row in rows
        )
