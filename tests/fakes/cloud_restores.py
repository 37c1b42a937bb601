"""Restores and askings for rights in memory."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.ports.restores import Restore, RestoreBox, Standing, Wanted
from retail_core.loyalty.leases import Right, RightKind
from retail_core.sync.ranges import Ranges

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


@dataclass
class RestoreShelf:
    """Restores, what boxes said of them, and who asks for what."""

    restores: list[Restore] = field(default_factory=list)
    boxes: dict[tuple[int, UUID], RestoreBox] = field(default_factory=dict)
    wanted: dict[tuple[Right, UUID], Wanted] = field(default_factory=dict)


class FakeRestoreRepo:
    """Fulfils `RestoreRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.restored

    def newest(self) -> Restore | None:
        return max(self._shelf.restores, key=lambda one: one.epoch, default=None)

    def begin(self, restore: Restore) -> None:
        self._shelf.restores.append(restore)

    def boxes(self, epoch: int) -> dict[UUID, RestoreBox]:
        return {device: one for (of, device), one in self._shelf.boxes.items() if of == epoch}

    def said(self, epoch: int, standing: Standing, now_ms: int) -> None:
        known = self._shelf.boxes.get((epoch, standing.device))
        if known is not None and known.standing is not None and known.standing.lost is not None:
            standing = replace(standing, lost=known.standing.lost)
        box = RestoreBox(standing.device, standing, now_ms)
        if known is not None:
            box = replace(box, excused_by=known.excused_by, excused_because=known.excused_because)
        self._shelf.boxes[epoch, standing.device] = box

    def settle(self, epoch: int, devices: Collection[UUID], now_ms: int) -> None:
        for device in devices:
            box = self._shelf.boxes[epoch, device]
            self._shelf.boxes[epoch, device] = replace(box, settled_ms=now_ms)

    def excuse(self, epoch: int, device: UUID, who: str, because: str) -> None:
        box = self._shelf.boxes.get((epoch, device), RestoreBox(device, None))
        self._shelf.boxes[epoch, device] = replace(box, excused_by=who, excused_because=because)

    def thaw(self, epoch: int, who: str, now_ms: int) -> None:
        self._shelf.restores = [
            replace(one, thawed_ms=now_ms, thawed_by=who)
            if one.epoch <= epoch and one.thawed_ms is None
            else one
            for one in self._shelf.restores
        ]

    def below_zero(self) -> dict[Right, int]:
        points = {
            Right(RightKind.POINTS, UUID(account.split(":")[1])): -balance
            for account, balance in self._state.balances.items()
            if account.startswith("member:") and account.endswith(":free") and balance < 0
        }
        others = {right: -free for right, free in self._state.leases.free.items() if free < 0}
        return points | others

    def journals(self, device: UUID) -> Mapping[int, Ranges]:
        return {
            epoch: chain.ranges
            for (owner, epoch), chain in self._state.chains.items()
            if owner == device
        }

    def highest(self, kind: str) -> int:
        said = [one.standing for one in self._shelf.boxes.values() if one.standing is not None]
        versions = [
            one.catalogue_version if kind == "catalogue" else one.bundle_version for one in said
        ]
        return max(versions, default=0)

    def online(self, devices: Collection[UUID], since_ms: int) -> set[UUID]:
        return {
            one.device
            for one in self._state.states.values()
            if one.device in devices and one.state != "gone" and one.seen_ms >= since_ms
        }

    def want(self, wanted: Collection[Wanted]) -> None:
        self._shelf.wanted |= {(one.right, one.device): one for one in wanted}

    def wanted(self, rights: Collection[Right], now_ms: int) -> tuple[Wanted, ...]:
        held = self._shelf.wanted.values()
        self._shelf.wanted = {(one.right, one.device): one for one in held if one.until_ms > now_ms}
        found = [one for one in self._shelf.wanted.values() if one.right in rights]
        return tuple(sorted(found, key=lambda one: (one.asked_ms, one.device)))

    def served(self, wanted: Collection[Wanted]) -> None:
        for one in wanted:
            self._shelf.wanted.pop((one.right, one.device), None)
