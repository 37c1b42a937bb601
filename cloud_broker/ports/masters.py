"""Master data: the tables of a back office, their versions, prices by place, and imports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol
from uuid import UUID

from retail_core.catalog.masters import Cells, Key, Known, MasterKind
from retail_core.catalog.planning import Held
from retail_core.catalog.price_lists import ListPrice


@dataclass(frozen=True, slots=True)
class PriceFrom:
    """What an article costs somewhere from a day on; None gives the wider price back."""

    article: UUID
    scope: str
    day: date
    price_fen: int | None


@dataclass(frozen=True, slots=True)
class StoreNow:
    """A store as it is now; `code` is "" for one that no file has named yet, `entity` likewise."""

    store: UUID
    code: str
    name: str
    region: str
    closed: bool
    city: str = ""
    day_starts_at: str = ""
    zone: str = ""
    entity: str = ""

    @property
    def cells(self) -> Cells:
        """What a file would have said of it; an entity without a code cannot be named."""
        said = {"name": self.name, "city": self.city, "region": self.region, "zone": self.zone}
        named = {"entity": self.entity} if self.entity else {}
        return said | {"day_starts_at": self.day_starts_at} | named


@dataclass(frozen=True, slots=True)
class StoreSaid:
    """What a file says of a store, with the ids of what it names."""

    store: UUID
    code: str
    name: str
    city: str
    legal_entity: UUID
    region: UUID
    zone: str
    day_starts_at: str
    closed: bool


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A code that tills sold and no article has, with what the till said of it last."""

    code: str
    name: str
    seen: int
    unit_price_fen: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class NewImport:
    """A file that was uploaded: what it is, and the version of the table it was planned against."""

    import_id: UUID
    kind: MasterKind
    name: str
    content: bytes
    complete: bool
    base_version: int
    uploaded_by: str


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import in the history; `applied_ms` is None while nobody has put it in force."""

    import_id: UUID
    kind: MasterKind
    name: str
    complete: bool
    base_version: int
    uploaded_by: str
    uploaded_ms: int
    applied_by: str | None = None
    applied_ms: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    undoable: bool = False
    undone_by: UUID | None = None


class MasterRepo(Protocol):
    """The tables as they are, day by day."""

    def version(self, kind: MasterKind) -> int:
        """Return how often a table was changed."""
        ...

    def raise_version(self, kind: MasterKind, seen: int) -> bool:
        """Move a table from the version seen to the next; False when it is elsewhere by now."""
        ...

    def held(self, kind: MasterKind) -> dict[Key, list[Held]]:
        """Return a whole table, each key's days oldest first; of stock only the last count."""
        ...

    def known(self) -> Known:
        """Return every code that a file may name."""
        ...

    def add_prices(self, prices: Sequence[PriceFrom], now_ms: int) -> None:
        """Append prices."""
        ...

    def prices(self) -> tuple[ListPrice, ...]:
        """Return every price, oldest first, stores named by their ids."""
        ...

    def add_places(self, kind: MasterKind, rows: Sequence[tuple[str, Held]], now_ms: int) -> None:
        """Append what a file says of entities, stores or warehouses: (code, from when what)."""
        ...

    def places(self, kind: MasterKind, day: date) -> dict[str, Cells]:
        """Return entities, stores or warehouses as files say they are on a day."""
        ...

    def save_entity(self, entity: UUID, code: str, name: str, tax_no: str) -> None:
        """Enter a legal entity or write it over; one of this name takes the code."""
        ...

    def entity_ids(self) -> dict[str, UUID]:
        """Return legal entities by code."""
        ...

    def save_store(self, store: StoreSaid, now_ms: int) -> None:
        """Write over what is known of a store; it is entered by `FleetRepo.add_store` first."""
        ...

    def stores(self, only: UUID | None = None) -> tuple[StoreNow, ...]:
        """Return every store by name, or the one that is meant."""
        ...

    def save_warehouse(self, warehouse: UUID, code: str, cells: Cells) -> None:
        """Enter a warehouse or write it over; a known code keeps its id."""
        ...

    def place_ids(self) -> dict[str, UUID]:
        """Return where stock lies, by code: stores and warehouses."""
        ...

    def unknown_codes(self, limit: int) -> tuple[UnknownCode, ...]:
        """Return codes that were sold and that no article has, most sold first."""
        ...

    def add_import(self, new: NewImport, counts: Mapping[str, int], now_ms: int) -> None:
        """Keep an uploaded file."""
        ...

    def import_of(self, import_id: UUID) -> tuple[ImportRow, bytes] | None:
        """Return an import and its file."""
        ...

    def imports(self, limit: int) -> tuple[ImportRow, ...]:
        """Return the history, newest first."""
        ...

    def import_applied(
        self, import_id: UUID, who: str, counts: Mapping[str, int], undo: str, now_ms: int
    ) -> bool:
        """Note that an import is in force; False when it was already."""
        ...

    def undo_of(self, import_id: UUID) -> str:
        """Return the file that takes an import back, "" when there is none."""
        ...

    def import_undone(self, import_id: UUID, by: UUID) -> None:
        """Note which import took this one back."""
        ...
