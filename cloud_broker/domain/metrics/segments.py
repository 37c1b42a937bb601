"""Who fits a definition, as an expression: tags as they were worked out last, events as they are.

What is known of nobody is not said to be small: of who may not be guessed at neither a condition
over what she did nor its opposite holds. A count of somebody who did nothing is 0.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from operator import and_, or_
from typing import Final

import ibis
from ibis.expr import datatypes

from cloud_broker.domain.metrics.algebra import Table, Value, total, true, whole
from cloud_broker.domain.metrics.catalogue import BY_KEY, TAGS
from cloud_broker.domain.metrics.entry import Basis, Unit
from cloud_broker.domain.metrics.facts import Asked, beside, known, may_infer
from cloud_broker.domain.metrics.tables import sources
from cloud_broker.domain.segments import (
    BOUGHT,
    ORDERS,
    Definition,
    Group,
    Happened,
    Kind,
    Node,
    Not,
    TagIs,
    Vocabulary,
)

# What a chain's shops are, and what was worked out of members, one JSON object each.
STORES: Final = {"store_id": "string", "region_id": "string"}
TAGGED: Final = {"person_id": "uuid", "tags": datatypes.JSON(binary=True)}
_COMPARE: Final[Mapping[str, Callable[[Value, Value], Value]]] = {
    ">=": lambda one, other: one >= other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    "<": lambda one, other: one < other,
    "=": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
}
# Where nothing stored is 0; a day, a part and a score that is not there is none.
_FROM_ZERO: Final = frozenset({Unit.COUNT, Unit.FEN})


def vocabulary() -> Vocabulary:
    """Return what definitions may say of tags."""
    return {tag.key: Kind(tag.unit.value, frozenset(tag.words), tag.masked) for tag in TAGS}


def people(definition: Definition, asked: Asked) -> Table:
    """Return person_id of everybody who fits, on the day asked about."""
    tables = sources()
    found = tables.members.select(
        "person_id", "home_store_id", may=may_infer(tables.members, asked)
    )
    shops = ibis.table(STORES, name="stores")
    if definition.regions or definition.stores:
        found = found.filter(_at_home(found, shops, definition))
    leaves = definition.leaves()
    if any(isinstance(leaf, TagIs) for leaf in leaves):
        found = beside(found, ibis.table(TAGGED, name="tagged"))
    counted = {
        leaf: f"n_{nth}"
        for nth, leaf in enumerate(
            dict.fromkeys(one for one in leaves if isinstance(one, Happened))
        )
    }
    for leaf, name in counted.items():
        found = beside(found, _counted(leaf, name, shops, asked))
    return found.filter(_holds(definition.who, found, counted, so=True)).select("person_id")


def _at_home(found: Table, shops: Table, definition: Definition) -> Value:
    """Return whether she joined in one of the shops, or in one of the regions."""
    there = found.home_store_id.isin([str(one) for one in definition.stores])
    if definition.regions:
        regions = [str(one) for one in definition.regions]
        there |= found.home_store_id.isin(shops.filter(shops.region_id.isin(regions)).store_id)
    return true(there)


def _counted(leaf: Happened, name: str, shops: Table, asked: Asked) -> Table:
    """Return person_id and how often it happened to each, or what it came to."""
    rows = _rows(leaf, asked)
    rows = rows.filter(asked.within(rows.business_date, leaf.days))
    for field, values in leaf.where:
        if field == "region":
            inside = shops.filter(shops.region_id.isin(list(values))).store_id
            rows = rows.filter(rows.store_id.isin(inside))
        else:
            column = "store_id" if field == "store" else field
            rows = rows.filter(rows[column].isin(list(values)))
    if leaf.of == "fen":
        return rows.group_by("person_id").agg(**{name: total(rows.fen)})
    counted = rows.happened.nunique() if leaf.event == BOUGHT else rows.happened.count()
    return rows.group_by("person_id").agg(**{name: counted.cast("int64")})


def _rows(leaf: Happened, asked: Asked) -> Table:
    """Return person_id, business_date, happened (what is counted) and what may be chosen by."""
    tables = sources()
    if leaf.event not in ORDERS:
        rows = known(tables.events, asked)
        rows = rows.filter(rows.name == leaf.event)
        return rows.mutate(happened=rows.event_id)
    if leaf.event == BOUGHT and {"sku", "category"} & set(dict(leaf.where)):
        lines = tables.order_lines
        lines = lines.filter(
            lines.person_id.notnull(), lines.counts, lines.business_date <= asked.today
        )
        return lines.mutate(happened=lines.order_id, fen=lines.net_fen)
    orders = known(tables.orders, asked)
    if leaf.event == BOUGHT:
        orders = orders.filter(orders.status.isin(["paid", "part_refunded"]))
        return orders.mutate(happened=orders.order_id, fen=orders.net_fen - orders.refunded_fen)
    orders = orders.filter(orders.refunded_fen > 0)
    return orders.mutate(happened=orders.order_id, fen=orders.refunded_fen)


def _holds(node: Node, found: Table, counted: Mapping[Happened, str], *, so: bool) -> Value:
    """Return whether a condition holds (`so`) or does not; denials are carried to the leaves."""
    if isinstance(node, Not):
        return _holds(node.part, found, counted, so=not so)
    if isinstance(node, Group):
        parts = [_holds(part, found, counted, so=so) for part in node.parts]
        return reduce(and_ if (node.word == "all") == so else or_, parts)
    if isinstance(node, TagIs):
        held = true(_tag_is(node, found))
        inferred = BY_KEY[node.tag].basis is Basis.INFERRED
    else:
        held = _COMPARE[node.compare](whole(found[counted[node]]), node.value)
        inferred = True
    held = held if so else ~held
    return held & found.may if inferred else held


def _tag_is(leaf: TagIs, found: Table) -> Value:
    unit, held = BY_KEY[leaf.tag].unit, found.tags[leaf.tag]
    if unit is Unit.FLAG:
        flag = true(held.bool)
        return flag if leaf.compare == "yes" else ~flag
    if unit in {Unit.WORD, Unit.NAME}:
        assert isinstance(leaf.value, tuple)  # noqa: S101 -- a definition was read
        among = held.str.isin(list(leaf.value))
        return among if leaf.compare == "in" else ~true(among) & held.str.notnull()
    number = held.int
    return _COMPARE[leaf.compare](number.fill_null(0) if unit in _FROM_ZERO else number, leaf.value)
