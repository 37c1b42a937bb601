"""Feeds of stores in PostgreSQL: dense positions, handed out under the store's row lock."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.feed import FeedHead, FeedRow, NewChange
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

# Locked in one order by everybody, so that two writers wait for each other and never in a circle.
_TAKE = """
with held as (
  select f.store_id from store_feed f
  where f.tenant_id = %(tenant)s and f.store_id = any(%(stores)b::uuid[])
  order by f.store_id for update
)
update store_feed f set head = f.head + n.taken
from held, unnest(%(stores)b::uuid[], %(taken)b::bigint[]) as n(store_id, taken)
where f.tenant_id = %(tenant)s and f.store_id = held.store_id and n.store_id = held.store_id
returning f.store_id, f.feed_epoch, f.head - n.taken as first
"""
_APPEND = """
insert into feed (tenant_id, store_id, pos, prev_pos, kind, key, ver, body, committed_at)
select %(tenant)s, n.store, n.pos, n.pos - 1, n.kind, n.key, n.ver, n.body, %(now)s
from unnest(%(store)b::uuid[], %(pos)b::bigint[], %(kind)b::text[], %(key)b::uuid[],
  %(ver)b::bigint[], %(body)b::bytea[]) as n(store, pos, kind, key, ver, body)
"""
_HEADS = """
select store_id, feed_epoch, head, published, pruned from store_feed
where tenant_id = %(tenant)s and
"""


class PostgresFeed(Repository):
    """Fulfils `FeedRepo`."""

    def append(
        self, changes: Mapping[UUID, Sequence[NewChange]], now_ms: int
    ) -> tuple[FeedRow, ...]:
        """Append changes to stores' feeds; rows come back by store and position."""
        if not changes:
            return ()
        taken = self._rows(
            _TAKE, stores=list(changes), taken=[len(some) for some in changes.values()]
        )
        rows = tuple(
            FeedRow(row.store_id, row.feed_epoch, row.first + place, change, now_ms)
            for row in sorted(taken, key=lambda row: row.store_id.int)
            for place, change in enumerate(changes[row.store_id], start=1)
        )
        self._put(
            _APPEND,
            store=[row.store for row in rows],
            pos=[row.pos for row in rows],
            kind=[row.change.kind for row in rows],
            key=[row.change.key for row in rows],
            ver=[row.change.ver for row in rows],
            body=[row.change.body for row in rows],
            now=at(now_ms),
        )
        return rows

    def since(self, store: UUID, pos: int, limit: int) -> tuple[FeedRow, ...]:
        """Return the rows after a position; before what was pruned none is told of."""
        rows = self._rows(
            "select f.store_id, f.pos, f.kind, f.key, f.ver, f.body, f.committed_at, h.feed_epoch"
            " from feed f"
            " join store_feed h on h.tenant_id = f.tenant_id and h.store_id = f.store_id"
            " where f.tenant_id = %(tenant)s and f.store_id = %(store)s"
            " and f.pos > greatest(%(pos)s::bigint, h.pruned) order by f.pos limit %(limit)s",
            store=store,
            pos=pos,
            limit=limit,
        )
        return tuple(map(_feed_row, rows))

    def between(self, gaps: Mapping[UUID, tuple[int, int]]) -> tuple[FeedRow, ...]:
        """Return stores' rows after a position and before another."""
        rows = self._rows(
            "select f.store_id, f.pos, f.kind, f.key, f.ver, f.body, f.committed_at, h.feed_epoch"
            " from unnest(%(stores)b::uuid[], %(after)b::bigint[], %(before)b::bigint[])"
            " as g(store_id, low, high)"
            " join store_feed h on h.tenant_id = %(tenant)s and h.store_id = g.store_id"
            " join feed f on f.tenant_id = h.tenant_id and f.store_id = h.store_id"
            " and f.pos > greatest(g.low, h.pruned) and f.pos < g.high",
            stores=list(gaps),
            after=[after for after, _ in gaps.values()],
            before=[before for _, before in gaps.values()],
        )
        return tuple(map(_feed_row, rows))

    def heads(self, stores: Collection[UUID]) -> dict[UUID, FeedHead]:
        """Return the states of stores' feeds; unknown ones are absent."""
        rows = self._rows(_HEADS + "store_id = any(%(stores)b::uuid[])", stores=sorted(stores))
        return {row.store_id: _head(row) for row in rows}

    def head(self, store: UUID) -> FeedHead:
        """Return the state of a store's feed; Fault API_NOT_FOUND."""
        row = self._row(_HEADS + "store_id = %(store)s", store=store)
        if row is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="store")
        return _head(row)

    def begin_epoch(self, store: UUID) -> int:
        """Raise a store's feed epoch by one and return it; positions go on."""
        row = self._row(
            "update store_feed set feed_epoch = feed_epoch + 1"
            " where tenant_id = %(tenant)s and store_id = %(store)s returning feed_epoch",
            store=store,
        )
        if row is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="store")
        return int(row.feed_epoch)

    def behind(self) -> dict[UUID, FeedHead]:
        """Return the stores whose feed was not announced to its end."""
        return {row.store_id: _head(row) for row in self._rows(_HEADS + "published < head")}

    def mark_published(self, marks: Mapping[UUID, int]) -> None:
        """Move stores' marks forward; a lower mark than the one stored is passed over."""
        if marks:
            self._run(
                "with held as (select store_id from store_feed where tenant_id = %(tenant)s"
                " and store_id = any(%(stores)b::uuid[]) order by store_id for update)"
                " update store_feed f set published = least(n.pos, f.head)"
                " from held, unnest(%(stores)b::uuid[], %(marks)b::bigint[]) as n(store_id, pos)"
                " where f.tenant_id = %(tenant)s and f.store_id = held.store_id"
                " and n.store_id = held.store_id and n.pos > f.published",
                stores=list(marks),
                marks=list(marks.values()),
            )


def _feed_row(row: Row[Any]) -> FeedRow:
    return FeedRow(
        row.store_id,
        row.feed_epoch,
        row.pos,
        NewChange(row.kind, row.key, row.ver, row.body),
        ms_of(row.committed_at),
    )


def _head(row: Row[Any]) -> FeedHead:
    return FeedHead(row.feed_epoch, row.head, row.published, row.pruned)
