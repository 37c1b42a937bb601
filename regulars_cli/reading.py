"""The files of a pricing: rule bundle, basket, member."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from regulars_cli.common import read
from retail_core.checkout.basket import Basket, BasketLine
from retail_core.pricing.bundle import RuleBundle, bundle_hash, parse_bundle
from retail_core.pricing.context import ANY_STORE, MemberContext, StoreContext


@dataclass(frozen=True, slots=True)
class Rules:
    """A bundle and the hash of the file it came from."""

    bundle: RuleBundle
    sha256: bytes


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    sku: str
    unit_price_fen: int
    qty_milli: int = 1000
    line: int = 0
    name: str = ""
    brand: str = ""
    category: str = ""
    tags: frozenset[str] = frozenset()


class _Basket(msgspec.Struct, forbid_unknown_fields=True):
    opened: datetime
    lines: tuple[_Line, ...]
    store: StoreContext = ANY_STORE


def read_rules(path: Path) -> Rules:
    """Read and check a bundle (Faults P107, P130)."""
    content = read(path)
    return Rules(parse_bundle(content), bundle_hash(content))


def read_basket(path: Path) -> tuple[Basket, StoreContext]:
    """Read a basket."""
    found = msgspec.json.decode(read(path), type=_Basket)
    lines = tuple(
        BasketLine(
            line=entry.line or number,
            sku=entry.sku,
            article_id=None,
            name=entry.name or entry.sku,
            unit_price_fen=entry.unit_price_fen,
            qty_milli=entry.qty_milli,
            brand=entry.brand,
            category=entry.category,
            tags=entry.tags,
        )
        for number, entry in enumerate(found.lines, start=1)
    )
    return Basket(lines, found.opened), found.store


def read_member(path: Path | None) -> MemberContext | None:
    """Read a member; None stays None."""
    return None if path is None else msgspec.json.decode(read(path), type=MemberContext)
