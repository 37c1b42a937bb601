"""Every entry, and the one table they make of a tenant."""

from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from typing import Final

import ibis
from ibis.expr.operations import UnboundTable

from cloud_broker.domain.metrics import (
    goods_tags,
    person_tags,
    place_tags,
    rhythm_tags,
    spend_tags,
)
from cloud_broker.domain.metrics.algebra import Table, Value
from cloud_broker.domain.metrics.entry import Basis, Tag, Unit
from cloud_broker.domain.metrics.facts import Asked, Keep, as_it_is, facts
from cloud_broker.domain.metrics.scores import scored
from cloud_broker.domain.metrics.tables import Sources, sources
from cloud_broker.domain.metrics.thresholds import Thresholds

TAGS: Final[tuple[Tag, ...]] = (
    *spend_tags.TAGS,
    *rhythm_tags.TAGS,
    *goods_tags.TAGS,
    *place_tags.TAGS,
    *person_tags.TAGS,
)
BY_KEY: Final = {tag.key: tag for tag in TAGS}
_FLAGS: Final = frozenset({Unit.FLAG})
_TEXTS: Final = frozenset({Unit.WORD, Unit.NAME})
# What a digest is taken for: the day is not part of what a tag means.
_SOME_DAY: Final = date(2020, 2, 2)


def member_facts(tables: Sources, asked: Asked, keep: Keep) -> Table:
    """Return what every entry is a word about, one row a member."""
    return scored(facts(tables, asked, keep), asked, keep)


def tags(found: Table, asked: Asked, chosen: Iterable[Tag] = TAGS) -> Table:
    """Return person_id and a column for each entry; what nobody may have of her is null."""
    return found.select("person_id", **{tag.key: value(tag, found, asked) for tag in chosen})


def value(tag: Tag, found: Table, asked: Asked) -> Value:
    """Return an entry's value in its type; null for what is inferred of who may not be guessed at.

    That is who refused it, and who said she is a minor while nobody agreed to it separately.
    """
    made = tag.build(found, asked)
    kind = "boolean" if tag.unit in _FLAGS else "string" if tag.unit in _TEXTS else "int64"
    made = made.cast(kind)
    if tag.basis is not Basis.INFERRED:
        return made
    return ibis.ifelse(found.may_infer, made, ibis.null(kind))


def member_tags(asked: Asked, keep: Keep = as_it_is) -> Table:
    """Return every tag of every member."""
    return tags(member_facts(sources(), asked, keep), asked)


def rfm(asked: Asked) -> Table:
    """Return the three scores, the segment, the stage and the channel of every member."""
    chosen = ("rfm_r", "rfm_f", "rfm_m", "rfm_segment", "lifecycle", "channel_kind")
    found = scored(facts(sources(), asked, all_of=False), asked, as_it_is)
    return tags(found, asked, [BY_KEY[key] for key in chosen])


def steps(asked: Asked) -> tuple[tuple[str, Table], ...]:
    """Return what an engine writes down one after the other; the last, "tags", is the outcome.

    Each reads the analytic tables and the steps before it by name. The same as `member_tags` in
    one expression, which an engine with much to read would work out again for each use.
    """
    made: list[tuple[str, Table]] = []

    def keep(name: str, expression: Table) -> Table:
        made.append((name, expression))
        return ibis.table(expression.schema(), name=name)

    keep("tags", member_tags(asked, keep))
    return tuple(made)


def reads(expression: Table) -> frozenset[str]:
    """Return the tables, and the steps before it, that an expression reads."""
    return frozenset(one.name for one in expression.op().find(UnboundTable))


def version(lines: Thresholds) -> str:
    """Return twelve letters that change when any entry or any of a chain's lines does."""
    said = [f"{tag.key} {tag.unit} {tag.basis} {tag.window}" for tag in TAGS]
    said += [
        str(ibis.to_sql(one, dialect="duckdb", pretty=False))
        for _, one in steps(Asked(_SOME_DAY, lines))
    ]
    return sha256("\n".join(said).encode()).hexdigest()[:12]
