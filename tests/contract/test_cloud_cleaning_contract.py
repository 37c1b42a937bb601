"""What every shelf of cleaning promises."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from cloud_broker.adapters.postgres.cleaning import PostgresCleaningShelf
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.ports.cleaning import (
    CleaningRun,
    CleaningShelf,
    SeenOn,
    Sign,
    Verdicts,
    Wanted,
)
from retail_core.insight.cleaning.limits import DAY_MS
from retail_core.insight.cleaning.seen import SeenOrder
from tests.factories.planted_rows import id_of, load
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource
from tests.fakes.cloud_box import WALL_MS
from tests.fakes.cloud_cleaning import FakeCleaningShelf
from tests.plugins.cloud import new_box, new_tenant
from tests.plugins.postgres import Database

REAL = pytest.param("postgres", marks=[pytest.mark.integration, pytest.mark.enable_socket])
DAY = (datetime.fromtimestamp(WALL_MS / 1000, UTC) + timedelta(hours=8)).date()
BEFORE = DAY - timedelta(days=1)
RUN = CleaningRun(DAY, BEFORE, BEFORE, 2, 1, 0, 0, 0, WALL_MS, WALL_MS + 1_000, "test")


def order(name: str, channel: str, fen: int, at_ms: int = WALL_MS) -> SeenOrder:
    return SeenOrder(name, channel, "b", at_ms, fen, (("s1", 1),))


SEEN = (order("o1", "web", 500, WALL_MS - DAY_MS), order("o2", "till", 900), order("o3", "web", 70))


def sign(name: str, rule: str = "ring", weight: int = 1_000, day: date = DAY) -> Sign:
    return Sign("order", str(id_of(name)), rule, 1, weight, {"n": 1}, "web", (day,), 500)


@pytest.fixture(params=["fake", REAL])
def place(request: pytest.FixtureRequest) -> Iterator[tuple[CleaningShelf, UUID]]:
    if request.param == "fake":
        made = FakeCleaningShelf()
        for one in SEEN:
            named = SeenOrder(str(id_of(one.order_id)), one.channel, "", one.at_ms, one.net_fen, ())
            made.orders.append(SeenOn(named, BEFORE if one.order_id == "o1" else DAY))
        yield made, UUID(int=1)
        return
    database: Database = request.getfixturevalue("shared_database")
    units = PostgresUnits(make_engine(database.url, connections=1))
    tenant = new_tenant(units)
    load(database.super_dsn, tenant, new_box(units, tenant).store, SEEN, ())
    clock = FakeCloudClock()
    yield PostgresCleaningShelf(units, clock, FakeCloudIdSource(clock)), tenant
    units.close()


def raised(*signs: Sign) -> Verdicts:
    return Verdicts(signs, (), "", {})


class TestCleaningShelf:
    def test_orders_are_read_by_day_and_no_more_than_are_asked_for(
        self, place: tuple[CleaningShelf, UUID]
    ) -> None:
        shelf, tenant = place
        assert shelf.first_day(tenant, None, DAY, 100) == BEFORE
        assert shelf.first_day(tenant, DAY, DAY, 100) == DAY
        assert shelf.first_day(tenant, None, DAY, 2) == DAY
        assert shelf.first_day(tenant, None, BEFORE - timedelta(days=9), 2) is None
        found = list(shelf.seen_orders(tenant, BEFORE, DAY))
        assert {one.order.order_id: (one.order.channel, one.day) for one in found} == {
            str(id_of("o1")): ("web", BEFORE),
            str(id_of("o2")): ("till", DAY),
            str(id_of("o3")): ("web", DAY),
        }
        assert len(list(shelf.seen_orders(tenant, DAY, DAY))) == 2
        assert list(shelf.seen_actors(tenant, DAY, DAY)) == []
        one = shelf.order(tenant, str(id_of("o1")))
        assert one is not None
        assert (one.day, one.order.net_fen) == (BEFORE, 500)
        assert shelf.order(tenant, "no order") is None

    def test_signs_add_up_and_are_lifted_once(self, place: tuple[CleaningShelf, UUID]) -> None:
        shelf, tenant = place
        assert shelf.last_run(tenant) is None
        weak = sign("o1", "quantity", 500), sign("o1", "no_browse", 500)
        ran = shelf.end_run(tenant, raised(*weak, sign("o3")), RUN)
        assert (ran.apart, ran.as_of) == (2, DAY)
        assert shelf.last_run(tenant) == ran
        first = shelf.rulings(tenant, Wanted("apart", "quantity"))[0]
        assert (first.decided_by, first.apart, first.sign.detail) == ("rules", True, {"n": 1})
        assert shelf.lift(tenant, first.decision, "li", "a company")
        assert not shelf.lift(tenant, first.decision, "li", "a company")
        held = shelf.ruling(tenant, first.decision)
        assert held is not None
        assert (held.lifted_by, held.lifted_why, held.apart) == ("li", "a company", False)
        assert shelf.ruling(tenant, UUID(int=7)) is None
        # The other sign stands, and is no longer enough.
        assert [
            one.sign.rule for one in shelf.rulings(tenant, Wanted("standing", "no_browse"))
        ] == ["no_browse"]
        assert {one.sign.subject for one in shelf.rulings(tenant, Wanted())} == {str(id_of("o3"))}
        assert len(shelf.rulings(tenant, Wanted("all"))) == 3
        assert len(shelf.rulings(tenant, Wanted("all", limit=1))) == 1
        assert len(shelf.rulings(tenant, Wanted("lifted"))) == 1
        assert shelf.rulings(tenant, Wanted("all", until=BEFORE - timedelta(days=1))) == []

    def test_a_person_puts_one_beside_and_the_same_once(
        self, place: tuple[CleaningShelf, UUID]
    ) -> None:
        shelf, tenant = place
        made = shelf.put(tenant, sign("o2", "by_hand"), "li", "our own clerk")
        assert made is not None
        assert shelf.put(tenant, sign("o2", "by_hand"), "li", "again") is None
        assert shelf.lift(tenant, made, "wang", "no")
        assert shelf.put(tenant, sign("o2", "by_hand"), "li", "yes") is not None
        newest = shelf.standing(tenant, BEFORE, DAY)
        assert [(one.sign.rule, one.lifted_ms) for one in newest] == [("by_hand", None)]

    def test_rules_and_channels_are_counted_with_and_without(
        self, place: tuple[CleaningShelf, UUID]
    ) -> None:
        shelf, tenant = place
        shelf.end_run(
            tenant, raised(sign("o1", day=BEFORE), sign("o3"), sign("o3", "velocity")), RUN
        )
        counts = {
            one.rule: (one.standing, one.lifted, one.apart)
            for one in shelf.counts(tenant, BEFORE, DAY)
        }
        assert counts == {"ring": (2, 0, 2), "velocity": (1, 0, 1)}
        sums = {one.channel: one for one in shelf.sums(tenant, BEFORE, DAY)}
        web = sums["web"]
        assert (web.orders, web.net_fen, web.apart_orders, web.apart_fen) == (2, 570, 2, 570)
        assert (sums["till"].orders, sums["till"].apart_orders) == (1, 0)
        # What no rule says any more is lifted by the rules.
        ring = shelf.rulings(tenant, Wanted("apart", "ring"))
        lifted = Verdicts((), [one.decision for one in ring], "no longer", {})
        assert shelf.end_run(tenant, lifted, RUN).apart == 1
        assert {one.lifted_by for one in shelf.rulings(tenant, Wanted("lifted"))} == {"rules"}
