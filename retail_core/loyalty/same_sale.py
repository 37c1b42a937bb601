"""What a sale is, whoever tells of it and how often: the goods, what was paid, and by whom.

A till that lost its answer tells of the same sale under another key. Its price may have changed in
between, so what counts is what the customer left with and what she paid; points are no tender.
"""

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

import msgspec

from retail_core.loyalty.spending import TENDER_POINTS
from retail_core.wire.messages import Sale

# Its sku, or the till's name for what has none, and thousandths.
Goods = tuple[str, int]


def content_of(sale: Sale, member: UUID | None) -> bytes:
    """Return the hash of a sale that was booked."""
    goods = ((line.sku or line.name, line.qty_milli) for line in sale.lines)
    return content_hash(goods, sale.tenders, member)


def content_hash(
    goods: Iterable[Goods], tenders: Iterable[tuple[str, int]], member: UUID | None
) -> bytes:
    """Return 32 bytes that are equal for equal goods, payments and members, in any order."""
    paid = sorted((kind, fen) for kind, fen in tenders if fen and kind != TENDER_POINTS)
    said = sorted(goods), paid, None if member is None else member.bytes
    return sha256(msgspec.msgpack.encode(said)).digest()
