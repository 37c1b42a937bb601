"""Rollouts in PostgreSQL; a box's row changes under its own lock, a rollout under its own."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.rollouts import BoxRelease, RolloutBox, RolloutRow
from retail_core.fleet.rollout import BoxStage, Going, Policy, Trade

_ROLLOUT = (
    "r.rollout_id, r.number, r.version, r.policy, r.why, r.author, r.second, r.made_at,"
    " r.state, r.ring, r.ring_at, r.reason, r.agreed"
)
_BOX = (
    "b.device_id, b.store_id, b.ring as box_ring, b.stage, b.changed_at, b.tried_at, b.code,"
    " b.sales, b.breaks, b.waits"
)
_ROLLOUTS = f"{_ROLLOUT} from rollout r where r.tenant_id = %(tenant)s"
_BOXES = f"{_BOX} from rollout_box b where b.tenant_id = %(tenant)s"
_ADD_BOXES = """
insert into rollout_box (tenant_id, rollout_id, device_id, store_id, ring, stage, changed_at)
select %(tenant)s, %(rollout)s, n.device_id, n.store_id, n.ring, n.stage, n.changed_at
from unnest(%(devices)b::uuid[], %(stores)b::uuid[], %(rings)b::bigint[], %(stages)b::text[],
  %(changed)b::timestamptz[]) as n(device_id, store_id, ring, stage, changed_at)
on conflict do nothing
"""
_SET_BOXES = """
update rollout_box b set stage = n.stage, changed_at = n.changed_at, tried_at = n.tried_at,
  code = n.code, sales = n.sales, breaks = n.breaks, waits = n.waits
from unnest(%(devices)b::uuid[], %(stages)b::text[], %(changed)b::timestamptz[],
  %(tried)b::timestamptz[], %(codes)b::text[], %(sales)b::bigint[], %(breaks)b::bigint[],
  %(waits)b::text[])
  as n(device_id, stage, changed_at, tried_at, code, sales, breaks, waits)
where b.tenant_id = %(tenant)s and b.rollout_id = %(rollout)s and b.device_id = n.device_id
"""
_OPEN = """
select r.rollout_id from rollout r where r.tenant_id = %(tenant)s and (
  r.state in ('waiting', 'running', 'paused') or r.state = 'stopped' and exists (
    select from rollout_box b where b.tenant_id = r.tenant_id and b.rollout_id = r.rollout_id
      and b.stage in ('trying', 'proved')))
order by r.made_at
"""
_OF_BOX = f"""
select {_ROLLOUT}, {_BOX} from rollout_box b join rollout r
  on r.tenant_id = b.tenant_id and r.rollout_id = b.rollout_id
where b.tenant_id = %(tenant)s and b.device_id = %(device)s
order by r.made_at desc, r.rollout_id desc limit 1 for update of b
"""  # noqa: S608 -- constants
# What a store's other box sold counts as well: the customers are the store's.
_TRADE = """
select coalesce(sum(now_sold), 0) as now_sold, coalesce(sum(sold_before), 0) as sold_before
from unnest(%(stores)b::uuid[], %(since)b::timestamptz[]) as n(store_id, since)
cross join lateral (
  select count(*) as now_sold from receipt r where r.tenant_id = %(tenant)s
    and r.store_id = n.store_id and r.received_at >= n.since and r.received_at < %(now)s) one
cross join lateral (
  select count(*) as sold_before from receipt r where r.tenant_id = %(tenant)s
    and r.store_id = n.store_id
    and r.received_at >= n.since - %(before)s * interval '1 millisecond'
    and r.received_at < %(now)s - %(before)s * interval '1 millisecond') other
