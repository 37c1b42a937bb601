"""Expressions of the catalogue as statements of an engine, and a member's row as JSON."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import ibis

from cloud_broker.domain.metrics import catalogue
from cloud_broker.domain.metrics.algebra import Table
from cloud_broker.domain.metrics.catalogue import TAGS
from cloud_broker.domain.metrics.entry import Tag, Unit
from cloud_broker.domain.metrics.facts import Asked

Dialect = Literal["duckdb", "postgres", "clickhouse"]
_TEXTS = frozenset({Unit.WORD, Unit.NAME})
# Where nothing there is as good as nothing said; no day and no score is something else than 0.
_FROM_ONE = frozenset({Unit.COUNT, Unit.FEN})


def statement(expression: Table, dialect: Dialect) -> str:
    """Return a query.

    Written out by Ibis and run by the engine's own driver: Ibis' connection to PostgreSQL leaves
    the cast of a quotient out that it writes here.
    """
    return str(ibis.to_sql(expression, dialect=dialect, pretty=False))


@lru_cache(maxsize=8)
def all_tags(asked: Asked, dialect: Dialect) -> str:
    """Return every tag of every member as one query, which takes seconds to write out."""
    return statement(catalogue.member_tags(asked), dialect)


@dataclass(frozen=True, slots=True)
class Step:
    """A query, the name it is written down by, and the steps before it that no later one reads."""

    name: str
    query: str
    over: tuple[str, ...]


@lru_cache(maxsize=8)
def step_by_step(asked: Asked, dialect: Dialect) -> tuple[Step, ...]:
    """Return the steps of the catalogue as queries."""
    steps = catalogue.steps(asked)
    last: dict[str, str] = {}
    for name, one in steps:
        last |= dict.fromkeys(catalogue.reads(one), name)
    made = {name for name, _ in steps}
    return tuple(
        Step(
            name,
            statement(one, dialect),
            tuple(sorted(read for read, by in last.items() if by == name and read in made)),
        )
        for name, one in steps
    )


def as_json(table: str) -> str:
    """Return the query of person_id and a JSON text of what is so of her, by member.

    The same text in DuckDB and PostgreSQL.
    """
    parts = [_part(tag) for tag in TAGS]
    # PostgreSQL takes a hundred arguments and no more.
    groups = [parts[first : first + 50] for first in range(0, len(parts), 50)]
    joined = ", ".join(f"nullif(concat_ws(',', {', '.join(group)}), '')" for group in groups)
    return (
        f"select person_id, '{{' || concat_ws(',', {joined}) || '}}' as tags"  # noqa: S608 - our keys
        f" from {table} order by person_id"
    )


def _part(tag: Tag) -> str:
    if tag.unit is Unit.FLAG:
        return f"case when {tag.key} then '\"{tag.key}\":true' end"
    if tag.unit in _TEXTS:
        return f"'\"{tag.key}\":' || to_json({tag.key})::text"
    if tag.unit in _FROM_ONE:
        return f"'\"{tag.key}\":' || nullif({tag.key}, 0)::text"
    return f"'\"{tag.key}\":' || {tag.key}::text"
