"""A catalogue version as bytes: the same articles always give the same bytes."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import msgspec

from retail_core.catalog.article import Article
from retail_core.catalog.price_lists import ListPrice
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

FORMAT = 1


class PackedArticle(msgspec.Struct, array_like=True, frozen=True):
    """An article as it travels."""

    article_id: bytes
    sku: str
    name: str
    unit: str
    price_fen: int
    barcodes: tuple[str, ...]
    cost_fen: int | None
    brand: str
    category: str
    tags: tuple[str, ...]


class PackedPrice(msgspec.Struct, array_like=True, frozen=True):
    """A price by place as it travels."""

    sku: str
    scope: str
    day: int
    price_fen: int | None


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    format: int
    version: int
    articles: msgspec.Raw  # read only once the format is known
    day: int = 0
    prices: tuple[PackedPrice, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A catalogue version: articles as on `day` (20260731, 0 unknown), and the prices by place."""

    version: int
    articles: tuple[Article, ...]
    day: int = 0
    prices: tuple[ListPrice, ...] = ()


def encode_catalogue(
    version: int, articles: Iterable[Article], *, day: int = 0, prices: Iterable[ListPrice] = ()
) -> bytes:
    """Return the catalogue as msgpack, whatever order the articles come in."""
    ordered = sorted(articles, key=lambda article: (article.sku, article.article_id))
    packed = msgspec.Raw(msgspec.msgpack.encode([pack(article) for article in ordered]))
    listed = sorted(prices, key=lambda price: (price.sku, price.scope, price.day))
    prices_packed = tuple(PackedPrice(one.sku, one.scope, one.day, one.price_fen) for one in listed)
    return msgspec.msgpack.encode(_Packed(FORMAT, version, packed, day, prices_packed))


def open_catalogue(content: bytes) -> Catalogue:
    """Read a catalogue, articles by sku. Faults W101 and W102."""
    try:
        packed = msgspec.msgpack.decode(content, type=_Packed)
        if packed.format != FORMAT:
            raise Fault(FaultCode.WIRE_VERSION, version=packed.format)
        articles = msgspec.msgpack.decode(packed.articles, type=tuple[PackedArticle, ...])
        prices = tuple(
            ListPrice(one.sku, one.scope, one.day, one.price_fen) for one in packed.prices
        )
        return Catalogue(packed.version, tuple(map(unpack, articles)), packed.day, prices)
    except (msgspec.DecodeError, ValueError):
        raise Fault(FaultCode.WIRE_MALFORMED) from None


def decode_catalogue(content: bytes) -> tuple[int, tuple[Article, ...]]:
    """Read a catalogue: (version, articles by sku). Faults W101 and W102."""
    read = open_catalogue(content)
    return read.version, read.articles


def pack(article: Article) -> PackedArticle:
    """Return an article as it travels."""
    return PackedArticle(
        article_id=article.article_id.bytes,
        sku=article.sku,
        name=article.name,
        unit=article.unit,
        price_fen=article.price_fen,
        barcodes=article.barcodes,
        cost_fen=article.cost_fen,
        brand=article.brand,
        category=article.category,
        tags=tuple(sorted(article.tags)),
    )


def unpack(packed: PackedArticle) -> Article:
    """Return an article that travelled."""
    return Article(
        article_id=UUID(bytes=packed.article_id),
        sku=packed.sku,
        name=packed.name,
        unit=packed.unit,
        price_fen=packed.price_fen,
        barcodes=packed.barcodes,
        cost_fen=packed.cost_fen,
        brand=packed.brand,
        category=packed.category,
        tags=frozenset(packed.tags),
    )
