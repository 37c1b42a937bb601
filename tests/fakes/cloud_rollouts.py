"""Rollouts in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.ports.rollouts import BoxRelease, RolloutBox, RolloutRow
from retail_core.fleet.rollout import HAS_IT, Going, Trade

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


@dataclass
class RolloutShelf:
    """Every rollout, its boxes, and what boxes run."""

    rows: dict[UUID, RolloutRow] = field(default_factory=dict)
    boxes: dict[UUID, dict[UUID, RolloutBox]] = field(default_factory=dict)
    runs: dict[UUID, BoxRelease] = field(default_factory=dict)


class FakeRolloutRepo:
    """A `RolloutRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.rollouts

    def add(self, row: RolloutRow, boxes: Sequence[RolloutBox]) -> None:
        self._shelf.rows[row.rollout_id] = row
        self._shelf.boxes[row.rollout_id] = {}
        self.add_boxes(row.rollout_id, boxes)

    def add_boxes(self, rollout_id: UUID, boxes: Sequence[RolloutBox]) -> None:
        for one in boxes:
            self._shelf.boxes[rollout_id].setdefault(one.device, one)

    def rollout(self, rollout_id: UUID, *, locked: bool = True) -> RolloutRow | None:
        return self._shelf.rows.get(rollout_id)

    def rollouts(self, limit: int) -> tuple[RolloutRow, ...]:
        return tuple(sorted(self._shelf.rows.values(), key=_newest)[:limit])

    def open(self) -> tuple[UUID, ...]:
        return tuple(
            row.rollout_id
            for row in sorted(self._shelf.rows.values(), key=lambda one: one.made_ms)
            if row.going.state in {"waiting", "running", "paused"}
            or (
                row.going.state == "stopped"
                and any(one.stage in HAS_IT for one in self.boxes(row.rollout_id))
            )
        )

    def boxes(self, rollout_id: UUID) -> tuple[RolloutBox, ...]:
        found = self._shelf.boxes[rollout_id].values()
        return tuple(sorted(found, key=lambda one: (one.ring, one.device)))

    def box(self, device: UUID) -> tuple[RolloutRow, RolloutBox] | None:
        for row in sorted(self._shelf.rows.values(), key=_newest):
            if device in self._shelf.boxes[row.rollout_id]:
                return row, self._shelf.boxes[row.rollout_id][device]
        return None

    def set_going(self, rollout_id: UUID, going: Going, second: str) -> None:
        row = self._shelf.rows[rollout_id]
        self._shelf.rows[rollout_id] = replace(row, going=going, second=second)

    def set_boxes(self, rollout_id: UUID, boxes: Sequence[RolloutBox]) -> None:
        self._shelf.boxes[rollout_id] |= {one.device: one for one in boxes}

    def trade(self, since: Mapping[UUID, int], now_ms: int, before_ms: int) -> Trade:
        now = before = 0
        for sale in self._state.sales.values():
            start = since.get(sale.arrival.place.store)
            if start is not None:
                at_ms = sale.arrival.received_ms
                now += start <= at_ms < now_ms
                before += start - before_ms <= at_ms < now_ms - before_ms
        return Trade(now, before)

    def tell(self, runs: BoxRelease) -> None:
        self._shelf.runs[runs.device] = runs

    def running(self, devices: Collection[UUID]) -> Mapping[UUID, BoxRelease]:
        return {one: self._shelf.runs[one] for one in devices if one in self._shelf.runs}


def _newest(row: RolloutRow) -> tuple[int, int]:
    return -row.made_ms, -row.rollout_id.int
