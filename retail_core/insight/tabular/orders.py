"""A log of orders out of a table: customers numbered, days and amounts read, rows counted."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

import numpy as np

from retail_core.errors import Fault
from retail_core.insight.arrays import Floats, Ints
from retail_core.insight.tabular.columns import bare, find, holds, missing, need
from retail_core.insight.tabular.dates import Distinct, looks_like_day, read_days
from retail_core.insight.tabular.numbers import number
from retail_core.insight.tabular.roles import (
    AMOUNT,
    CATEGORY,
    CUSTOMER,
    DATE,
    OTHER_IDS,
    PRICE,
    QUANTITY,
)
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

NUMBER = Words("number", "数字")
NOBODY = frozenset({"", "nan", "null", "none", "na", "n/a", "-", "\\n"})
_SAMPLE = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person says of a file: headings or numbers of columns, how days are written.

    With `skip_bad` rows that cannot be read are counted and left out.
    """

    customer: str = ""
    date: str = ""
    amount: str = ""
    category: str = ""
    date_format: str = ""
    skip_bad: bool = False


ANYHOW = Asked()


@dataclass(frozen=True, slots=True)
class Columns:
    """Where things stand; `amount` is one column, or quantity and price to be multiplied."""

    customer: int
    date: int
    amount: tuple[int, ...]
    category: int | None = None


@dataclass(frozen=True, slots=True)
class OrderLog:
    """Rows as arrays of one length; `names` of customers by their number.

    `day` is a proleptic ordinal. `left_out` counts rows by why: `nobody`, `bad`. `columns` says by
    heading what was read as what. `by_category`: rows bought, by customer's number and category.
    """

    names: Sequence[str]
    customer: Ints
    day: Ints
    amount: Floats
    rows: int
    left_out: Mapping[str, int]
    columns: Mapping[str, str]
    by_category: Mapping[int, Mapping[str, float]]


@dataclass(slots=True)
class _Gathered:
    numbers: dict[str, int] = field(default_factory=dict)
    days: dict[str, int] = field(default_factory=dict)
    day_rows: list[int] = field(default_factory=list)
    customer: list[int] = field(default_factory=list)
    day: list[int] = field(default_factory=list)
    amount: list[float] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    categories: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    rows: int = 0


def read_orders(
    header: Sequence[str] | None,
    rows: Iterable[tuple[int, Sequence[str]]],
    asked: Asked = ANYHOW,
) -> OrderLog:
    """Read a table; `header` None where the file names no columns. Faults E102 to E106."""
    rows = iter(rows)
    sample = list(islice(rows, _SAMPLE))
    if not sample:
        raise Fault(FaultCode.INSIGHT_FILE_EMPTY, name=Words("the file", "该文件"))
    width = len(header) if header is not None else len(sample[0][1])
    named = header if header is not None else [str(nth + 1) for nth in range(width)]
    columns = locate(named, [cells for _, cells in sample], asked, by_name=header is not None)
    gathered = _Gathered()
    reader = _Reader(gathered, columns, named, asked, _needed(columns))
    for row, cells in chain(sample, rows):
        reader.take(row, cells)
    return _log(gathered, columns, named, asked)


def locate(
    header: Sequence[str], sample: Sequence[Sequence[str]], asked: Asked, *, by_name: bool
) -> Columns:
    """Find the columns by name, by what stands in them where there are no names."""

    def column(nth: int) -> list[str]:
        return [cells[nth] for cells in sample if nth < len(cells)]

    def days(nth: int) -> bool:
        return holds(column(nth), looks_like_day)

    def numbers(nth: int) -> bool:
        return holds(column(nth), lambda cell: number(cell) is not None)

    if not by_name:
        return _by_content(header, column, asked)
    customer = find(CUSTOMER, header, asked.customer)
    if customer is None:
        ids = [(nth, bare(one)) for nth, one in enumerate(header)]
        named = [nth for nth, one in ids if one.endswith("id") and not _anothers(one)]
        if not named:
            raise missing(CUSTOMER, header)
        customer = named[0]
    date = find(DATE, header, asked.date, days)
    if date is None:
        date = need(DATE, header)  # its cells will say what is wrong with them
    category = need(CATEGORY, header, asked.category) if asked.category else None
    return Columns(customer, date, _amount(header, asked, numbers), category)


def _anothers(heading: str) -> bool:
    return any(other in heading for other in OTHER_IDS)


