"""What every ShardDesk promises: one owner a shard, and no commit without a seat."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import psycopg
import pytest
from sqlalchemy import event

from cloud_broker.adapters.postgres.shards import BesideUnits, PostgresShardDesk, SeatedUnits
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.ports.shards import Roster, Seat, ShardDesk
from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.waiting import eventually
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_shards import FakeShardDesk, FakeShardRoom
from tests.plugins.cloud import new_tenant
from tests.plugins.postgres import Database

Desks = Callable[[], ShardDesk]


@pytest.fixture(
    params=[
        "memory",
        pytest.param("postgres", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
    ]
)
def desks(request: pytest.FixtureRequest) -> Iterator[Desks]:
    if request.param == "memory":
        room = FakeShardRoom()
        yield lambda: FakeShardDesk(room)
        return
    database: Database = request.getfixturevalue("database")
    with ExitStack() as stack:

        def desk() -> ShardDesk:
            engine = make_engine(database.url, connections=1)
            stack.callback(engine.dispose)
            made = PostgresShardDesk(engine)
            stack.callback(made.close)
            return made

        yield desk


class TestShardDesk:
    def test_a_shard_has_one_owner(self, desks: Desks) -> None:
        one, other = desks(), desks()
        here, there = one.sit(fresh_id()), other.sit(fresh_id())
        assert here.token < there.token
        assert here.slot != there.slot
        assert one.move(here, {1, 2, 3}, ()) == {1, 2, 3}
        assert other.move(there, {3, 4}, {1}) == {4}
        roster = one.beat(here, reap=True)
        assert roster is not None
        assert roster.tokens == (here.token, there.token)
        assert roster.owners == dict.fromkeys((1, 2, 3), here.token) | {4: there.token}
        assert one.move(here, {9}, {2, 3}) == {1, 9}
        assert other.move(there, {3}, ()) == {3, 4}

    def test_who_stands_up_leaves_everything_free(self, desks: Desks) -> None:
        one, other = desks(), desks()
        here, there = one.sit(fresh_id()), other.sit(fresh_id())
        one.move(here, range(limits.SHARDS), ())
        one.stand_up(here)
        roster = other.beat(there, reap=False)
        assert roster is not None
        assert (roster.tokens, roster.owners) == ((there.token,), {})
        assert one.beat(here, reap=False) is None

    def test_seats_come_to_an_end(self, desks: Desks) -> None:
        slots = {desks().sit(fresh_id()).slot for _ in range(limits.INGEST_WORKERS_MAX)}
        assert slots == set(range(limits.INGEST_WORKERS_MAX))
        with pytest.raises(Fault) as caught:
            desks().sit(fresh_id())
        assert caught.value.code == FaultCode.SHARD_SEATS_TAKEN


def test_a_worker_without_connection_loses_its_seat_at_once(database: Database) -> None:
    engine = make_engine(database.url, connections=3)
    dead, desk = PostgresShardDesk(engine), PostgresShardDesk(engine)
    gone, seat = dead.sit(fresh_id()), desk.sit(fresh_id())
    dead.move(gone, {5}, ())
    alive = desk.beat(seat, reap=True)
    assert alive is not None
    assert alive.owners == {5: gone.token}
    dead.close()
    # The server sees the end of a connection in its own time.
    eventually(lambda: desk.beat(seat, reap=True) == Roster((seat.token,), {}))
    assert dead.beat(gone, reap=True) is None
    for one in (dead, desk):
        one.close()
    engine.dispose()


def test_where_all_died_at_once_the_first_to_come_back_finds_a_seat(database: Database) -> None:
    engine = make_engine(database.url, connections=limits.INGEST_WORKERS_MAX)
    desks = [PostgresShardDesk(engine) for _ in range(limits.INGEST_WORKERS_MAX)]
    for desk in desks:
        desk.sit(fresh_id())
    for desk in desks:
        desk.close()

    def sat() -> bool:
        with suppress(Fault):
            return desks[0].beat(desks[0].sit(fresh_id()), reap=False) is not None
        return False

    eventually(sat)
    desks[0].close()
    engine.dispose()


def test_a_silent_worker_is_fenced_and_an_open_commit_waited_for(
    pg_units: PostgresUnits, database: Database
) -> None:
    tenant = new_tenant(pg_units)
    engine = make_engine(database.url, connections=2)
    silent, desk = PostgresShardDesk(engine), PostgresShardDesk(engine)
    paused, seat = silent.sit(fresh_id()), desk.sit(fresh_id())
    units = SeatedUnits(pg_units, paused)
    with units.begin(tenant):
        age(database, paused.token)
        # It is over its time, but its transaction stands: nobody takes its place meanwhile.
        roster = desk.beat(seat, reap=True)
        assert roster is not None
        assert paused.token in roster.tokens
        assert silent.beat(paused, reap=False) is not None
        age(database, paused.token)
    roster = desk.beat(seat, reap=True)
    assert roster is not None
    assert roster.tokens == (seat.token,)
    with pytest.raises(Fault) as caught, units.begin(tenant) as unit:
        unit.fleet.add_tenant("n", "late", 1)
    assert caught.value.code == FaultCode.SHARD_SEAT_LOST
    assert (units.tenant(""), units.tenants()) == (tenant, (tenant,))
    for one in (silent, desk):
        one.close()
    engine.dispose()


def test_what_a_stopped_worker_has_open_in_a_pipeline_is_ended_for_it(
    pg_units: PostgresUnits, database: Database
) -> None:
    """To the server a pipelined transaction is busy, so no time of its own ever ends it."""
    tenant = new_tenant(pg_units)
    engine = make_engine(database.url, connections=3)
    silent, desk = PostgresShardDesk(engine), PostgresShardDesk(engine)
    paused, seat = silent.sit(fresh_id()), desk.sit(fresh_id())
    units = SeatedUnits(PostgresUnits(engine, pipelined=True), paused)

    def given_up() -> bool:
        roster = desk.beat(seat, reap=True)
        assert roster is not None
        return roster.tokens == (seat.token,)

    with ExitStack() as stack:
        caught = stack.enter_context(pytest.raises(Fault))
        unit = stack.enter_context(units.begin(tenant))
        unit.journal.claim_keys("box", [b"k" * 16])
        age(database, paused.token)
        assert not given_up()
        age(database, paused.token, 60)
        eventually(given_up)
    assert caught.value.code == FaultCode.SYNC_LINK_DOWN
    for one in (silent, desk):
        one.close()
    engine.dispose()


def test_work_beside_the_booking_holds_the_seat_of_the_moment(
    pg_units: PostgresUnits, database: Database
) -> None:
    """A stopped process must not keep members locked that another books for now."""
    tenant = new_tenant(pg_units)
    engine = make_engine(database.url, connections=3)
    silent, desk = PostgresShardDesk(engine), PostgresShardDesk(engine)
    paused, seat = silent.sit(fresh_id()), desk.sit(fresh_id())
    seats: list[Seat] = []
    units = BesideUnits(PostgresUnits(engine), lambda: seats[-1] if seats else None)

    def given_up() -> bool:
        roster = desk.beat(seat, reap=True)
        assert roster is not None
        return roster.tokens == (seat.token,)

    def refused() -> FaultCode:
        with pytest.raises(Fault) as caught, units.begin(tenant):
            pass
        return caught.value.code

    assert refused() == FaultCode.SHARD_SEAT_LOST
    seats.append(paused)
    with ExitStack() as stack:
        caught = stack.enter_context(pytest.raises(Fault))
        unit = stack.enter_context(units.begin(tenant))
        unit.journal.claim_keys("box", [b"k" * 16])
        age(database, paused.token)
        assert not given_up()
        age(database, paused.token, 60)
        eventually(given_up)
    assert caught.value.code == FaultCode.SYNC_LINK_DOWN
    assert refused() == FaultCode.SHARD_SEAT_LOST
    seats.append(seat)
    with units.begin(tenant) as unit:
        assert unit.journal.claim_keys("box", [b"k" * 16])
    assert (units.tenant(""), units.tenants()) == (tenant, (tenant,))
    for one in (silent, desk):
        one.close()
    engine.dispose()


def test_a_worker_stopped_amid_a_heartbeat_loses_its_seat(database: Database) -> None:
    engines = [make_engine(database.url, connections=1) for _ in range(2)]
    silent, desk = (PostgresShardDesk(engine) for engine in engines)
    paused, seat = silent.sit(fresh_id()), desk.sit(fresh_id())
    said, goes_on = threading.Event(), threading.Event()

    @event.listens_for(engines[0], "after_cursor_execute")
    def stops(*_: object) -> None:
        said.set()
        goes_on.wait(60)

    with ThreadPoolExecutor(1) as pool:
        beat = pool.submit(silent.beat, paused, reap=False)
        assert said.wait(60)
        age_of = "update ingest_worker set alive_until = now() - interval '1 s' where token = %s"
        with psycopg.connect(database.super_dsn) as connection:
            # Its heartbeat holds the row: it is over its time once that is ended for it.
            connection.execute(age_of, (paused.token,))

        def given_up() -> bool:
            roster = desk.beat(seat, reap=True)
            return roster is not None and roster.tokens == (seat.token,)

        eventually(given_up)
        goes_on.set()
        with pytest.raises(Fault) as caught:
            beat.result()
    assert caught.value.code == FaultCode.SYNC_LINK_DOWN
    for one, engine in zip((silent, desk), engines, strict=True):
        one.close()
        engine.dispose()


def age(database: Database, token: int, seconds: int = 1) -> None:
    """Let a worker's time be over."""
    with psycopg.connect(database.super_dsn) as connection:
        connection.execute(
            "update ingest_worker set alive_until = now() - make_interval(secs => %s)"
            " where token = %s",
            (seconds, token),
        )