"""


class PostgresRollouts(Repository):
    """Fulfils `RolloutRepo`."""

    def add(self, row: RolloutRow, boxes: Sequence[RolloutBox]) -> None:
        """Enter a rollout with its boxes."""
        going = row.going
        self._run(
            "insert into rollout values (%(tenant)s, %(rollout)s, %(number)s, %(version)s,"
            " %(policy)s::jsonb, %(why)s, %(author)s, %(second)s, %(made)s, %(state)s, %(ring)s,"
            " %(ring_at)s, %(reason)s, %(agreed)b)",
            rollout=row.rollout_id,
            number=row.number,
            version=row.version,
            policy=msgspec.json.encode(row.policy).decode(),
            why=row.why,
            author=row.author,
            second=row.second,
            made=at(row.made_ms),
            state=going.state,
            ring=going.ring,
            ring_at=at(going.ring_ms),
            reason=going.why,
            agreed=list(going.agreed),
        )
        self.add_boxes(row.rollout_id, boxes)

    def add_boxes(self, rollout_id: UUID, boxes: Sequence[RolloutBox]) -> None:
        """Add boxes that were let in meanwhile."""
        self._run(
            _ADD_BOXES,
            rollout=rollout_id,
            devices=[one.device for one in boxes],
            stores=[one.store for one in boxes],
            rings=[one.ring for one in boxes],
            stages=[one.stage.value for one in boxes],
            changed=[at(one.changed_ms) for one in boxes],
        )

    def rollout(self, rollout_id: UUID, *, locked: bool = True) -> RolloutRow | None:
        """Return a rollout, by default locked."""
        row = self._row(
            f"select {_ROLLOUTS}"
            " and r.rollout_id = %(rollout)s" + (" for update" if locked else ""),
            rollout=rollout_id,
        )
        return None if row is None else _rollout(row)

    def rollouts(self, limit: int) -> tuple[RolloutRow, ...]:
        """Return the last rollouts, newest first."""
        rows = self._rows(
            f"select {_ROLLOUTS} order by r.made_at desc, r.rollout_id desc limit %(limit)s",
            limit=limit,
        )
        return tuple(_rollout(row) for row in rows)

    def open(self) -> tuple[UUID, ...]:
        """Return those that wait, run, are paused, or were stopped and not all boxes are back."""
        return tuple(row.rollout_id for row in self._rows(_OPEN))

    def boxes(self, rollout_id: UUID) -> tuple[RolloutBox, ...]:
        """Return a rollout's boxes by ring and box."""
        rows = self._rows(
            f"select {_BOXES} and b.rollout_id = %(rollout)s order by b.ring, b.device_id",
            rollout=rollout_id,
        )
        return tuple(_box(row) for row in rows)

    def box(self, device: UUID) -> tuple[RolloutRow, RolloutBox] | None:
        """Return the newest rollout that a box has part in, its row locked, the rollout not."""
        row = self._row(_OF_BOX, device=device)
        return None if row is None else (_rollout(row), _box(row))

    def set_going(self, rollout_id: UUID, going: Going, second: str) -> None:
        """Move a rollout on."""
        self._run(
            "update rollout set state = %(state)s, ring = %(ring)s, ring_at = %(at)s,"
            " reason = %(reason)s, agreed = %(agreed)b, second = %(second)s"
            " where tenant_id = %(tenant)s and rollout_id = %(rollout)s",
            rollout=rollout_id,
            state=going.state,
            ring=going.ring,
            at=at(going.ring_ms),
            reason=going.why,
            agreed=list(going.agreed),
            second=second,
        )

    def set_boxes(self, rollout_id: UUID, boxes: Sequence[RolloutBox]) -> None:
        """Write boxes' new stages."""
        self._run(
            _SET_BOXES,
            rollout=rollout_id,
            devices=[one.device for one in boxes],
            stages=[one.stage.value for one in boxes],
            changed=[at(one.changed_ms) for one in boxes],
            tried=[at(one.tried_ms) for one in boxes],
            codes=[one.code for one in boxes],
            sales=[one.sales for one in boxes],
            breaks=[one.breaks for one in boxes],
            waits=[one.waits for one in boxes],
        )

    def trade(self, since: Mapping[UUID, int], now_ms: int, before_ms: int) -> Trade:
        """Return the sales of stores since a moment each, and of the same time `before_ms` ago."""
        row = self._row(
            _TRADE,
            stores=list(since),
            since=[at(moment) for moment in since.values()],
            now=at(now_ms),
            before=before_ms,
        )
        return Trade() if row is None else Trade(int(row.now_sold), int(row.sold_before))

    def tell(self, runs: BoxRelease) -> None:
        """Keep what a box runs."""
        self._run(
            "insert into box_release values (%(tenant)s, %(device)s, %(number)s, %(version)s,"
            " %(told)s) on conflict (tenant_id, device_id) do update set"
            " number = excluded.number, version = excluded.version, told_at = excluded.told_at",
            device=runs.device,
            number=runs.number,
            version=runs.version,
            told=at(runs.told_ms),
        )

    def running(self, devices: Collection[UUID]) -> Mapping[UUID, BoxRelease]:
        """Return what boxes run."""
        rows = self._rows(
            "select device_id, number, version, told_at from box_release"
            " where tenant_id = %(tenant)s and device_id = any(%(devices)b)",
            devices=list(devices),
        )
        return {
            row.device_id: BoxRelease(row.device_id, row.number, row.version, ms_of(row.told_at))
            for row in rows
        }


def _rollout(row: Row[Any]) -> RolloutRow:
    going = Going(row.state, row.ring, ms_of(row.ring_at), row.reason, tuple(row.agreed))
    policy = msgspec.convert(row.policy, Policy)
    return RolloutRow(
        *(row.rollout_id, row.number, row.version, policy, row.why, row.author, row.second),
        *(ms_of(row.made_at), going),
    )


def _box(row: Row[Any]) -> RolloutBox:
    return RolloutBox(
        *(row.device_id, row.store_id, row.box_ring, BoxStage(row.stage), ms_of(row.changed_at)),
        *(ms_of(row.tried_at), row.code, row.sales, row.breaks, row.waits),
    )
