"""What every book of segments and every engine that finds people promises."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from cloud_broker.adapters.analytics.segments import PostgresSegments
from cloud_broker.adapters.postgres.segments import PostgresSegmentBook
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.domain.metrics.tables import SCHEMAS
from cloud_broker.domain.metrics.thresholds import Thresholds
from cloud_broker.domain.segments import read
from cloud_broker.ports.segments import Moved, Segment, SegmentBook, SegmentEngine
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.analytic_world import (
    SEGMENT_SCHEMAS,
    TENANT,
    event,
    line,
    load_tables,
    member,
    order,
    person,
)
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_segments import FakeSegmentBook, FakeSegmentEngine
from tests.plugins.postgres import Database

DAY = date(2026, 11, 1)
EAST, WEST = UUID(int=101), UUID(int=102)
SHOP, FAR = UUID(int=201), UUID(int=202)
REAL = pytest.param("postgres", marks=[pytest.mark.integration, pytest.mark.enable_socket])


def _tagged(number: int, **tags: Any) -> dict[str, Any]:
    return {"tenant_id": str(TENANT), "person_id": person(number), "tags": tags}


def _store(store: UUID, region: UUID) -> dict[str, Any]:
    return {"tenant_id": str(TENANT), "store_id": str(store), "region_id": str(region)}


def _at(store: UUID | None) -> dict[str, Any]:
    return {"store_id": None if store is None else str(store)}


BIG = order(1, 1, date(2026, 10, 30), net_fen=50_000, **_at(SHOP))
SMALL = order(2, 2, date(2026, 10, 1), **_at(FAR))
ONLINE = order(3, 1, date(2026, 9, 1), channel="web", refunded_fen=4_000)
WORLD: dict[str, list[dict[str, Any]]] = {
    "members": [
        member(1, home_store_id=str(SHOP)),
        member(2, home_store_id=str(FAR)),
        member(3, personalise=False, home_store_id=str(SHOP)),
        member(4, home_store_id=None),
        member(5, birth_year_declared=2012),
    ],
    "orders": [
        BIG,
        SMALL,
        ONLINE,
        order(4, 2, date(2026, 11, 2)),
        order(5, 4, date(2026, 10, 20), status="cancelled"),
        order(6, 4, date(2026, 10, 20), quarantined=True),
        order(7, 3, date(2026, 10, 20)),
    ],
    "order_lines": [
        line(BIG, 1, category="护肤", sku="S1"),
        line(BIG, 2, category="护肤", sku="S2"),
        line(SMALL, 1, category="日用", sku="S3"),
        line(order(5, 4, date(2026, 10, 20), status="cancelled"), 1, category="护肤"),
    ],
    "events": [
        event(1, 2, date(2026, 10, 31), "Product Viewed", category="护肤"),
        event(2, 2, date(2026, 10, 30), "Product Viewed", category="日用"),
        event(3, 1, date(2026, 9, 1), "Product Viewed", category="护肤"),
        event(4, 4, date(2026, 10, 31), "Product Viewed", quarantined=True),
    ],
    "tagged": [
        _tagged(1, tier="gold", spend_year=60_000, lifecycle="repeat", days_since_order=2),
        _tagged(2, tier="gold", spend_year=10_000, lifecycle="at_risk", cart_left=True),
        _tagged(3, tier="gold", no_guesses=True),
    ],
    "stores": [_store(SHOP, EAST), _store(FAR, WEST)],
}
GOLD = {"tag": "tier", "is": "in", "value": ["gold"]}
SPENT = {"tag": "spend_year", "is": ">=", "value": 20_000}
VIEWED = {"event": "Product Viewed", "days": 30, "is": ">=", "value": 1}
BOUGHT = {"event": "Order Completed", "days": 90, "is": ">=", "value": 1}
SKIN = {"where": {"category": ["护肤"]}}
CASES = [
    (GOLD, {1, 2, 3}),
    ({"not": GOLD}, {4, 5}),
    (SPENT, {1}),
    # Nothing stored of a sum is 0; of whom nothing may be worked out it is not said to be small.
    ({"not": SPENT}, {2, 4}),
    ({"tag": "spend_year", "is": "<", "value": 1}, {4}),
    ({"tag": "days_since_order", "is": "<=", "value": 9}, {1}),
    ({"not": {"tag": "days_since_order", "is": "<=", "value": 9}}, {2, 4}),
    ({"tag": "lifecycle", "is": "not in", "value": ["repeat"]}, {2}),
    ({"tag": "cart_left", "is": "yes"}, {2}),
    ({"tag": "cart_left", "is": "no"}, {1, 4}),
    ({"tag": "no_guesses", "is": "yes"}, {3}),
    ({"any": [SPENT, {"tag": "no_guesses", "is": "yes"}]}, {1, 3}),
    ({"all": [GOLD, {"not": SPENT}]}, {2}),
    ({"not": {"any": [GOLD, SPENT]}}, {4}),
    (VIEWED, {2}),
    (VIEWED | {"value": 2, "where": {"category": ["护肤"]}}, set()),
    (VIEWED | {"days": 90}, {1, 2}),
    ({"not": VIEWED}, {1, 4}),
    (VIEWED | {"is": "=", "value": 0}, {1, 4}),
    (BOUGHT, {1, 2}),
    (BOUGHT | {"value": 2}, {1}),
    (BOUGHT | SKIN, {1}),
    (BOUGHT | SKIN | {"value": 2}, set()),
    (BOUGHT | SKIN | {"of": "fen", "value": 60_000}, {1}),
    (BOUGHT | {"of": "fen", "value": 56_000}, {1}),
    (BOUGHT | {"of": "fen", "value": 56_001}, set()),
    (BOUGHT | {"where": {"region": [str(WEST)]}}, {2}),
    (BOUGHT | {"where": {"store": [str(SHOP)], "channel": ["till"]}}, {1}),
    (BOUGHT | {"where": {"channel": ["web"]}}, {1}),
    ({"event": "Order Refunded", "days": 90, "is": ">", "value": 0}, {1}),
    ({"event": "Order Refunded", "days": 90, "is": ">=", "value": 4_000, "of": "fen"}, {1}),
]
SCOPES = [
    ({"regions": [str(EAST)]}, {1, 3}),
    ({"stores": [str(FAR)]}, {2}),
    ({"regions": [str(WEST)], "stores": [str(SHOP)]}, {1, 2, 3}),
]


@pytest.fixture(params=["fake", REAL], scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[SegmentEngine]:
    if request.param == "fake":
        yield FakeSegmentEngine(WORLD)
        return
    database: Database = request.getfixturevalue("shared_database")
    rows = WORLD | {"tagged": [one | {"tags": json.dumps(one["tags"])} for one in WORLD["tagged"]]}
    load_tables(database.super_dsn, "segments_by_hand", rows, SCHEMAS | SEGMENT_SCHEMAS)
    pool = make_engine(database.url)
    yield PostgresSegments(pool, lambda _: Thresholds(), schema="segments_by_hand")
    pool.dispose()


class TestSegmentEngine:
    @pytest.mark.parametrize(("who", "numbers"), CASES, ids=[str(n) for n in range(len(CASES))])
    def test_who_fits(self, engine: SegmentEngine, who: dict[str, Any], numbers: set[int]) -> None:
        definition = read({"who": who}, engine.vocabulary())
        found = list(engine.people(TENANT, definition, DAY))
        assert found == [person(number) for number in sorted(numbers)]
        assert engine.count(TENANT, definition, DAY) == len(numbers)

    @pytest.mark.parametrize(("scope", "numbers"), SCOPES)
    def test_of_a_region_or_a_store(
        self, engine: SegmentEngine, scope: dict[str, Any], numbers: set[int]
    ) -> None:
        everybody = {"any": [GOLD, {"not": GOLD}]}
        definition = read({"scope": scope, "who": everybody}, engine.vocabulary())
        found = list(engine.people(TENANT, definition, DAY))
        assert found == [person(number) for number in sorted(numbers)]

    def test_a_few_are_the_same_ones_each_time(self, engine: SegmentEngine) -> None:
        definition = read({"who": GOLD}, engine.vocabulary())
        some = engine.some(TENANT, definition, DAY, 2)
        assert len(some) == 2
        assert some == engine.some(TENANT, definition, DAY, 2)
        assert set(some) <= set(engine.people(TENANT, definition, DAY))

    def test_tags_are_called_something(self, engine: SegmentEngine) -> None:
        assert {word.key for word in engine.words()} == set(engine.vocabulary())


@pytest.fixture
def tenant() -> UUID:
    return fresh_id()


@pytest.fixture(params=["fake", REAL])
def book(request: pytest.FixtureRequest, tenant: UUID) -> Iterator[SegmentBook]:
    if request.param == "fake":
        own = {"spend_year": 5, "orders_year": 1}
        yield FakeSegmentBook({person(1): ("王小美", "gold", "", own)})
        return
    database: Database = request.getfixturevalue("shared_database")
    units = PostgresUnits(make_engine(database.url))
    with units.connection(tenant) as connection:
        ids = {"t": tenant, "m": person(1)}
        connection.exec_driver_sql("insert into tenant values (%(t)s, 'x', now())", ids)
        connection.exec_driver_sql("insert into wallet values (%(t)s, %(m)s, now())", ids)
        connection.exec_driver_sql(
            "insert into member values"
            " (%(t)s, %(m)s, %(m)s, 1, '王小美', 'gold', '{}', '', null, %(m)s, now())",
            ids,
        )
        connection.exec_driver_sql(
            "insert into member_tags values"
            """ (%(t)s, %(m)s, 'v', now(), '{"spend_year": 5, "orders_year": 1}')""",
            ids,
        )
    yield PostgresSegmentBook(units)
    units.close()


def segment(name: str = "回流", **changes: Any) -> Segment:
    made = Segment(fresh_id(), name, "", 1, {"who": GOLD}, "li", 1_000, "li", 1_000)
    return replace(made, **changes)


ANN, BEA, CAT = person(1), person(2), person(3)


class TestSegmentBook:
    def test_a_segment_is_kept_as_it_was_written(self, book: SegmentBook, tenant: UUID) -> None:
        one = segment(note="给她们寄券")
        book.add(tenant, one)
        assert book.segment(tenant, one.segment_id) == one
        assert book.segments(tenant) == (one,)
        assert book.segment(tenant, fresh_id()) is None
        assert book.places(tenant) == ((), ())
        assert book.lines(tenant) == Thresholds()

    def test_every_version_stays(self, book: SegmentBook, tenant: UUID) -> None:
        one = segment()
        book.add(tenant, one)
        two = replace(
            *(one,), version=2, name="回流客", definition={"who": SPENT}, changed_ms=2_000
        )
        book.change(tenant, two, 1)
        assert book.versions(tenant, one.segment_id) == (two, one)
        with pytest.raises(Fault) as caught:
            book.change(tenant, replace(two, name="又改"), 1)
        assert caught.value.code is FaultCode.SEGMENT_STALE
        assert book.versions(tenant, fresh_id()) == ()

    def test_two_that_stand_are_not_called_the_same(self, book: SegmentBook, tenant: UUID) -> None:
        one, other = segment(), segment("流失")
        book.add(tenant, one)
        book.add(tenant, other)
        with pytest.raises(Fault) as caught:
            book.add(tenant, segment())
        assert caught.value.code is FaultCode.SEGMENT_NAME
        with pytest.raises(Fault) as caught:
            book.change(tenant, replace(other, version=2, name="回流"), 1)
        assert caught.value.code is FaultCode.SEGMENT_NAME
        book.change(tenant, replace(one, version=2, ended_ms=3_000, changed_ms=3_000), 1)
        book.add(tenant, segment())

    def test_who_comes_and_goes_is_told(self, book: SegmentBook, tenant: UUID) -> None:
        one = segment()
        book.add(tenant, one)
        first = book.settle(tenant, one, [BEA, ANN, ANN], DAY, 10_000)
        assert (first.people, first.entered, first.left) == (2, 2, 0)
        assert book.people(tenant, one.segment_id) == (ANN, BEA)
        second = book.settle(tenant, one, [CAT, BEA], DAY, 20_000)
        assert (second.people, second.entered, second.left) == (2, 1, 1)
        assert book.segments_of(tenant, CAT) == (one.segment_id,)
        assert book.segments_of(tenant, ANN) == ()
        third = book.settle(tenant, one, iter([BEA, CAT]), DAY, 30_000)
        assert (third.people, third.entered, third.left) == (2, 0, 0)
        assert book.runs(tenant, one.segment_id, 2) == (third, second)
        assert book.last_runs(tenant) == {one.segment_id: third}
        later = book.moved(tenant, one.segment_id, 10_000, 9)
        assert set(later) == {Moved(CAT, True, 20_000), Moved(ANN, False, 20_000)}  # noqa: FBT003
        assert len(book.moved(tenant, one.segment_id, 0, 3)) == 3

    def test_a_look_at_an_older_version_is_not_kept(self, book: SegmentBook, tenant: UUID) -> None:
        one = segment()
        book.add(tenant, one)
        book.change(tenant, replace(one, version=2, changed_ms=2_000), 1)
        with pytest.raises(Fault) as caught:
            book.settle(tenant, one, [ANN], DAY, 10_000)
        assert caught.value.code is FaultCode.SEGMENT_STALE
        assert book.people(tenant, one.segment_id) == ()

    def test_a_sample_shows_no_whole_name_and_the_tags_asked(
        self, book: SegmentBook, tenant: UUID
    ) -> None:
        (shown,) = book.sampled(tenant, [CAT, ANN], ["spend_year", "tier"])
        assert (shown.person, shown.tier, shown.store) == (ANN, "gold", "")
        assert shown.name.startswith("王")
        assert "小美" not in shown.name
        assert shown.tags == {"spend_year": 5}
