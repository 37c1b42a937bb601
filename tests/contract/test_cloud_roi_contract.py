"""What every shelf of returns promises."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from cloud_broker.adapters.postgres.roi import PostgresRoiShelf
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.ports.roi import Baseline, CostRow, Person, RoiShelf, Span, StoreFigures
from retail_core.insight.attribution.walks import Step
from retail_core.insight.cleaning.seen import SeenOrder
from retail_core.insight.returns import Cost
from tests.factories.planted_rows import load
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource
from tests.fakes.cloud_box import WALL_MS, fresh_id
from tests.fakes.cloud_roi import FakeRoiShelf
from tests.plugins.cloud import new_box, new_tenant
from tests.plugins.postgres import Database

REAL = pytest.param("postgres", marks=[pytest.mark.integration, pytest.mark.enable_socket])
DAY = (datetime.fromtimestamp(WALL_MS / 1000, UTC) + timedelta(hours=8)).date()
SPAN = Span(DAY - timedelta(days=9), DAY)
Place = tuple[RoiShelf, UUID, UUID]


@pytest.fixture(params=["fake", REAL])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    sale = SeenOrder("sale", "till", "ann", WALL_MS, 900, (("s1", 1),))
    if request.param == "fake":
        store = fresh_id()
        step = Step(WALL_MS, "store", str(store), 1, 900)
        figures = {store: StoreFigures(1, 1, 900)}
        yield (
            FakeRoiShelf(people=[Person((step,))], names={store: "店"}, figures=figures),
            store,
            store,
        )
        return
    database: Database = request.getfixturevalue("shared_database")
    units = PostgresUnits(make_engine(database.url, connections=1))
    tenant = new_tenant(units)
    store = new_box(units, tenant, "店").store
    load(database.super_dsn, tenant, store, [sale], ())
    clock = FakeCloudClock()
    yield PostgresRoiShelf(units, clock, FakeCloudIdSource(clock)), tenant, store
    units.close()


class TestRoiShelf:
    def test_what_was_done_and_sold(self, place: Place) -> None:
        shelf, tenant, store = place
        (person,) = shelf.persons(tenant, SPAN)
        assert person.steps == (Step(WALL_MS, "store", str(store), 1, 900),)
        assert shelf.stores(tenant, SPAN, DAY) == {store: StoreFigures(1, 1, 900)}
        assert shelf.margins(tenant, SPAN) == {}
        assert shelf.store_names(tenant) == {store: "店"}

    def test_costs_are_taken_in_and_back(self, place: Place) -> None:
        shelf, tenant, store = place
        rows = [
            CostRow(2, "web", None, Cost(DAY, DAY, 500), "note"),
            CostRow(3, "system", store, Cost(DAY + timedelta(days=3), date(2027, 1, 1), 70)),
        ]
        made = shelf.add_costs(tenant, "a.csv", rows, "li")
        assert (made.rows, made.fen, made.made_by, made.undone_ms) == (2, 570, "li", None)
        assert shelf.costs(tenant, DAY) == rows[:1]
        assert shelf.costs(tenant, date(2027, 1, 1)) == rows
        assert shelf.cost_imports(tenant, 9) == [made]
        assert shelf.undo_costs(tenant, made.import_id, "wang")
        assert not shelf.undo_costs(tenant, made.import_id, "wang")
        assert shelf.costs(tenant, date(2027, 1, 1)) == []
        (held,) = shelf.cost_imports(tenant, 9)
        assert (held.undone_by, held.undone_ms is None) == ("wang", False)

    def test_the_newest_baseline_holds(self, place: Place) -> None:
        shelf, tenant, _ = place
        assert shelf.baseline(tenant) is None
        shelf.set_baseline(tenant, Baseline(DAY, DAY, None), "li")
        shelf.set_baseline(tenant, Baseline(SPAN.first, DAY, 350), "wang")
        held = shelf.baseline(tenant)
        assert held is not None
        assert (held.first, held.margin_permille, held.set_by) == (SPAN.first, 350, "wang")
