"""What lies in one store, as its box fetches it: a light table with the moment it was made.

What HQ says of the store itself comes along.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

FORMAT = 1


@dataclass(frozen=True, slots=True)
class StoreSaid:
    """A store as HQ's masters have it; its day begins at `day_starts_at`, as "04:00"."""

    name: str
    city: str
    region: str
    day_starts_at: str


@dataclass(frozen=True, slots=True)
class StockTable:
    """Quantities in thousandths by sku; an article that nobody counted is absent."""

    version: int
    as_of_ms: int
    milli: Mapping[str, int] = field(default_factory=dict)
    store: StoreSaid | None = None


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    format: int
    version: int
    as_of_ms: int
    milli: dict[str, int]
    store: StoreSaid | None = None


def encode_stock(table: StockTable) -> bytes:
    """Return a table as msgpack; the same table always gives the same bytes."""
    rows = dict(sorted(table.milli.items()))
    packed = _Packed(FORMAT, table.version, table.as_of_ms, rows, table.store)
    return msgspec.msgpack.encode(packed)


def decode_stock(content: bytes) -> StockTable:
    """Read a table. Faults W101 and W102."""
    try:
        packed = msgspec.msgpack.decode(content, type=_Packed)
    except (msgspec.DecodeError, ValueError):
        raise Fault(FaultCode.WIRE_MALFORMED) from None
    if packed.format != FORMAT:
        raise Fault(FaultCode.WIRE_VERSION, version=packed.format)
    return StockTable(packed.version, packed.as_of_ms, packed.milli, packed.store)
