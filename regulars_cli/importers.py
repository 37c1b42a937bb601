"""Public data sets of retail sales, turned into sales files.

What each column becomes stands in docs/reference/sales-files.md. Amounts of any currency become
hundredths. Returns, cancellations and lines without a price are left out and counted.
"""

import csv
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO

from retail_core.errors import Fault
from retail_core.pricing.rehearsal.sold import SoldBasket, SoldLine
from retail_core.texts.faults import FaultCode
from retail_core.texts.system_words import system_words
from retail_core.texts.words import Words

_MILLI = 1000
_SHOWN = 40
_HUNDRED = 100
_PERMILLE = 1000
# How the maker of Online Retail writes a time; others of its copies are in ISO.
_US_TIME = "%m/%d/%Y %H:%M"
_FIRST_DAY = datetime(2020, 1, 6, 10, 0)  # noqa: DTZ001 - wall time, as in the whole format


@dataclass(slots=True)
class Import:
    """How to import, and what was left out, by why."""

    cost_permille: int | None = None
    price_fen: int = 1000
    left_out: Counter[str] = field(default_factory=Counter)

    def cost_of(self, price_fen: int) -> int | None:
        """Return the cost that is assumed for an article; None assumes none."""
        return None if self.cost_permille is None else price_fen * self.cost_permille // _PERMILLE


Rows = Iterator[dict[str, str]]
Importer = Callable[[list[Path], Import], Iterator[SoldBasket]]


def open_text(path: Path) -> IO[str]:
    """Open a text file, packed by gzip or not (Fault P130)."""
    try:
        if path.suffix == ".gz":
            return gzip.open(path, "rt", encoding="utf-8", newline="")
        return path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise Fault(FaultCode.FILE_UNREADABLE, path=path, detail=system_words(error)) from None


def _rows(path: Path, source: str, wanted: set[str]) -> Rows:
    with open_text(path) as file:
        try:
            reader = csv.DictReader(file, restval="")
            missing = sorted(wanted - set(reader.fieldnames or ()))
            if missing:
                raise _wrong(path, source, _absent(missing))
            yield from reader
        except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
            raise _wrong(path, source, str(error)) from None


def _absent(columns: list[str]) -> Words:
    names = ", ".join(columns)
    return Words(f"no column {names}", f"缺少列 {names}")


def _wrong(path: Path, source: str, detail: str) -> Fault:
    return Fault(FaultCode.SALES_SOURCE_INVALID, path=path, source=source, detail=detail)


def _time(text: str, path: Path, source: str) -> datetime:
    """Return a wall time (Fault P134 naming what stands there)."""
    for read in (datetime.fromisoformat, lambda said: datetime.strptime(said, _US_TIME)):  # noqa: DTZ007 -- wall time
        with suppress(ValueError):
            return read(text).replace(tzinfo=None)
    shown = repr(text[:_SHOWN])
    raise _wrong(path, source, Words(f"no time: {shown}", f"不是时刻:{shown}"))


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return Decimal(0)
    return number if number.is_finite() else Decimal(0)


@dataclass(frozen=True, slots=True)
class _Article:
    sku: str
    name: str
    brand: str = ""
    category: str = ""


def _line(how: Import, article: _Article, units: Decimal, amount: Decimal) -> SoldLine | None:
    """Return a line that cost `amount`; when a unit is no whole fen, it is sold as one piece."""
    if units <= 0 or amount <= 0:
        how.left_out["line without price or quantity"] += 1
        return None
    fen = round(amount * _HUNDRED)
    price = fen / units
    if units == units.to_integral_value() and price == price.to_integral_value():
        unit_price, qty_milli = int(price), int(units) * _MILLI
    else:
        unit_price, qty_milli = fen, _MILLI
    return SoldLine(
        sku=article.sku,
        unit_price_fen=unit_price,
        qty_milli=qty_milli,
        cost_fen=how.cost_of(unit_price),
        name=article.name,
        brand=article.brand,
        category=article.category,
    )


def online_retail(paths: list[Path], how: Import) -> Iterator[SoldBasket]:
    """Read Online Retail: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice."""
    wanted = {"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice"}
    for path in paths:
        rows: list[dict[str, str]] = []
        for row in _rows(path, "online-retail", wanted):
            if rows and row["InvoiceNo"] != rows[0]["InvoiceNo"]:
                yield from _invoice(rows, path, how)
                rows = []
            rows.append(row)
        yield from _invoice(rows, path, how)


