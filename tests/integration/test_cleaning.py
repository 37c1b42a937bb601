"""Cleaning as a whole on PostgreSQL: planted fakes are found, lifted, and copies follow."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import psycopg
import pytest

from cloud_broker.adapters.analytics.copying import ParquetCopy
from cloud_broker.adapters.order_pile import order_pile
from cloud_broker.adapters.postgres.cleaning import PostgresCleaningShelf
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.ports.cleaning import CleaningRun, Ruling, Wanted
from cloud_broker.services.insight.cleaning import Cleaning
from retail_core.errors import Fault
from retail_core.insight.cleaning.decision import Rule, set_apart
from retail_core.insight.cleaning.layers import judge_actors, judge_orders
from retail_core.insight.cleaning.limits import DAY_MS
from retail_core.insight.cleaning.seen import SeenOrder
from retail_core.texts.faults import FaultCode
from tests.factories.planted_rows import id_of, load, subject_of
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource
from tests.plugins.cloud import new_box, new_tenant
from tests.plugins.postgres import Database
from tools.bench.planted_orders import BEGIN_MS, DAYS, Planted, plant

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
PRECISION, RECALL, MOVED = 0.95, 0.9, 0.01
# Long ago, so that a copy has followed all of it. The last come twice as long after the first.
SHIFT_MS = 300 * DAY_MS
NOW_MS = BEGIN_MS - SHIFT_MS + 2 * (DAYS + 5) * DAY_MS
FIRST = datetime.fromtimestamp((BEGIN_MS - SHIFT_MS) / 1000, UTC).date()
HONEST, ACTORS = 500, 25


@dataclass
class World:
    """A chain with planted orders and clicks, and who cleans it."""

    tenant: UUID
    planted: Planted
    units: PostgresUnits
    database: Database
    cleaning: Cleaning
    clock: FakeCloudClock
    first: CleaningRun
    held: tuple[Ruling, ...]

    def apart(self, kind: str = "order") -> set[str]:
        found = self.cleaning.rulings(self.tenant, Wanted("apart", limit=100_000))
        return {one.sign.subject for one in found if one.sign.kind == kind}

    def one(self, rule: str) -> Ruling:
        return self.cleaning.rulings(self.tenant, Wanted("apart", rule))[0]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.url.replace("+psycopg", "")) as connection:
            connection.execute("select set_config('app.tenant', %s, true)", (str(self.tenant),))
            return connection.execute(query).fetchall()


def earlier(one: SeenOrder) -> SeenOrder:
    undone = None if one.undone_ms is None else one.undone_ms - SHIFT_MS
    return replace(one, at_ms=one.at_ms - SHIFT_MS, undone_ms=undone)


@pytest.fixture(scope="module")
def world(new_database: Callable[[], Database]) -> Iterator[World]:
    database = new_database()
    units = PostgresUnits(make_engine(database.url, connections=2))
    clock = FakeCloudClock(NOW_MS)
    tenant = new_tenant(units, "planted")
    box = new_box(units, tenant)
    made = plant(HONEST)
    few = {f"a{nth}" for nth in range(ACTORS)}
    events = tuple(
        replace(one, at_ms=one.at_ms - SHIFT_MS) for one in made.events if one.actor in few
    )
    planted = Planted(tuple(map(earlier, made.orders)), made.fakes, events, made.bots & few)
    load(database.super_dsn, tenant, box.store, planted.orders, planted.events)
    shelf = PostgresCleaningShelf(units, clock, FakeCloudIdSource(clock))
    cleaning = Cleaning(shelf, clock, order_pile)
    first = cleaning.run(tenant, who="test")
    held = cleaning.rulings(tenant, Wanted("standing", limit=100_000))
    yield World(tenant, planted, units, database, cleaning, clock, first, held)
    units.close()


def test_the_tables_say_what_the_rules_say_of_what_was_planted(world: World) -> None:
    """Nothing is lost or made up between the rows and the rules: the same signs, and the bars."""
    said = {
        (str(id_of(one.subject)), one.rule.value)
        for one in judge_orders(world.planted.orders)
        if one.rule is not Rule.no_browse
    }
    orders = [one for one in world.held if one.sign.kind == "order"]
    signs = {(one.sign.subject, one.sign.rule) for one in orders}
    assert {one for one in signs if one[1] != Rule.no_browse} == said
    apart = {one.sign.subject for one in world.held if one.apart}
    bots = {subject_of(one) for one in set_apart(judge_actors(world.planted.events))}
    assert bots <= apart
    fakes = {str(id_of(one)) for one in world.planted.fakes}
    hits = apart & fakes
    assert len(hits) >= PRECISION * len(apart - bots)
    assert len(hits) >= RECALL * len(fakes)
    planted_bots = {subject_of(one) for one in world.planted.bots}
    assert len(bots & planted_bots) >= max(RECALL * len(planted_bots), PRECISION * len(bots))
    assert world.first.orders == len(world.planted.orders)
    assert world.first.apart == len(apart)


def test_reports_show_both_and_fakes_move_the_clean_one_by_less_than_one_in_a_hundred(
    world: World,
) -> None:
    seen = world.cleaning.overview(world.tenant, FIRST)
    sums = {one.channel: one for one in seen.channels}
    stand = [one for one in world.planted.orders if one.undone_ms is None]
    honest = sum(one.net_fen for one in stand if one.order_id not in world.planted.fakes)
    everything = sum(one.net_fen for one in stand)
    assert {name: one.net_fen for name, one in sums.items()} == {
        name: sum(one.net_fen for one in stand if one.channel == name) for name in sums
    }
    assert sum(one.orders for one in sums.values()) == len(stand)
    clean = sum(one.net_fen - one.apart_fen for one in sums.values())
    assert abs(clean / honest - 1) < MOVED
    assert everything / honest - 1 > 10 * MOVED
    assert {one.rule for one in seen.rules} >= {"ring", "velocity", "duplicate", "order_cancel"}


def test_the_same_again_changes_nothing(world: World) -> None:
    again = world.cleaning.run(world.tenant, who="test", whole=True)
    assert (again.raised, again.lifted) == (0, 0)
    night = world.cleaning.run(world.tenant, who="test")
    # At the edge of what a night looks at nothing is lifted for want of its neighbours.
    assert (night.raised, night.lifted) == (0, 0)
    assert night.decided_from > night.looked_from


def test_what_a_person_lifts_counts_again_everywhere_and_no_rule_raises_it(
    world: World, tmp_path: Path
) -> None:
    copy = ParquetCopy(world.units, tmp_path)

    def up_to_now() -> None:
        """Let the copy look at nothing that was before."""
        with psycopg.connect(world.database.super_dsn) as connection:
            connection.execute(
                "insert into analytic_copy values (%s, %s, now() + interval '15 minutes')"
                " on conflict (tenant_id, place) do update set until = excluded.until",
                (world.tenant, str(tmp_path)),
            )

    ring = world.one("ring")
    order, day = ring.sign.subject, ring.sign.days[-1]

    def copied(of: date) -> set[str]:
        file = copy.folder_of(world.tenant) / "orders" / f"date={of}" / "data.parquet"
        with duckdb.connect() as engine:
            rows = engine.execute(f"select order_id from '{file}' where quarantined")  # noqa: S608
            return {str(row[0]) for row in rows.fetchall()}

    def viewed() -> list[tuple[Any, ...]]:
        lines = f"select bool_or(counts) from analytics.order_lines where order_id = '{order}'"  # noqa: S608
        return world.rows(
            f"select quarantined, ({lines}) from analytics.orders where order_id = '{order}'"  # noqa: S608
        )

    assert viewed() == [(True, False)]
    up_to_now()
    lifted = [
        world.cleaning.lift(world.tenant, one.decision, who="li", why="熟客团购")
        for one in world.cleaning.rulings(world.tenant, Wanted("apart", limit=100_000))
        if one.sign.subject == order
    ]
    assert all(
        (one.lifted_by, one.lifted_why, one.apart) == ("li", "熟客团购", False) for one in lifted
    )
    assert viewed()[0][0] is False
    # That day is written anew, and no other.
    assert copy.refresh(world.tenant).days == 1
    assert order not in copied(day)
    assert world.cleaning.run(world.tenant, who="test", whole=True).raised == 0
    assert order not in world.apart()
    with pytest.raises(Fault) as caught:
        world.cleaning.lift(world.tenant, lifted[0].decision, who="wang", why="again")
    assert caught.value.code is FaultCode.CLEANING_OVER
    with pytest.raises(Fault) as caught:
        world.cleaning.restore(world.tenant, lifted[0].decision, who="wang", why=" ")
    assert caught.value.code is FaultCode.CLEANING_WHY
    up_to_now()
    back = world.cleaning.restore(world.tenant, lifted[0].decision, who="wang", why="还是假单")
    assert back.decided_by == "wang"
    assert back.apart
    assert copy.refresh(world.tenant).days == 1
    assert order in copied(day)
    acts = world.rows("select action, actor from audit where action like 'cleaning.%'")
    assert ("cleaning.lift", "li") in acts
    assert ("cleaning.apart", "wang") in acts


def test_a_visitor_who_is_no_program_gets_her_events_back(world: World) -> None:
    bot = next(
        one
        for one in world.cleaning.rulings(world.tenant, Wanted("apart", limit=100_000))
        if one.sign.kind == "person"
    )
    hers = "analytics.actor(l.device_id, l.user_id, l.anonymous_id)"
    query = (
        "select bool_and(e.quarantined) from analytics.events e join event_log l"  # noqa: S608
        f" on l.event_id::text = e.event_id where {hers} = '{bot.sign.subject}'"
    )
    assert world.rows(query) == [(True,)]
    for one in world.cleaning.rulings(world.tenant, Wanted("apart", limit=100_000)):
        if one.sign.subject == bot.sign.subject:
            world.cleaning.lift(world.tenant, one.decision, who="li", why="店里的平板")
    assert world.rows(query) == [(False,)]
    (kept,) = world.rows(
        f"select days from quarantine where subject = '{bot.sign.subject}'"  # noqa: S608
    )
    told = world.rows(
        "select distinct (to_timestamp(l.wall_ms / 1000.0) at time zone 'Asia/Shanghai')::date"  # noqa: S608
        f" from event_log l where l.channel is not null and {hers} = '{bot.sign.subject}'"
    )
    assert kept == (sorted(day for (day,) in told),)


def test_a_person_sets_one_apart_and_nothing_is_ever_deleted(world: World) -> None:
    (order,) = world.rows(
        "select receipt_id::text from receipt where receipt_id::text not in"
        " (select subject from cleaning_decision) limit 1"
    )
    made = world.cleaning.set_apart(world.tenant, str(order[0]), who="li", why="店员自己刷的")
    assert (made.sign.rule, made.apart, made.sign.channel) == ("by_hand", True, "till")
    with pytest.raises(Fault) as caught:
        world.cleaning.set_apart(world.tenant, str(order[0]), who="li", why="again")
    assert caught.value.code is FaultCode.CLEANING_OVER
    # No night lifts what a person said.
    assert world.cleaning.run(world.tenant, who="test", whole=True).lifted == 0
    assert str(order[0]) in world.apart()
    for change in ("delete from cleaning_decision", "update cleaning_decision set weight = 1"):
        with psycopg.connect(world.database.owner_url.replace("+psycopg", "")) as connection:
            connection.execute("alter table cleaning_decision no force row level security")
            with pytest.raises(psycopg.errors.RestrictViolation):
                connection.execute(change)
            connection.rollback()
    assert not world.cleaning.lift(world.tenant, made.decision, who="li", why="不是的").apart


def test_what_a_rule_no_longer_says_it_lifts_itself(world: World) -> None:
    double = next(
        one
        for one in world.cleaning.rulings(world.tenant, Wanted("apart", "duplicate"))
        if one.sign.channel != "till"
    )

    def changed(by_fen: int) -> CleaningRun:
        with psycopg.connect(world.database.super_dsn) as connection:
            connection.execute(
                "update channel_order set net_fen = net_fen + %s where order_id::text = %s",
                (by_fen, double.sign.subject),
            )
        return world.cleaning.run(world.tenant, who="test", whole=True)

    assert changed(1).lifted >= 1
    held = world.cleaning.ruling(world.tenant, double.decision)
    assert (held.lifted_by, held.apart) == ("rules", False)
    # It is as it was: the rule says it anew.
    assert changed(-1).raised >= 1
