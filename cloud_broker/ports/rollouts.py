"""Releases on their way to boxes, how far each box is, and what every box runs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from retail_core.fleet.rollout import BoxStage, Going, Policy, Standing, Trade


@dataclass(frozen=True, slots=True)
class RolloutRow:
    """A release going out: which, by what rules, who said so, who agreed, how it stands."""

    rollout_id: UUID
    number: int
    version: str
    policy: Policy
    why: str
    author: str
    second: str
    made_ms: int
    going: Going


@dataclass(frozen=True, slots=True)
class RolloutBox:
    """One box of a rollout; `tried_ms` is when its trial began, 0 before."""

    device: UUID
    store: UUID
    ring: int
    stage: BoxStage
    changed_ms: int
    tried_ms: int = 0
    code: str = ""
    sales: int = 0
    breaks: int = 0
    waits: str = ""

    @property
    def standing(self) -> Standing:
        """What the other boxes' turn depends on."""
        return Standing(self.ring, self.stage)


@dataclass(frozen=True, slots=True)
class BoxRelease:
    """What a box said it runs; number 0 is what its installer left."""

    device: UUID
    number: int
    version: str
    told_ms: int


class RolloutRepo(Protocol):
    """Rollouts."""

    def add(self, row: RolloutRow, boxes: Sequence[RolloutBox]) -> None:
        """Enter a rollout with its boxes."""
        ...

    def rollout(self, rollout_id: UUID, *, locked: bool = True) -> RolloutRow | None:
        """Return a rollout, by default locked."""
        ...

    def rollouts(self, limit: int) -> tuple[RolloutRow, ...]:
        """Return the last rollouts, newest first."""
        ...

    def open(self) -> tuple[UUID, ...]:
        """Return those that wait, run, are paused, or were stopped and not all boxes are back."""
        ...

    def boxes(self, rollout_id: UUID) -> tuple[RolloutBox, ...]:
        """Return a rollout's boxes by ring and box."""
        ...

    def add_boxes(self, rollout_id: UUID, boxes: Sequence[RolloutBox]) -> None:
        """Add boxes that were let in meanwhile."""
        ...

    def box(self, device: UUID) -> tuple[RolloutRow, RolloutBox] | None:
        """Return the newest rollout that a box has part in, its row locked, the rollout not."""
        ...

    def set_going(self, rollout_id: UUID, going: Going, second: str) -> None:
        """Move a rollout on."""
        ...

    def set_boxes(self, rollout_id: UUID, boxes: Sequence[RolloutBox]) -> None:
        """Write boxes' new stages."""
        ...

    def trade(self, since: Mapping[UUID, int], now_ms: int, before_ms: int) -> Trade:
        """Return the sales of stores since a moment each, and of the same time `before_ms` ago."""
        ...

    def tell(self, runs: BoxRelease) -> None:
        """Keep what a box runs."""
        ...

    def running(self, devices: Collection[UUID]) -> Mapping[UUID, BoxRelease]:
        """Return what boxes run."""
        ...