def _invoice(rows: list[dict[str, str]], path: Path, how: Import) -> Iterator[SoldBasket]:
    if not rows:
        return
    first = rows[0]
    if not first["InvoiceNo"].isdigit():
        how.left_out["cancelled or corrected receipt"] += 1
        return
    lines = []
    for row in rows:
        units = _number(row["Quantity"])
        amount = units * _number(row["UnitPrice"])
        article = _Article(row["StockCode"], row["Description"].strip())
        line = _line(how, article, units, amount)
        if line is not None:
            lines.append(line)
    if not lines:
        how.left_out["receipt without lines"] += 1
        return
    yield SoldBasket(
        receipt=first["InvoiceNo"],
        opened=_time(first["InvoiceDate"], path, "online-retail"),
        lines=_merged(lines),
        region=first.get("Country", ""),
        member=first.get("CustomerID", ""),
        paid_fen=sum(line.unit_price_fen * (line.qty_milli // _MILLI) for line in lines),
    )


def _merged(lines: Iterable[SoldLine]) -> tuple[SoldLine, ...]:
    """Put equal articles at equal prices on one line, as a till does."""
    units: dict[SoldLine, int] = defaultdict(int)
    for line in lines:
        units[_one(line)] += line.qty_milli
    return tuple(_one(line, qty_milli) for line, qty_milli in units.items())


def _one(line: SoldLine, qty_milli: int = _MILLI) -> SoldLine:
    return SoldLine(
        sku=line.sku,
        unit_price_fen=line.unit_price_fen,
        qty_milli=qty_milli,
        cost_fen=line.cost_fen,
        name=line.name,
        brand=line.brand,
        category=line.category,
    )


_JOURNEY_SALES = frozenset(
    {"basket_id", "product_id", "store_id", "household_id", "quantity", "transaction_timestamp"}
    | {"sales_value", "retail_disc", "coupon_disc", "coupon_match_disc"}
)


def complete_journey(paths: list[Path], how: Import) -> Iterator[SoldBasket]:
    """Read The Complete Journey: transactions, and the products beside them when given.

    Receipts are put in order of time, so the transactions are held in memory.
    """
    products: dict[str, dict[str, str]] = {}
    receipts: dict[str, list[dict[str, str]]] = defaultdict(list)
    for path in paths:
        for row in _rows(path, "complete-journey", {"product_id"}):
            if "basket_id" in row:
                receipts[row["basket_id"]].append(_whole(row, path))
            else:
                products[row["product_id"]] = row
    if not receipts:
        raise _wrong(paths[0], "complete-journey", "no column basket_id")
    for rows in sorted(receipts.values(), key=lambda rows: rows[0]["transaction_timestamp"]):
        yield from _journey(rows, products, paths[0], how)


def _whole(row: dict[str, str], path: Path) -> dict[str, str]:
    missing = sorted(_JOURNEY_SALES - row.keys())
    if missing:
        raise _wrong(path, "complete-journey", _absent(missing))
    return row


def _journey(
    rows: list[dict[str, str]], products: dict[str, dict[str, str]], path: Path, how: Import
) -> Iterator[SoldBasket]:
    lines, paid = [], Decimal(0)
    for row in rows:
        sales = _number(row["sales_value"])
        shelf = sales + _number(row["retail_disc"]) + _number(row["coupon_match_disc"])
        product = products.get(row["product_id"], {})
        article = _Article(
            row["product_id"],
            product.get("product_type", ""),
            product.get("brand", ""),
            product.get("department", ""),
        )
        line = _line(how, article, _number(row["quantity"]), shelf)
        if line is not None:
            lines.append(line)
            paid += sales - _number(row["coupon_disc"])
    if not lines:
        how.left_out["receipt without lines"] += 1
        return
    first = rows[0]
    yield SoldBasket(
        receipt=first["basket_id"],
        opened=_time(first["transaction_timestamp"], path, "complete-journey"),
        lines=_merged(lines),
        store=first["store_id"],
        member=first["household_id"],
        paid_fen=max(0, round(paid * _HUNDRED)),
    )


def _no_receipt(line: int) -> Words:
    shape = '["536365", ["milk", "bread"]]'
    return Words(f"line {line} is not like {shape}", f"第 {line} 行不像 {shape}")


def groceries(paths: list[Path], how: Import) -> Iterator[SoldBasket]:
    """Read Groceries: receipts without times or prices; every article costs `price_fen`.

    Receipts are put a minute apart, from a Monday on.
    """
    for path in paths:
        with open_text(path) as file:
            number = 0
            try:
                for number, text in enumerate(file):
                    yield _groceries_receipt(text, number, how)
            except (OSError, EOFError) as error:
                raise _wrong(path, "groceries", str(error)) from None
            except (ValueError, TypeError, KeyError, IndexError):
                raise _wrong(path, "groceries", _no_receipt(number + 1)) from None


def _groceries_receipt(text: str, number: int, how: Import) -> SoldBasket:
    receipt, names = json.loads(text)
    lines = tuple(
        SoldLine(
            sku=str(name),
            unit_price_fen=how.price_fen,
            cost_fen=how.cost_of(how.price_fen),
            name=str(name),
        )
        for name in names
    )
    opened = _FIRST_DAY + timedelta(minutes=number)
    return SoldBasket(
        receipt=str(receipt), opened=opened, lines=lines, paid_fen=how.price_fen * len(lines)
    )


IMPORTERS: dict[str, Importer] = {
    "online-retail": online_retail,
    "complete-journey": complete_journey,
    "groceries": groceries,
}
