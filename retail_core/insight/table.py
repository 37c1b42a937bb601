"""A table of recommendations as boxes hold it; the same receipts always give the same bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Table:
    """What goes with what.

    `near`: by article, others it is bought with, best first, with their closeness in thousandths.
    `popular`: most bought first. `again_days`: after how many days half of its buyers buy it again.
    `again_first`: what is due again is shown before what goes with hers.
    """

    version: int
    near: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    popular: tuple[str, ...] = ()
    again_days: Mapping[str, int] = field(default_factory=dict)
    again_first: bool = False


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    format: int
    version: int
    skus: tuple[str, ...]
    near: tuple[tuple[int, tuple[tuple[int, int], ...]], ...]
    popular: tuple[int, ...]
    again_days: tuple[tuple[int, int], ...]
    again_first: bool = False


def encode_table(table: Table) -> bytes:
    """Return a table as msgpack: every sku once, then numbers."""
    named = {other for some in table.near.values() for other, _ in some}
    skus = tuple(sorted({*table.near, *named, *table.popular, *table.again_days}))
    place = {sku: number for number, sku in enumerate(skus)}
    near = tuple(
        (place[sku], tuple((place[other], close) for other, close in table.near[sku]))
        for sku in sorted(table.near)
    )
    again = tuple((place[sku], days) for sku, days in sorted(table.again_days.items()))
    popular = tuple(place[sku] for sku in table.popular)
    return msgspec.msgpack.encode(
        _Packed(FORMAT, table.version, skus, near, popular, again, table.again_first)
    )


def decode_table(content: bytes) -> Table:
    """Read a table. Faults W101 and W102."""
    try:
        packed = msgspec.msgpack.decode(content, type=_Packed)
        if packed.format != FORMAT:
            raise Fault(FaultCode.WIRE_VERSION, version=packed.format)
        skus = packed.skus
        return Table(
            packed.version,
            {
                skus[sku]: tuple((skus[other], close) for other, close in some)
                for sku, some in packed.near
            },
            tuple(skus[sku] for sku in packed.popular),
            {skus[sku]: days for sku, days in packed.again_days},
            packed.again_first,
        )
    except (msgspec.DecodeError, ValueError, IndexError):
        raise Fault(FaultCode.WIRE_MALFORMED) from None
