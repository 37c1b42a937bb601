"""Days as files write them; which way round is found by looking at all of them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

DAY = Words("day", "日期")
_THREE = re.compile(r"(\d{1,4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,4})\s*日?(?=$|[\sT,])")
_NAMED = re.compile(
    r"(?:(\d{1,2})[\s./-]*([A-Za-z]{3})[a-z]*\.?[\s,./-]*(\d{2,4})"
    r"|([A-Za-z]{3})[a-z]*\.?\s*(\d{1,2}),?\s+(\d{4}))"
)
_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"
_SECONDS = re.compile(r"\d{10}(\.\d+)?|\d{13}")
_CENTURY = 100
_TURN = 70
_YEARS = range(1900, 2101)
_EPOCH_DIGITS = 10
_MS = 1_000


def _day(year: int, month: int, day: int) -> int | None:
    if year < _CENTURY:
        year += 1900 if year >= _TURN else 2000
    if year not in _YEARS:
        return None
    try:
        return date(year, month, day).toordinal()
    except ValueError:
        return None


def _order(places: tuple[int, int, int], *, year_first: bool) -> Callable[[str], int | None]:
    """Return a reader of three numbers, the year at `places[0]` and so on."""

    def read(text: str) -> int | None:
        found = _THREE.match(text)
        if found is None or (len(found[1]) > 2) != year_first:  # noqa: PLR2004  # digits of a day
            return None
        groups = found.groups()
        return _day(*(int(groups[place]) for place in places))

    return read


def _compact(text: str) -> int | None:
    digits = text[:8]
    if not re.fullmatch(r"\d{8}(?:$|[\sT].*|\d{6})", text):
        return None
    return _day(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def _named(text: str) -> int | None:
    found = _NAMED.match(text)
    if found is None:
        return None
    day, name, year = (found[1], found[2], found[3]) if found[1] else (found[5], found[4], found[6])
    at = _MONTHS.find(name.lower())
    return None if at < 0 or at % 3 else _day(int(year), at // 3 + 1, int(day))


def _epoch(text: str) -> int | None:
    if not _SECONDS.fullmatch(text):
        return None
    whole = int(text.partition(".")[0])
    seconds = whole if len(text.partition(".")[0]) == _EPOCH_DIGITS else whole // _MS
    return datetime.fromtimestamp(seconds, UTC).date().toordinal()


# Each way to read a day, and its name for `--date-format`.
WAYS: Mapping[str, Callable[[str], int | None]] = {
    "ymd": _order((0, 1, 2), year_first=True),
    "yyyymmdd": _compact,
    "dmy": _order((2, 1, 0), year_first=False),
    "mdy": _order((2, 0, 1), year_first=False),
    "named": _named,
    "epoch": _epoch,
}


def looks_like_day(text: str) -> bool:
    """Say whether some way reads it as a day."""
    return any(read(text.strip()) is not None for read in WAYS.values())


@dataclass(frozen=True, slots=True)
class Distinct:
    """The different days of a column as written, in the order they first stood there.

    `rows`: the row in which each stood first.
    """

    column: str
    texts: Sequence[str]
    rows: Sequence[int]


def read_days(distinct: Distinct, given: str = "", *, skip_bad: bool = False) -> list[int | None]:
    """Return each text's day as proleptic ordinal; None only with `skip_bad`.

    `given`: a name of `WAYS`, or a pattern of strptime. Faults E105 with the first row that is no
    day, E106 where day and month could be either.
    """
    texts = [text.strip() for text in distinct.texts]
    read = _given(given) if given else WAYS[_way(distinct, texts)]
    days = [read(text) for text in texts]
    if None in days and not skip_bad:
        bad = days.index(None)
        raise Fault(
            FaultCode.INSIGHT_VALUE_INVALID,
            row=distinct.rows[bad],
            column=distinct.column,
            value=repr(texts[bad]),
            kind=DAY,
        )
    return days


def _given(given: str) -> Callable[[str], int | None]:
    if given in WAYS:
        return WAYS[given]

    def read(text: str) -> int | None:
        try:
            # Only the day is taken: a zone of its own would not move the shop's day.
            return datetime.strptime(text, given).date().toordinal()  # noqa: DTZ007  # see above
        except ValueError:
            return None

    return read


def _way(distinct: Distinct, texts: Sequence[str]) -> str:
    """Return the way that reads most; day before month or after it only where that is sure."""
    read = {name: [way(text) for text in texts] for name, way in WAYS.items()}
    counts = {name: sum(day is not None for day in days) for name, days in read.items()}
    best = max(counts, key=lambda name: counts[name])
    if best in {"dmy", "mdy"} and counts["dmy"] == counts["mdy"] and read["dmy"] != read["mdy"]:
        rising = [name for name in ("dmy", "mdy") if _rises(read[name])]
        if len(rising) != 1:
            raise Fault(
                FaultCode.INSIGHT_DATE_UNSURE,
                column=distinct.column,
                example=texts[0],
                formats="dmy, mdy",
            )
        return rising[0]
    return best


def _rises(days: Sequence[int | None]) -> bool:
    told = [day for day in days if day is not None]
    return len(told) > 1 and all(one <= other for one, other in pairwise(told))
