"""What surrounds a store: columns of the table of stores that say who comes by.

None has a usual value: a file without the column says nothing of it.
"""

import re
from collections.abc import Callable, Mapping

from retail_core.catalog.cells import Row
from retail_core.catalog.reasons import RowReason
from retail_core.money import to_narrow

_FIGURE = re.compile("[1-9][0-9]{0,6}")
_KINDS = {
    "": "",
    **dict.fromkeys(("office", "写字楼"), "office"),
    **dict.fromkeys(("residential", "住宅"), "residential"),
    **dict.fromkeys(("mall", "购物中心"), "mall"),
    **dict.fromkeys(("street", "街边"), "street"),
    **dict.fromkeys(("campus", "学校"), "campus"),
    **dict.fromkeys(("transit", "交通枢纽"), "transit"),
}
# Chinese heading → column.
CHINESE: dict[str, str] = {
    "商圈": "trade_area",
    "商圈类型": "trade_area_kind",
    "面积": "floor_m2",
    "日均客流": "footfall_day",
}


def _name(row: Row, column: str, _known: object) -> str:
    return row.text(column)


def _kind(row: Row, column: str, _known: object) -> str:
    said = row.text(column).lower()
    if said not in _KINDS:
        row.complain(column, RowReason.KIND_UNKNOWN, said)
    return _KINDS.get(said, "")


def _figure(row: Row, column: str, _known: object) -> str:
    """Return a whole number from 1 to 9,999,999, "" where none is given."""
    said = to_narrow(row.text(column)).replace(",", "")
    if said and not _FIGURE.fullmatch(said):
        row.complain(column, RowReason.FIGURE_INVALID, said)
        return ""
    return said


CELLS: Mapping[str, Callable[[Row, str, object], str]] = {
    "trade_area": _name,
    "trade_area_kind": _kind,
    "floor_m2": _figure,
    "footfall_day": _figure,
}
