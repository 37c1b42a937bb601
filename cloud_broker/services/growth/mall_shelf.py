"""What members see of the points mall, and what HQ's pages ask of it."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cloud_broker.ports.benefits import Gift
from cloud_broker.ports.mall import Handed, Order, Place, StockRow
from cloud_broker.services.faces.face_desk import Person
from retail_core.growth.mall import MallItem, Purse
from retail_core.pricing.rules.english import EnglishNames

Overview = tuple[tuple[MallItem, ...], tuple[StockRow, ...], tuple[Order, ...], tuple[Place, ...]]


@dataclass(frozen=True, slots=True)
class Offered:
    """An item as a member sees it: what is left of it where."""

    item: MallItem
    left: tuple[tuple[Place, int], ...]
    ordered: int


@dataclass(frozen=True, slots=True)
class Mall:
    """The mall as a member sees it, with her orders and all her gifts."""

    purse: Purse
    offered: tuple[Offered, ...]
    orders: tuple[Order, ...]
    gifts: tuple[Gift, ...]
    places: dict[UUID, str]
    english: EnglishNames


class MallShelf(Protocol):
    """The mall as HQ sees and stocks it."""

    def overview(self, tenant: UUID) -> Overview:
        """Return items, stock, the newest orders and the stores."""
        ...

    def handed(self, tenant: UUID) -> tuple[Handed, ...]:
        """Return gifts of every kind that were handed over, the newest first."""
        ...

    def set_stock(self, who: Person, item: str, store: UUID, stock: int) -> StockRow:
        """Say how much of an item lies in a store (Faults L114, M130, M142, API_NOT_FOUND)."""
        ...
