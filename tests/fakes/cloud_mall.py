"""The points mall in memory."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.ports.mall import OVER, Handed, Order, OrderState, Place, StockRow
from cloud_broker.ports.unit import StoreRefusedError
from retail_core.loyalty.leases import LENT

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


@dataclass
class MallShelf:
    """Stock by item and store, orders, and what was handed over."""

    stock: dict[tuple[str, UUID], StockRow] = field(default_factory=dict)
    orders: dict[UUID, Order] = field(default_factory=dict)
    handed: list[Handed] = field(default_factory=list)
    wishes: dict[UUID, int] = field(default_factory=dict)


class FakeMallRepo:
    """Fulfils `MallRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.mall

    def places(self) -> tuple[Place, ...]:
        some = (Place(s.store, s.name, s.legal_entity) for s in self._state.stores.values())
        return tuple(sorted(some, key=lambda one: (one.name, one.store)))

    def stock(self) -> tuple[StockRow, ...]:
        return tuple(self._shelf.stock[key] for key in sorted(self._shelf.stock))

    def locked(self, item: str, store: UUID) -> StockRow:
        return self._shelf.stock.get((item, store), StockRow(item, store, 0))

    def save_stock(self, row: StockRow, now_ms: int) -> None:
        if not 0 <= row.reserved <= row.stock:
            raise StoreRefusedError("check")
        self._shelf.stock[row.item, row.store] = row

    def add_order(self, order: Order) -> None:
        if order.order in self._shelf.orders:
            raise StoreRefusedError("duplicate key")
        self._shelf.orders[order.order] = order

    def order(self, order: UUID) -> Order | None:
        return self._shelf.orders.get(order)

    def orders_of(self, member: UUID) -> tuple[Order, ...]:
        return tuple(one for one in self.orders(10_000) if one.member == member)

    def orders(self, limit: int) -> tuple[Order, ...]:
        newest = sorted(self._shelf.orders.values(), key=lambda one: (one.ordered_ms, one.order))
        return tuple(reversed(newest))[:limit]

    def of_gifts(self, gifts: Collection[UUID]) -> tuple[Order, ...]:
        some = [one for one in self._shelf.orders.values() if one.gift in gifts]
        return tuple(sorted(some, key=lambda one: one.order))

    def moving(self, today: date, limit: int) -> tuple[UUID, ...]:
        some = [
            one
            for one in self._shelf.orders.values()
            if one.state not in OVER
            and (one.last_day < today if one.state == "open" else not self._is_lent(one.gift))
        ]
        return tuple(one.order for one in sorted(some, key=lambda o: (o.last_day, o.order)))[:limit]

    def _is_lent(self, gift: UUID) -> bool:
        leases = self._state.leases.leases.items()
        return any(key.right.id == gift and lease.state in LENT for key, lease in leases)

    def move(self, order: UUID, state: OrderState, ended_ms: int = 0) -> None:
        before = self._shelf.orders[order]
        self._shelf.orders[order] = replace(before, state=state, ended_ms=ended_ms)

    def wish(self, wallet: UUID, until_ms: int) -> None:
        self._shelf.wishes[wallet] = until_ms

    def wishing(self, wallets: Collection[UUID], now_ms: int) -> set[UUID]:
        return {one for one in wallets if self._shelf.wishes.get(one, 0) > now_ms}

    def add_handed(self, handed: Sequence[Handed]) -> None:
        known = {one.handed for one in self._shelf.handed}
        if any(one.handed in known for one in handed):
            raise StoreRefusedError("duplicate key")
        self._shelf.handed += handed

    def handed(self, limit: int) -> tuple[Handed, ...]:
        newest = sorted(self._shelf.handed, key=lambda one: (one.received_ms, one.handed))
        return tuple(reversed(newest))[:limit]
