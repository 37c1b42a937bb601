"""Frames that wait to be booked, in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository
from cloud_broker.ports.journal import ChainKey
from cloud_broker.ports.waiting import Left, WaitingDepth, WaitingFrame

_ADD = """
insert into frame_waiting (tenant_id, shard, device_id, epoch, first_seq, last_seq, places,
  received_ms, topic, payload)
select %(tenant)s, n.shard, n.device, n.epoch, n.first, n.last, n.places::smallint[], n.received,
  n.topic, n.payload
from unnest(%(shard)b::smallint[], %(device)b::uuid[], %(epoch)b::bigint[], %(first)b::bigint[],
  %(last)b::bigint[], %(places)b::text[], %(received)b::bigint[], %(topic)b::text[],
  %(payload)b::bytea[])
  with ordinality as n(shard, device, epoch, first, last, places, received, topic, payload, nth)
order by n.nth
"""
# How much lies before a frame is counted by the frames' own figures: no payload is read for it.
_OLDEST = """
with line as materialized (
  select pos, coalesce(cardinality(places), last_seq - first_seq + 1) as events
  from frame_waiting where tenant_id = %(tenant)s and shard = any(%(shards)b::smallint[])
  order by pos limit %(events)s),
near as (select pos, sum(events) over (order by pos) - events as before from line)
select f.* from frame_waiting f join near n on n.pos = f.pos
where f.tenant_id = %(tenant)s and n.before < %(events)s order by f.pos
"""


class PostgresWaiting(Repository):
    """Fulfils `WaitingRepo`."""

    def add(self, frames: Sequence[WaitingFrame]) -> None:
        """Put frames at the end of the line."""
        if not frames:
            return
        self._put(
            _ADD,
            shard=[one.shard for one in frames],
            device=[one.device for one in frames],
            epoch=[one.epoch for one in frames],
            first=[one.first_seq for one in frames],
            last=[one.last_seq for one in frames],
            places=[None if one.left is None else _array(one.left) for one in frames],
            received=[one.received_ms for one in frames],
            topic=[one.topic for one in frames],
            payload=[one.payload for one in frames],
        )

    def oldest(self, shards: Collection[int], events: int) -> tuple[WaitingFrame, ...]:
        """Return the first frames of these shards, up to so many events but at least one frame."""
        rows = self._rows(_OLDEST, shards=list(shards), events=events)
        return tuple(
            WaitingFrame(
                row.shard,
                row.device_id,
                row.epoch,
                row.first_seq,
                row.last_seq,
                row.received_ms,
                row.topic,
                bytes(row.payload),
                _left(row),
                row.pos,
            )
            for row in rows
        )

    def lock(self, positions: Collection[int]) -> dict[int, Left]:
        """Return what is left of those that still wait, locked until the end."""
        rows = self._rows(
            "select pos, places from frame_waiting where tenant_id = %(tenant)s"
            " and pos = any(%(positions)b::bigint[]) order by pos for update",
            positions=list(positions),
        )
        return {row.pos: _left(row) for row in rows}

    def leave(self, left: Mapping[int, tuple[int, ...]]) -> None:
        """Note what is left of locked frames; a frame of which nothing is left goes."""
        if done := [pos for pos, places in left.items() if not places]:
            self._put(
                "delete from frame_waiting where tenant_id = %(tenant)s"
                " and pos = any(%(done)b::bigint[])",
                done=done,
            )
        if cut := {pos: places for pos, places in left.items() if places}:
            self._put(
                "update frame_waiting f set places = n.places::smallint[]"
                " from unnest(%(positions)b::bigint[], %(places)b::text[]) as n(pos, places)"
                " where f.tenant_id = %(tenant)s and f.pos = n.pos",
                positions=list(cut),
                places=[_array(places) for places in cut.values()],
            )

    def first(self, besides: Collection[int] = ()) -> int | None:
        """Return the lowest position that waits besides these; None when there is none."""
        row = self._row(
            "select pos from frame_waiting where tenant_id = %(tenant)s"
            " and pos <> all(%(besides)b::bigint[]) order by pos limit 1",
            besides=list(besides),
        )
        return None if row is None else int(row.pos)

    def of(self, keys: Collection[ChainKey]) -> frozenset[ChainKey]:
        """Return of which of these journals anything waits."""
        rows = self._rows(
            "select distinct f.device_id, f.epoch from frame_waiting f"
            " join unnest(%(devices)b::uuid[], %(epochs)b::bigint[]) as k(device_id, epoch)"
            " using (device_id, epoch) where f.tenant_id = %(tenant)s",
            devices=[device for device, _ in keys],
            epochs=[epoch for _, epoch in keys],
        )
        return frozenset((row.device_id, row.epoch) for row in rows)

    def depth(self) -> WaitingDepth:
        """Return how much waits."""
        row = self._row(
            "select count(*) as frames, min(received_ms) as oldest,"
            " coalesce(sum(coalesce(cardinality(places), last_seq - first_seq + 1)), 0)::bigint"
            " as events from frame_waiting where tenant_id = %(tenant)s"
        )
        assert row is not None  # noqa: S101 - an aggregate has one row
        return WaitingDepth(row.frames, row.events, row.oldest)


def _array(places: tuple[int, ...]) -> str:
    return "{" + ",".join(map(str, places)) + "}"


def _left(row: Row[Any]) -> Left:
    return None if row.places is None else tuple(row.places)
