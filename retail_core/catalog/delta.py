"""What changed between two versions of the catalogue, small enough to travel in the announcement.

One price changed in a thousand stores must not be a thousand catalogues fetched. Each article
stands for itself, with everything the catalogue says of it; a change that could touch a second
one (a bar code that moves, an article that ends while another bears its code) is no small one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from retail_core.catalog.article import Article
from retail_core.catalog.encoding import Catalogue, PackedArticle, PackedPrice, pack, unpack
from retail_core.catalog.price_lists import ListPrice
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

FORMAT = 1


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    format: int
    version: int
    day: int
    articles: tuple[PackedArticle, ...]
    prices: tuple[PackedPrice, ...]
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogueDelta:
    """Articles as `version` has them, with all their prices by place, and skus that ended."""

    version: int
    day: int
    articles: tuple[Article, ...]
    prices: tuple[ListPrice, ...]
    gone: tuple[str, ...] = ()

    def skus(self) -> tuple[str, ...]:
        """Return every sku it says something of."""
        return (*(one.sku for one in self.articles), *self.gone)


def encode_delta(before: Catalogue, after: Catalogue, bytes_max: int) -> bytes | None:
    """Return what leads from one version to the next; None where the whole must be fetched."""
    old, new = _by_sku(before), _by_sku(after)
    old_prices, new_prices = _prices_by_sku(before.prices), _prices_by_sku(after.prices)
    touched = [
        sku
        for sku in sorted(old.keys() | new.keys())
        if old.get(sku) != new.get(sku) or old_prices.get(sku) != new_prices.get(sku)
    ]
    if len(old) != len(before.articles) or not _stands_alone(old, new, touched):
        return None
    packed = _Packed(
        FORMAT,
        after.version,
        after.day,
        tuple(pack(new[sku]) for sku in touched if sku in new),
        tuple(
            PackedPrice(one.sku, one.scope, one.day, one.price_fen)
            for sku in touched
            for one in new_prices.get(sku, ())
        ),
        tuple(sku for sku in touched if sku not in new),
    )
    content = msgspec.msgpack.encode(packed)
    return content if len(content) <= bytes_max else None


def open_delta(content: bytes) -> CatalogueDelta:
    """Read a delta. Faults W101 and W102."""
    try:
        packed = msgspec.msgpack.decode(content, type=_Packed)
        if packed.format != FORMAT:
            raise Fault(FaultCode.WIRE_VERSION, version=packed.format)
        prices = tuple(
            ListPrice(one.sku, one.scope, one.day, one.price_fen) for one in packed.prices
        )
        articles = tuple(map(unpack, packed.articles))
    except (msgspec.DecodeError, ValueError):
        raise Fault(FaultCode.WIRE_MALFORMED) from None
    return CatalogueDelta(packed.version, packed.day, articles, prices, packed.gone)


def _by_sku(catalogue: Catalogue) -> dict[str, Article]:
    return {article.sku: article for article in catalogue.articles}


def _prices_by_sku(prices: Iterable[ListPrice]) -> dict[str, list[ListPrice]]:
    found: dict[str, list[ListPrice]] = {}
    for price in sorted(prices, key=lambda one: (one.sku, one.scope, one.day)):
        found.setdefault(price.sku, []).append(price)
    return found


def _stands_alone(
    old: Mapping[str, Article], new: Mapping[str, Article], touched: Iterable[str]
) -> bool:
    """Return whether no bar code that comes or goes is any other article's as well."""
    moving: Counter[str] = Counter()
    for sku in touched:
        had, has = (frozenset(held[sku].barcodes if sku in held else ()) for held in (old, new))
        moving.update(had ^ has)
    if not moving:
        return True
    bearers = {
        (code, one.sku) for held in (old, new) for one in held.values() for code in one.barcodes
    }
    borne = Counter(code for code, _ in bearers)
    return all(borne[code] == 1 for code in moving)
