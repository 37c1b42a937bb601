"""What HQ's pages ask of the points mall."""

from typing import Protocol
from uuid import UUID

from cloud_broker.ports.mall import Handed, Order, Place, StockRow
from cloud_broker.services.faces.face_desk import Person
from retail_core.growth.mall import MallItem

Overview = tuple[tuple[MallItem, ...], tuple[StockRow, ...], tuple[Order, ...], tuple[Place, ...]]


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
