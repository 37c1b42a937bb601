"""The only arithmetic that entries of the catalogue may use where engines differ.

Engines disagree on dividing whole numbers, on dividing by nothing and on the last bit of a
fraction, so everything here ends in whole numbers: money in fen, parts in thousandths, times in
days. A quotient of two whole numbers below 2**53 is rounded once and then cut, which gives the
same whole number on every engine.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import ibis

# Ibis has no types of its own to show: every column and expression is one of these.
Value = Any
Table = Any
WHOLE = 1_000
NO = ibis.literal(value=False)


def safe_div(above: Value, below: Value, times: int = 1) -> Value:
    """Return `times` x above / below cut to a whole number; null where `below` is not above 0.

    Both have to be whole and not negative.
    """
    # Both cast in so many words: int / int is cut by PostgreSQL before a cast of the quotient.
    numerator = (above.cast("int64") * times).cast("float64")
    denominator = below.cast("int64").cast("float64")
    quotient = (numerator / ibis.ifelse(denominator > 0, denominator, 1.0)).floor().cast("int64")
    return ibis.ifelse(denominator > 0, quotient, ibis.null("int64"))


def share(part: Value, whole: Value) -> Value:
    """Return a part of a whole in thousandths, null where the whole is nothing."""
    return safe_div(part, whole, WHOLE)


def one(flag: Value) -> Value:
    """Return 1 where a flag is so and 0 where not; PostgreSQL casts no flag to a wide number."""
    return ibis.ifelse(flag, ibis.literal(1, type="int64"), ibis.literal(0, type="int64"))


def days_between(earlier: Value, later: Value) -> Value:
    """Return how many days lie between two dates; negative when they are the other way round."""
    return later.delta(earlier, unit="day").cast("int64")


def flag_count(flag: Value) -> Value:
    """Return in how many rows of a group something was so; null counts as not."""
    # Counted and not summed: the sum of whole numbers is wider, and slower, than a count.
    return ibis.ifelse(flag, 1, ibis.null("int8")).count().cast("int64")


def total(value: Value, where: Value | None = None) -> Value:
    """Return the sum of whole numbers over a group, 0 where there is none."""
    summed = value.sum() if where is None else value.sum(where=where)
    return summed.fill_null(0).cast("int64")


def whole(value: Value) -> Value:
    """Return a count that is 0 where a member has no row."""
    return value.fill_null(0).cast("int64")


def true(value: Value) -> Value:
    """Return a flag that is never null."""
    return value.fill_null(NO)


def day(value: date) -> Value:
    """Return a date as a value."""
    return ibis.literal(value, type="date")


def choice(*branches: tuple[Value, str], otherwise: str | None = None) -> Value:
    """Return the word of the first condition that holds; null for none without `otherwise`."""
    last = ibis.null("string") if otherwise is None else ibis.literal(otherwise)
    return ibis.cases(*branches, else_=last)


def largest(*named: tuple[str, Value]) -> Value:
    """Return the name of the largest count, the first of equals; null where all are 0."""
    best = ibis.greatest(*(value for _, value in named))
    branches = [((value == best) & (best > 0), name) for name, value in named]
    return choice(*branches)


def band(value: Value, steps: Sequence[int], words: Sequence[str]) -> Value:
    """Return the word of the band a number lies in: `words` has one more than `steps`, from below.

    A number that is a step belongs to the band above it; null has no band.
    """
    branches = [(value < step, word) for step, word in zip(steps, words[:-1], strict=True)]
    return choice((value.isnull(), ""), *branches, otherwise=words[-1]).nullif("")


def fifth(rank: Value, count: Value) -> Value:
    """Return 1 to 5 for a rank from 0 among `count`; equal ranks get the same, whatever the engine.

    Not `ntile`: that puts two members with the same figures into different fifths.
    """
    score = ibis.literal(1, type="int64")
    for step in range(1, 5):
        score += one(rank * 5 >= count * step)
    return score
