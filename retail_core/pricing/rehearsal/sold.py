"""Past sales as rehearsals read them: one JSON object a line, described in sales-files.md."""

from codecs import BOM_UTF8
from datetime import datetime

import msgspec

from retail_core.checkout.basket import Basket, BasketLine, line_shelf_fen
from retail_core.errors import Fault
from retail_core.money import divide_half_up
from retail_core.pricing.rules.conditions import NOBODY
from retail_core.pricing.rules.reading import misfit_of
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

_MILLI = 1000
_WITH_ZONE = Words(
    "opened: write wall time in the store, without a zone", "opened:请写门店当地钟点,不带时区"
)


class SoldLine(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A line as it was sold, at its shelf price; `cost_fen` is what a unit costs the shop."""

    sku: str
    unit_price_fen: int
    qty_milli: int = _MILLI
    cost_fen: int | None = None
    name: str = ""
    brand: str = ""
    category: str = ""
    tags: frozenset[str] = NOBODY


class SoldBasket(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One receipt; `opened` is wall time in the store's zone, `paid_fen` what was really paid."""

    receipt: str
    opened: datetime
    lines: tuple[SoldLine, ...]
    store: str = ""
    region: str = ""
    channel: str = ""
    member: str = ""
    paid_fen: int | None = None


_decoder = msgspec.json.Decoder(SoldBasket)
_encoder = msgspec.json.Encoder(order="deterministic")


def read_sold(line: bytes, number: int) -> SoldBasket:
    """Read one line of a sales file; some editors begin a file with a mark (Fault P133)."""
    try:
        sold = _decoder.decode(line.removeprefix(BOM_UTF8) if number == 1 else line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        said = misfit_of(error).words()
        raise Fault(FaultCode.SALES_FILE_INVALID, line=number, detail=said) from None
    if sold.opened.tzinfo is not None:
        raise Fault(FaultCode.SALES_FILE_INVALID, line=number, detail=_WITH_ZONE)
    return sold


def write_sold(sold: SoldBasket) -> bytes:
    """Return a sale as one line."""
    return _encoder.encode(sold) + b"\n"


def basket_of(sold: SoldBasket) -> Basket:
    """Return the basket as a till would ask a price for it."""
    lines = tuple(
        BasketLine(
            line=number,
            sku=line.sku,
            article_id=None,
            name=line.name or line.sku,
            unit_price_fen=line.unit_price_fen,
            qty_milli=line.qty_milli,
            brand=line.brand,
            category=line.category,
            tags=line.tags,
        )
        for number, line in enumerate(sold.lines, start=1)
    )
    return Basket(lines, sold.opened)


def shelf_fen(sold: SoldBasket) -> int:
    """Return what the lines cost without any offer."""
    return sum(map(line_shelf_fen, basket_of(sold).lines))


def cost_fen(sold: SoldBasket) -> int | None:
    """Return what the goods cost the shop; None when any of them is not known."""
    total = 0
    for line in sold.lines:
        if line.cost_fen is None:
            return None
        total += divide_half_up(line.cost_fen * line.qty_milli, _MILLI)
    return total
