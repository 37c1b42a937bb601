"""Twins, orders and commands, in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.ports.orders import CommandRow, Halt, OrderCount, OrderRow
from cloud_broker.ports.twins import PlacedLayer, TwinTold, Where
from retail_core.fleet.commands import ENDED, CommandState, Order
from retail_core.fleet.twin import SCOPES, Layer, Scope

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


@dataclass
class TwinShelf:
    """Every layer ever, what boxes said, orders and commands."""

    layers: list[PlacedLayer] = field(default_factory=list)
    told: dict[UUID, TwinTold] = field(default_factory=dict)
    orders: dict[UUID, OrderRow] = field(default_factory=dict)
    commands: dict[UUID, CommandRow] = field(default_factory=dict)
    archives: dict[UUID, tuple[int, bytes]] = field(default_factory=dict)
    halt: Halt = field(default_factory=Halt)


class FakeTwinRepo:
    """A `TwinRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.twins

    def take_turn(self) -> None:
        """Units here are one at a time."""

    def newest(self) -> int:
        return max((one.layer.version for one in self._shelf.layers), default=0)

    def region(self, name: str) -> UUID | None:
        return self._state.regions.get(name)

    def boxes(self, scope: Scope, place: UUID) -> tuple[Where, ...]:
        found = []
        for one in self._state.devices.values():
            store = self._state.stores[one.store]
            where = Where(one.device, one.store, store.region)
            if one.device not in self._state.retired and where.place(scope) == place:
                found.append((store.name, one.slot, where))
        return tuple(where for _, _, where in sorted(found, key=lambda one: one[:2]))

    def layer(self, scope: Scope, place: UUID) -> Layer | None:
        found = [
            one.layer
            for one in self._shelf.layers
            if one.place == place and one.layer.scope == scope
        ]
        return found[-1] if found else None

    def layers(self) -> Mapping[tuple[Scope, UUID], Layer]:
        return {(one.layer.scope, one.place): one.layer for one in self._shelf.layers}

    def add(self, place: UUID, layer: Layer) -> None:
        assert layer.scope in SCOPES
        self._shelf.layers.append(PlacedLayer(place, layer))

    def history(self, limit: int) -> Sequence[PlacedLayer]:
        return tuple(self._shelf.layers[::-1][:limit])

    def tell(self, device: UUID, told: TwinTold) -> None:
        held = self._shelf.told.get(device)
        if held is None or held.version <= told.version:
            self._shelf.told[device] = told

    def told(self, devices: Collection[UUID]) -> Mapping[UUID, TwinTold]:
        return {one: self._shelf.told[one] for one in devices if one in self._shelf.told}


class FakeOrderRepo:
    """An `OrderRepo`."""

    def __init__(self, state: "State") -> None:
        self._shelf = state.twins

    def add(self, order: OrderRow, commands: Sequence[CommandRow]) -> None:
        self._shelf.orders[order.order_id] = order
        self._shelf.commands |= {one.command_id: one for one in commands}

    def order(self, order_id: UUID, *, locked: bool = True) -> OrderRow | None:
        return self._shelf.orders.get(order_id)

    def orders(self, limit: int) -> tuple[OrderCount, ...]:
        newest = sorted(self._shelf.orders.values(), key=lambda one: -one.made_ms)[:limit]
        return tuple(OrderCount(one, self._counts(one.order_id)) for one in newest)

    def _counts(self, order_id: UUID) -> dict[CommandState, int]:
        counts: dict[CommandState, int] = {}
        for one in self.commands(order_id):
            counts[one.state] = counts.get(one.state, 0) + 1
        return counts

    def running(self) -> tuple[UUID, ...]:
        waits = {one.order_id for one in self._shelf.commands.values() if one.state not in ENDED}
        runs = {one.order_id for one in self._shelf.orders.values() if one.goes.state == "running"}
        return tuple(waits | runs)

    def of_store(self, store: UUID, limit: int) -> tuple[tuple[OrderRow, CommandRow], ...]:
        found = [one for one in self._shelf.commands.values() if one.store == store]
        newest = sorted(found, key=lambda one: one.command_id, reverse=True)[:limit]
        return tuple((self._shelf.orders[one.order_id], one) for one in newest)

    def commands(self, order_id: UUID, *, locked: bool = True) -> tuple[CommandRow, ...]:
        found = [one for one in self._shelf.commands.values() if one.order_id == order_id]
        return tuple(sorted(found, key=lambda one: (one.wave, one.device)))

    def open_of(self, device: UUID) -> tuple[CommandRow, ...]:
        states = {CommandState.INIT, CommandState.EXECUTING}
        found = [
            one
            for one in self._shelf.commands.values()
            if one.device == device and one.state in states
        ]
        return tuple(sorted(found, key=lambda one: one.command_id))

    def some(self, command_ids: Sequence[UUID]) -> tuple[CommandRow, ...]:
        found = [self._shelf.commands[one] for one in command_ids if one in self._shelf.commands]
        return tuple(found)

    def set_order(self, order_id: UUID, goes: Order, second: str) -> None:
        held = self._shelf.orders[order_id]
        self._shelf.orders[order_id] = replace(held, goes=goes, second=second)

    def set_commands(self, rows: Sequence[CommandRow]) -> None:
        for one in rows:
            held = self._shelf.commands[one.command_id]
            self._shelf.commands[one.command_id] = replace(one, archive_bytes=held.archive_bytes)

    def keep_archive(self, command: CommandRow, content: bytes, now_ms: int) -> None:
        self._shelf.archives[command.command_id] = (now_ms, content)
        held = self._shelf.commands[command.command_id]
        self._shelf.commands[command.command_id] = replace(held, archive_bytes=len(content))

    def archive(self, command_id: UUID) -> bytes | None:
        return self._shelf.archives.get(command_id, (0, None))[1]

    def drop_archives(self, before_ms: int) -> int:
        old = [key for key, (made, _) in self._shelf.archives.items() if made < before_ms]
        for key in old:
            del self._shelf.archives[key]
            held = self._shelf.commands[key]
            self._shelf.commands[key] = replace(held, archive_bytes=0)
        return len(old)

    def halt(self) -> Halt:
        return self._shelf.halt

    def set_halt(self, halt: Halt) -> None:
        self._shelf.halt = halt