def _amount(header: Sequence[str], asked: Asked, numbers: Callable[[int], bool]) -> tuple[int, ...]:
    found = find(AMOUNT, header, asked.amount, numbers)
    if found is not None:
        return (found,)
    quantity = find(QUANTITY, header, "", numbers)
    price = find(PRICE, header, "", numbers)
    if price is None:
        return (need(AMOUNT, header),)
    return (price,) if quantity is None else (quantity, price)


def _by_content(header: Sequence[str], column: Callable[[int], list[str]], asked: Asked) -> Columns:
    """Take the first column of days, the last of broken numbers as amount, the first else."""
    places = range(len(header))
    if asked.date:
        date = need(DATE, header, asked.date)
    else:
        days = [nth for nth in places if holds(column(nth), looks_like_day)]
        if not days:
            raise missing(DATE, header)
        date = days[0]
    if asked.amount:
        amount = need(AMOUNT, header, asked.amount)
    else:
        paid = [nth for nth in places if holds(column(nth), lambda cell: number(cell) is not None)]
        broken = [nth for nth in paid if any("." in cell or "," in cell for cell in column(nth))]
        usable = [nth for nth in broken or paid if nth != date]
        if not usable:
            raise missing(AMOUNT, header)
        amount = usable[-1]
    others = [nth for nth in places if nth not in {date, amount}]
    if asked.customer:
        customer = need(CUSTOMER, header, asked.customer)
    elif others:
        customer = others[0]
    else:
        raise missing(CUSTOMER, header)
    category = need(CATEGORY, header, asked.category) if asked.category else None
    return Columns(customer, date, (amount,), category)


def _needed(columns: Columns) -> int:
    return 1 + max(columns.customer, columns.date, *columns.amount, columns.category or 0)


@dataclass(slots=True)
class _Reader:
    """Takes one row after another; the same texts of days and amounts are read once."""

    gathered: _Gathered
    columns: Columns
    header: Sequence[str]
    asked: Asked
    needed: int
    known: dict[str, float] = field(default_factory=dict)

    def take(self, row: int, cells: Sequence[str]) -> None:
        """Gather a row. Faults E104 and E105."""
        gathered, columns = self.gathered, self.columns
        gathered.rows += 1
        if len(cells) < self.needed:
            if self.asked.skip_bad:
                gathered.left_out["bad"] += 1
                return
            raise Fault(
                FaultCode.INSIGHT_ROW_SHORT, row=row, count=len(cells), wanted=len(self.header)
            )
        name = cells[columns.customer].strip()
        if name.lower() in NOBODY:
            gathered.left_out["nobody"] += 1
            return
        amount = 1.0
        for column in columns.amount:
            read = self._number(row, column, cells[column])
            if read is None:
                gathered.left_out["bad"] += 1
                return
            amount *= read
        text = cells[columns.date]
        day = gathered.days.setdefault(text, len(gathered.days))
        if day == len(gathered.day_rows):
            gathered.day_rows.append(row)
        customer = gathered.numbers.setdefault(name, len(gathered.numbers))
        gathered.customer.append(customer)
        gathered.day.append(day)
        gathered.amount.append(amount)
        if columns.category is not None and amount > 0:
            gathered.categories[customer][cells[columns.category].strip()] += 1

    def _number(self, row: int, column: int, text: str) -> float | None:
        found = self.known.get(text)
        if found is None:
            read = number(text.strip())
            if read is None:
                if self.asked.skip_bad:
                    return None
                raise Fault(
                    FaultCode.INSIGHT_VALUE_INVALID,
                    row=row,
                    column=self.header[column],
                    value=repr(text),
                    kind=NUMBER,
                )
            found = self.known[text] = read
        return found


def _log(gathered: _Gathered, columns: Columns, header: Sequence[str], asked: Asked) -> OrderLog:
    distinct = Distinct(header[columns.date], list(gathered.days), gathered.day_rows)
    days = read_days(distinct, asked.date_format, skip_bad=asked.skip_bad) if distinct.texts else []
    table = np.array([-1 if day is None else day for day in days], dtype=np.int64)
    day = table[np.array(gathered.day, dtype=np.int64)] if days else np.empty(0, dtype=np.int64)
    good = day >= 0
    left_out = {"nobody": gathered.left_out["nobody"], "bad": gathered.left_out["bad"]}
    left_out["bad"] += int(np.count_nonzero(~good))
    read = {
        "customer": header[columns.customer],
        "date": header[columns.date],
        "amount": " × ".join(header[column] for column in columns.amount),
    }
    return OrderLog(
        list(gathered.numbers),
        np.array(gathered.customer, dtype=np.int64)[good],
        day[good],
        np.array(gathered.amount, dtype=np.float64)[good],
        gathered.rows,
        left_out,
        read,
        gathered.categories,
    )
