"""An article as shops sell it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Article:
    """One article of a catalogue version; prices in fen, tax included."""

    article_id: UUID
    sku: str
    name: str
    unit: str
    price_fen: int
    barcodes: tuple[str, ...] = ()
    cost_fen: int | None = None
    brand: str = ""
    category: str = ""
    tags: frozenset[str] = frozenset()
