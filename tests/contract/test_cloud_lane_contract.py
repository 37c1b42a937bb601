"""What a transaction promises whose statements travel together, on the real database."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.ports.unit import StoreRefusedError
from retail_core.errors import Fault
from tests.fakes.cloud_box import fresh_id
from tests.plugins.cloud import new_tenant
from tests.plugins.postgres import Database

NOW_MS = 1_795_000_000_000
KEYS = [b"a" * 16, b"b" * 16]


@pytest.fixture
def lane(database: Database) -> Iterator[PostgresUnits]:
    units = PostgresUnits(make_engine(database.url, connections=1, ping=False), pipelined=True)
    yield units
    units.close()


@pytest.fixture
def tenant(lane: PostgresUnits) -> UUID:
    return new_tenant(lane)


def test_what_is_written_is_there_afterwards_and_only_for_its_tenant(
    lane: PostgresUnits, tenant: UUID
) -> None:
    with lane.begin(tenant) as unit:
        assert unit.journal.claim_keys("box", KEYS) == set(KEYS)
    with lane.begin(tenant) as unit:
        assert unit.journal.claim_keys("box", KEYS) == set()
    with lane.begin(new_tenant(lane)) as unit:
        assert unit.journal.claim_keys("box", KEYS) == set(KEYS)


def test_what_nobody_waited_for_is_refused_at_the_end_and_the_next_goes_on(
    lane: PostgresUnits, tenant: UUID
) -> None:
    def refused() -> None:
        with lane.begin(tenant) as unit:
            unit.journal.claim_keys("box", KEYS)
            unit.journal.move_balances({"nobody:\x00": 1}, NOW_MS)

    with pytest.raises(StoreRefusedError):
        refused()
    with lane.begin(tenant) as unit:
        assert unit.journal.claim_keys("box", KEYS) == set(KEYS)


def test_a_fault_in_between_undoes_all_of_it(lane: PostgresUnits, tenant: UUID) -> None:
    def broken() -> None:
        with lane.begin(tenant) as unit:
            unit.journal.move_balances({"nobody": 1}, NOW_MS)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    with lane.begin(tenant) as unit:
        assert unit.journal.balances(["nobody"]) == {}


def test_what_was_asked_ahead_answers_as_of_then_and_once(
    lane: PostgresUnits, tenant: UUID
) -> None:
    with lane.begin(tenant) as unit:
        unit.ahead(lambda: unit.journal.balances(["a"]))
        unit.journal.move_balances({"a": 7}, NOW_MS)
        assert unit.journal.balances(["b"]) == {}
        assert unit.journal.balances(["a"]) == {}
        assert unit.journal.balances(["a"]) == {"a": 7}


def test_much_in_both_directions_does_not_get_stuck(lane: PostgresUnits, tenant: UUID) -> None:
    accounts = {f"account {number:04d} {'x' * 200}": number for number in range(4_000)}
    with lane.begin(tenant) as unit:
        for _ in range(3):
            unit.ahead(lambda: unit.journal.balances(list(accounts)))
            unit.journal.move_balances(accounts, NOW_MS)
            unit.journal.balances(list(accounts)[::-1])
        held = unit.journal.balances(list(accounts)[1:])
    assert sum(held.values()) == 3 * sum(accounts.values())


def test_a_connection_that_died_is_found_in_use_and_replaced(
    lane: PostgresUnits, tenant: UUID, pg_units: PostgresUnits
) -> None:
    with lane.connection(None) as connection:
        pid = connection.exec_driver_sql("select pg_backend_pid()").scalar_one()
    with pg_units.connection(None) as connection:
        connection.exec_driver_sql("select pg_terminate_backend(%(pid)s)", {"pid": pid})
    with pytest.raises(Fault), lane.begin(tenant) as unit:
        unit.journal.claim_keys("box", [fresh_id().bytes])
    with lane.begin(tenant) as unit:
        assert unit.journal.claim_keys("box", KEYS) == set(KEYS)
