"""What lies in one store, as its box fetches it: a light table with the moment it was made."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

FORMAT = 1


@dataclass(frozen=True, slots=True)
class StockTable:
    """Quantities in thousandths by sku; an article that nobody counted is absent."""

    version: int
    as_of_ms: int
    milli: Mapping[str, int] = field(default_factory=dict)


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    format: int
    version: int
    as_of_ms: int
    milli: dict[str, int]


def encode_stock(table: StockTable) -> bytes:
    """Return a table as msgpack; the same table always gives the same bytes."""
    rows = dict(sorted(table.milli.items()))
    return msgspec.msgpack.encode(_Packed(FORMAT, table.version, table.as_of_ms, rows))


def decode_stock(content: bytes) -> StockTable:
    """Read a table. Faults W101 and W102."""
    try:
        packed = msgspec.msgpack.decode(content, type=_Packed)
    except (msgspec.DecodeError, ValueError):
        raise Fault(FaultCode.WIRE_MALFORMED) from None
    if packed.format != FORMAT:
        raise Fault(FaultCode.WIRE_VERSION, version=packed.format)
    return StockTable(packed.version, packed.as_of_ms, packed.milli)
