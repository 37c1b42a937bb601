"""Aggregated journeys out of a table: a path a row, how many ended how, what they were worth."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from retail_core.errors import Fault
from retail_core.insight.attribution.journeys import Journeys
from retail_core.insight.tabular.columns import find, missing, need
from retail_core.insight.tabular.numbers import number
from retail_core.insight.tabular.roles import CONVERSIONS, NULLS, PATH, VALUE, Role
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

COUNT = Words("count (0 or more)", "次数(0 或以上)")
ROUTE = Words("path", "路径")
SEPARATORS = (">", "→", "|", ";", ",")


@dataclass(frozen=True, slots=True)
class AskedPaths:
    """Headings or numbers of columns, and what stands between channels ("": found)."""

    path: str = ""
    conversions: str = ""
    value: str = ""
    nulls: str = ""
    separator: str = ""


ANY_PATHS = AskedPaths()


def read_paths(
    header: Sequence[str] | None,
    rows: Iterable[tuple[int, Sequence[str]]],
    asked: AskedPaths = ANY_PATHS,
) -> Journeys:
    """Read a table of journeys; the same path twice is added up. Faults E102 to E105."""
    found = list(rows)
    if header is None:
        header = [str(nth + 1) for nth in range(len(found[0][1]))] if found else []
    if not found:
        raise Fault(FaultCode.INSIGHT_FILE_EMPTY, name=Words("the file", "该文件"))
    places = _places(header, asked)
    separator = asked.separator or _separator(cells[places[0]] for _, cells in found if cells)
    totals: dict[tuple[str, ...], list[float]] = {}
    for row, cells in found:
        if len(cells) < len(header):
            raise Fault(FaultCode.INSIGHT_ROW_SHORT, row=row, count=len(cells), wanted=len(header))
        path = tuple(one.strip() for one in cells[places[0]].split(separator))
        if not all(path):
            raise _invalid(row, header[places[0]], cells[places[0]], ROUTE)
        counted = totals.setdefault(path, [0.0, 0.0, 0.0])
        for nth, place in enumerate(places[1:]):
            counted[nth] += 0.0 if place is None else _count(row, header[place], cells[place])
    numbers = np.array(list(totals.values()), dtype=np.float64)
    value = None if places[2] is None else numbers[:, 1]
    return Journeys(tuple(totals), numbers[:, 0], numbers[:, 2], value)


def _places(header: Sequence[str], asked: AskedPaths) -> tuple[int, int, int | None, int | None]:
    path = need(PATH, header, asked.path)
    conversions = need(CONVERSIONS, header, asked.conversions)

    def maybe(role: Role, given: str) -> int | None:
        place = find(role, header, given)
        if place is None and given:
            raise missing(role, header)
        return place

    return path, conversions, maybe(VALUE, asked.value), maybe(NULLS, asked.nulls)


def _separator(paths: Iterable[str]) -> str:
    """Return what stands between channels: the first mark that any path has."""
    some = list(paths)
    for separator in SEPARATORS:
        if any(separator in path for path in some):
            return separator
    return SEPARATORS[0]


def _count(row: int, column: str, text: str) -> float:
    found = number(text.strip())
    if found is None or found < 0:
        raise _invalid(row, column, text, COUNT)
    return found


def _invalid(row: int, column: str, text: str, kind: Words) -> Fault:
    return Fault(
        FaultCode.INSIGHT_VALUE_INVALID, row=row, column=column, value=repr(text), kind=kind
    )
