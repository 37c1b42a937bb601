"""A file of what channels cost: read as a whole, every row that cannot be used is named."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final
from uuid import UUID

from cloud_broker.ports.roi import CostRow
from retail_core.errors import Fault
from retail_core.insight.returns import Cost
from retail_core.texts.faults import FaultCode

ROWS_MAX: Final = 5_000
BYTES_MAX: Final = 512_000
_FEN_MAX: Final = 10**12
_DAYS_MAX: Final = 3_660
_CHARS_MAX: Final = 64
# The columns, and what people head them.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "channel": ("channel", "渠道"),
    "store": ("store", "门店"),
    "from": ("from", "first", "开始", "开始日期"),
    "to": ("to", "last", "结束", "结束日期"),
    "amount": ("amount", "yuan", "金额", "金额(元)", "费用"),
    "note": ("note", "备注", "说明"),
}
_NEEDED: Final = ("channel", "from", "to", "amount")
TEMPLATE: Final = (
    "channel,store,from,to,amount,note\r\n"
    "ad:douyin,,2026-11-01,2026-11-30,12000.00,信息流 feed\r\n"
    "system,上海店,2026-10-01,2026-10-01,3500.00,盒子 box\r\n"
)


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that cannot be used, by its row in the file (the heading is 1)."""

    row: int
    column: str
    value: str


@dataclass(frozen=True, slots=True)
class Costs:
    """What a file says: rows that can be used, and cells that cannot."""

    rows: tuple[CostRow, ...]
    bad: tuple[BadCell, ...]

    @property
    def fen(self) -> int:
        """What it comes to."""
        return sum(one.cost.fen for one in self.rows)


def read_costs(content: bytes, stores: Mapping[str, UUID]) -> Costs:
    """Read a file; `stores` by name. Fault COST_COLUMNS for one without the columns."""
    text = _text(content)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = [name.strip().casefold() for name in next(reader, [])]
    places = {
        column: header.index(name)
        for column, names in COLUMNS.items()
        for name in names
        if name in header
    }
    if missing := [name for name in _NEEDED if name not in places]:
        raise Fault(FaultCode.COST_COLUMNS, missing=", ".join(missing), found=", ".join(header))
    rows: list[CostRow] = []
    bad: list[BadCell] = []
    for number, cells in enumerate(reader, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        said = {
            column: cells[place].strip() if place < len(cells) else ""
            for column, place in places.items()
        }
        found = _row(number, said, stores)
        if isinstance(found, BadCell):
            bad.append(found)
        else:
            rows.append(found)
        if len(rows) + len(bad) > ROWS_MAX:
            bad.append(BadCell(number, "row", f"> {ROWS_MAX}"))
            break
    return Costs(tuple(rows), tuple(bad))


def _text(content: bytes) -> str:
    if len(content) > BYTES_MAX:
        raise Fault(FaultCode.COST_COLUMNS, missing="", found=f"> {BYTES_MAX} bytes")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding).replace("\x00", "")
        except UnicodeDecodeError:
            continue
    raise Fault(FaultCode.COST_COLUMNS, missing="UTF-8 / GB 18030", found="")


def _row(number: int, said: Mapping[str, str], stores: Mapping[str, UUID]) -> CostRow | BadCell:
    channel, store = said["channel"].lower(), said.get("store", "")
    if not channel or len(channel) > _CHARS_MAX:
        return BadCell(number, "channel", said["channel"][:_CHARS_MAX])
    if store and store not in stores:
        return BadCell(number, "store", store[:_CHARS_MAX])
    first, last = _day(said["from"]), _day(said["to"])
    if first is None:
        return BadCell(number, "from", said["from"][:_CHARS_MAX])
    if last is None or not 0 <= (last - first).days < _DAYS_MAX:
        return BadCell(number, "to", said["to"][:_CHARS_MAX])
    fen = _fen(said["amount"])
    if fen is None:
        return BadCell(number, "amount", said["amount"][:_CHARS_MAX])
    note = said.get("note", "")[:200]
    return CostRow(number, channel, stores.get(store), Cost(first, last, fen), note)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None


def _fen(text: str) -> int | None:
    try:
        fen = Decimal(text.replace(",", "").removeprefix("¥")) * 100
    except InvalidOperation:
        return None
    if not fen.is_finite() or fen != fen.to_integral_value() or not 0 < fen <= _FEN_MAX:
        return None
    return int(fen)
