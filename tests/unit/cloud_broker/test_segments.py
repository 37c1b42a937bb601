"""Definitions of segments: read whole or refused by name, and what denials mean."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.domain.metrics.segments import vocabulary
from cloud_broker.domain.segments import CONDITIONS_MAX, DAYS_MAX, DEPTH_MAX, VALUE_MAX, read
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.analytic_world import TENANT, event, member
from tests.fakes.cloud_segments import FakeSegmentEngine

KNOWN = vocabulary()
DAY = date(2026, 11, 1)
TAG = {"tag": "spend_year", "is": ">=", "value": 1}
EVENT = {"event": "Product Viewed", "days": 30, "is": ">=", "value": 1}
SHAPE, TAG_FAULT = FaultCode.SEGMENT_SHAPE, FaultCode.SEGMENT_TAG
SENSITIVE, LONG = FaultCode.SEGMENT_SENSITIVE, FaultCode.SEGMENT_LONG


def deep(levels: int) -> dict[str, Any]:
    made: dict[str, Any] = TAG
    for _ in range(levels):
        made = {"not": made}
    return made


REFUSED: list[tuple[object, FaultCode]] = [
    (None, SHAPE),
    ([], SHAPE),
    ({}, SHAPE),
    ({"who": TAG, "where": 1}, SHAPE),
    ({"who": 5}, SHAPE),
    ({"who": {}}, SHAPE),
    ({"who": {"all": []}}, SHAPE),
    ({"who": {"all": TAG}}, SHAPE),
    ({"who": {"all": [TAG], "any": [TAG]}}, SHAPE),
    ({"who": {"not": TAG, "more": 1}}, SHAPE),
    ({"who": TAG | {"tag": "no_such"}}, TAG_FAULT),
    ({"who": TAG | {"tag": ["spend_year"]}}, TAG_FAULT),
    ({"who": {"tag": "declared_skin", "is": "yes"}}, SENSITIVE),
    ({"who": {"tag": "declared_minor", "is": "no"}}, SENSITIVE),
    ({"who": TAG | {"is": "in"}}, SHAPE),
    ({"who": TAG | {"value": True}}, SHAPE),
    ({"who": TAG | {"value": 1.5}}, SHAPE),
    ({"who": TAG | {"value": -1}}, SHAPE),
    ({"who": TAG | {"value": VALUE_MAX + 1}}, SHAPE),
    ({"who": {"tag": "cart_left", "is": ">="}}, SHAPE),
    ({"who": {"tag": "cart_left", "is": "yes", "value": 1}}, SHAPE),
    ({"who": {"tag": "lifecycle", "is": "in", "value": []}}, SHAPE),
    ({"who": {"tag": "lifecycle", "is": "in", "value": ["nobody"]}}, SHAPE),
    ({"who": {"tag": "tier", "is": "in", "value": [""]}}, SHAPE),
    ({"who": {"tag": "tier", "is": "in", "value": ["a\x00b"]}}, SHAPE),
    ({"who": {"tag": "tier", "is": "in", "value": [str(n) for n in range(201)]}}, LONG),
    ({"who": EVENT | {"event": ""}}, SHAPE),
    ({"who": EVENT | {"event": "x\x00"}}, SHAPE),
    ({"who": EVENT | {"days": 0}}, SHAPE),
    ({"who": EVENT | {"days": DAYS_MAX + 1}}, SHAPE),
    ({"who": EVENT | {"of": "fen"}}, SHAPE),
    ({"who": EVENT | {"where": {"store": ["x"]}}}, SHAPE),
    ({"who": EVENT | {"event": "Order Completed", "where": {"store": ["x"]}}}, SHAPE),
    ({"who": EVENT | {"event": "Order Refunded", "where": {"sku": ["S1"]}}}, SHAPE),
    ({"who": EVENT | {"where": {"sku": "S1"}}}, SHAPE),
    ({"who": TAG, "scope": {"regions": ["east"]}}, SHAPE),
    ({"who": TAG, "scope": {"regions": "east"}}, SHAPE),
    ({"who": TAG, "scope": {"city": []}}, SHAPE),
    ({"who": deep(DEPTH_MAX)}, LONG),
    ({"who": {"any": [TAG] * (CONDITIONS_MAX + 1)}}, LONG),
    ({"who": {"any": [{"any": [TAG] * 26}, {"any": [TAG] * 26}]}}, LONG),
]


@pytest.mark.parametrize(
    ("raw", "code"), REFUSED, ids=[f"{n}-{code.value}" for n, (_, code) in enumerate(REFUSED)]
)
def test_what_cannot_be_read_is_refused_by_name(raw: object, code: FaultCode) -> None:
    with pytest.raises(Fault) as caught:
        read(raw, KNOWN)
    assert caught.value.code is code
    assert caught.value.text("zh")
    assert caught.value.text("en")


def test_the_fault_says_where() -> None:
    with pytest.raises(Fault) as caught:
        read({"who": {"all": [TAG, {"not": TAG | {"value": "1"}}]}}, KNOWN)
    assert caught.value.fields["at"] == "who.all[1].not.value"


LEAVES = st.sampled_from(
    [
        TAG,
        EVENT,
        {"tag": "cart_left", "is": "yes"},
        {"tag": "tier", "is": "not in", "value": ["gold", "plain"]},
        {"tag": "no_guesses", "is": "no"},
        EVENT | {"where": {"category": ["护肤"], "sku": ["S1"]}},
        EVENT | {"event": "Order Completed", "of": "fen"},
    ]
)
NODES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda part: {"not": part}, inner),
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)
WORLD: Mapping[str, Any] = {
    "members": [member(1), member(2, personalise=False), member(3, birth_year_declared=2012)],
    "orders": [],
    "order_lines": [],
    "events": [event(1, number, DAY, "Product Viewed") for number in (1, 2, 3)],
    "tagged": [],
    "stores": [],
}


def height(node: Mapping[str, Any]) -> int:
    (said, *_) = node.values()
    parts = said if isinstance(said, list) else [said] if isinstance(said, dict) else []
    return 1 + max((height(part) for part in parts), default=0)


@given(NODES)
def test_what_is_kept_reads_as_what_was_said(who: dict[str, Any]) -> None:
    if height(who) > DEPTH_MAX:
        return
    definition = read({"who": who}, KNOWN)
    assert read(definition.plain(), KNOWN) == definition


@given(NODES)
def test_nobody_is_both_in_and_out(who: dict[str, Any]) -> None:
    if height(who) >= DEPTH_MAX:
        return
    engine = FakeSegmentEngine(WORLD)
    inside = set(engine.people(TENANT, read({"who": who}, KNOWN), DAY))
    outside = set(engine.people(TENANT, read({"who": {"not": who}}, KNOWN), DAY))
    assert not inside & outside
    # Of whom nothing is kept back everything is known: one of the two holds.
    assert WORLD["members"][0]["person_id"] in inside | outside
