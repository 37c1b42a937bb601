"""Which column holds what, by its name in several languages, or by what stands in it."""

import re
from collections.abc import Callable, Sequence

from retail_core.errors import Fault
from retail_core.insight.tabular.dates import looks_like_day
from retail_core.insight.tabular.numbers import number
from retail_core.insight.tabular.roles import Role
from retail_core.texts.faults import FaultCode

_SAMPLE_SHARE = 0.8


def bare(heading: str) -> str:
    """Return a heading without blanks, marks and capitals."""
    return re.sub(r"[\W_]+", "", heading.strip().lower())


def find(
    role: Role,
    header: Sequence[str],
    given: str = "",
    fits: Callable[[int], bool] = lambda _column: True,
) -> int | None:
    """Return the column of a role: the one `given` by heading or number (from 1), else by name.

    `fits` looks into a column that its name speaks for. Fault E103 for a given one that is absent.
    """
    if given:
        return _given(role, header, given)
    names = [bare(one) for one in header]
    for name in role.names:
        for column, heading in enumerate(names):
            if heading == name and fits(column):
                return column
    for part in role.parts:
        for column, heading in enumerate(names):
            against = any(word in heading for word in role.never)
            if part in heading and not against and fits(column):
                return column
    return None


def need(role: Role, header: Sequence[str], given: str = "") -> int:
    """Return the column of a role. Fault E103 where there is none."""
    column = find(role, header, given)
    if column is None:
        raise missing(role, header)
    return column


def missing(role: Role, header: Sequence[str]) -> Fault:
    """Return the fault of a column that is not there."""
    columns = ", ".join(header)
    return Fault(
        FaultCode.INSIGHT_COLUMN_MISSING, what=role.what, columns=columns, option=role.option
    )


def has_header(first: Sequence[str]) -> bool:
    """Say whether a file's first row names its columns: none of it is a number or a day."""
    return not any(number(cell) is not None or looks_like_day(cell) for cell in first)


def holds(cells: Sequence[str], wanted: Callable[[str], bool]) -> bool:
    """Say whether a column's cells are mostly of a kind; empty ones say nothing."""
    told = [cell for cell in cells if cell.strip()]
    return bool(told) and sum(map(wanted, told)) >= _SAMPLE_SHARE * len(told)


def _given(role: Role, header: Sequence[str], given: str) -> int:
    exact = [column for column, heading in enumerate(header) if heading.strip() == given.strip()]
    alike = [column for column, heading in enumerate(header) if bare(heading) == bare(given)]
    if found := exact or alike:
        return found[0]
    if given.isdecimal() and 1 <= int(given) <= len(header):
        return int(given) - 1
    raise missing(role, header)
