"""The points mall's stock and orders, and gifts that were handed over at a till."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol
from uuid import UUID

OrderState = Literal["open", "cancelling", "expiring", "handed", "cancelled", "expired"]
OVER: frozenset[OrderState] = frozenset({"handed", "cancelled", "expired"})


@dataclass(frozen=True, slots=True)
class StockRow:
    """An item in a store; `reserved` of the stock are kept for orders."""

    item: str
    store: UUID
    stock: int
    reserved: int = 0

    @property
    def free(self) -> int:
        """What can still be ordered."""
        return self.stock - self.reserved


@dataclass(frozen=True, slots=True)
class Order:
    """Something ordered for points; `redeemer` is the legal entity that hands it over."""

    order: UUID
    member: UUID
    wallet: UUID
    item: str
    sku: str
    name: str
    points: int
    store: UUID
    redeemer: UUID
    gift: UUID
    state: OrderState
    ordered_on: date
    last_day: date
    ordered_ms: int
    ended_ms: int = 0


@dataclass(frozen=True, slots=True)
class Handed:
    """A gift that a till handed over."""

    handed: UUID
    gift: UUID
    member: UUID
    store: UUID
    device: UUID
    operator: UUID | None
    kind: str
    sku: str
    name: str
    day: date
    happened_ms: int
    received_ms: int


@dataclass(frozen=True, slots=True)
class Place:
    """A store where something can be picked up, and its legal entity."""

    store: UUID
    name: str
    legal_entity: UUID


class MallRepo(Protocol):
    """The mall of one tenant."""

    def places(self) -> tuple[Place, ...]:
        """Return the stores by name."""
        ...

    def stock(self) -> tuple[StockRow, ...]:
        """Return what lies where."""
        ...

    def locked(self, item: str, store: UUID) -> StockRow:
        """Return one item in one store, locked until the end; nothing where it never was."""
        ...

    def save_stock(self, row: StockRow, now_ms: int) -> None:
        """Store what lies there and what is kept."""
        ...

    def add_order(self, order: Order) -> None:
        """Enter an order."""
        ...

    def order(self, order: UUID) -> Order | None:
        """Return an order, locked until the end."""
        ...

    def orders_of(self, member: UUID) -> tuple[Order, ...]:
        """Return a member's orders, the newest first."""
        ...

    def orders(self, limit: int) -> tuple[Order, ...]:
        """Return orders, the newest first."""
        ...

    def of_gifts(self, gifts: Collection[UUID]) -> tuple[Order, ...]:
        """Return the orders these gifts were given for, locked until the end."""
        ...

    def moving(self, today: date, limit: int) -> tuple[UUID, ...]:
        """Return orders that can be ended (no box holds them now) or whose last day is over."""
        ...

    def move(self, order: UUID, state: OrderState, ended_ms: int = 0) -> None:
        """Store an order's state."""
        ...

    def wish(self, wallet: UUID, until_ms: int) -> None:
        """Keep what comes back to a wallet free until then."""
        ...

    def wishing(self, wallets: Collection[UUID], now_ms: int) -> set[UUID]:
        """Return the wallets whose points are kept free now."""
        ...

    def add_handed(self, handed: Sequence[Handed]) -> None:
        """Append gifts that were handed over."""
        ...

    def handed(self, limit: int) -> tuple[Handed, ...]:
        """Return gifts that were handed over, the newest first."""
        ...
