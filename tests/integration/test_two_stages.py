"""A backlog in the real database, over pipelined transactions: promised, booked, refused, again."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.ports.waiting import WaitingDepth
from cloud_broker.services.booking.ingest import Ingest, Outcome
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.points.walk import LedgerWalks
from retail_core.limits import SHARDS
from retail_core.tally import FaultTally
from retail_core.wire.codec import decode_ack, encode, event_hash
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import Person, SimBox
from tests.plugins.cloud import new_box, new_tenant
from tests.plugins.postgres import Database

COUNTED = ("event_log", "event_key", "receipt", "receipt_line", "posting", "repair_queue", "feed")


class Chain:
    """Ingest over a database that many tests share, in a tenant of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.units = PostgresUnits(make_engine(database.url, connections=2), pipelined=True)
        self.clock = FakeCloudClock()
        self.tenant: UUID = new_tenant(self.units)
        self.tally = FaultTally()
        self.ingest = Ingest(self.units, self.clock, self.tally)

    def sent(self, box: SimBox, first: int = 1, last: int | None = None) -> Inbound:
        return Inbound(box.topic(), box.frame(first, last), self.clock.now_ms())

    def settle(self, limit: int = 1_000) -> Outcome:
        return self.ingest.book_waiting(self.tenant, range(SHARDS), limit)

    def figures(self) -> dict[str, Any]:
        """Count everything this tenant has, and add up its accounts."""
        with psycopg.connect(self._database.super_dsn) as connection:
            found = {
                table: connection.execute(
                    f"select count(*) from {table} where tenant_id = %s",  # noqa: S608
                    (self.tenant,),
                ).fetchone()
                for table in COUNTED
            }
            found["account"] = connection.execute(
                "select count(*), sum(balance), sum(abs(balance)), sum(version) from account"
                " where tenant_id = %s",
                (self.tenant,),
            ).fetchone()
        return found

    def verified(self) -> list[str]:
        return LedgerWalks(self.units).verify(self.tenant, lambda _seen, _of: None).wrong


@pytest.fixture
def chain(shared_database: Database) -> Iterator[Chain]:
    made = Chain(shared_database)
    yield made
    made.units.close()


def test_a_night_is_promised_booked_once_and_the_same_again_changes_nothing(chain: Chain) -> None:
    box, other, person = (
        new_box(chain.units, chain.tenant, "上"),
        new_box(chain.units, chain.tenant, "成"),
        Person(),
    )
    box.enrols(person)
    for number in range(40):
        box.sells(person if number % 2 else None)
    sold = box.sells(person)
    other.refunds(sold, (1, 1_000), (2, 1_000), fen=5_900)
    night = [chain.sent(box, 1, 20), chain.sent(box, 21), chain.sent(box, 15, 25)]
    kept = chain.ingest.keep(night)
    told = [decode_ack(one.payload).ranges for one in kept.send]
    assert max(high for ranges in told for _, high in ranges) == 42
    early = chain.ingest.book([chain.sent(other)])
    assert decode_ack(early.send[0].payload).rejected == ()
    assert chain.ingest.waits(chain.tenant).events == 43
    assert chain.verified() == []
    # Another process goes on where this one was killed.
    chain.ingest = Ingest(chain.units, chain.clock, chain.tally)
    done = 0
    while events := chain.settle(10).events:
        done += events
    assert done == 43
    assert chain.ingest.waits(chain.tenant) == WaitingDepth(0, 0, None)
    stood = chain.figures()
    assert stood["receipt"] == (41,)
    assert stood["repair_queue"] == (0,)
    assert stood["account"][1] == 0
    chain.ingest.keep([*night, chain.sent(other)])
    chain.ingest.book([*night, chain.sent(other)])
    assert chain.settle().events == 0
    assert chain.figures() == stood
    assert chain.verified() == []


@pytest.mark.parametrize("kept", [True, False])
def test_what_the_database_refuses_is_found_among_its_neighbours(
    chain: Chain, *, kept: bool
) -> None:
    box = new_box(chain.units, chain.tenant)
    for _ in range(7):
        box.sells()
    box.events[4] = msgspec.structs.replace(box.events[4], time_quality=1 << 40)
    for index, event in enumerate(box.events):
        box.hashes[index + 1] = event_hash(box.hashes[index], event)
    if kept:
        chain.ingest.keep([chain.sent(box)])
    outcome = chain.settle() if kept else chain.ingest.book([chain.sent(box)])
    rejected = [
        one.seq
        for sent in outcome.send
        if sent.topic == box.topic("ack")
        for one in decode_ack(sent.payload).rejected
    ]
    assert rejected == [5]
    assert chain.figures()["receipt"] == (6,)
    assert chain.figures()["repair_queue"] == (1,)
    assert chain.ingest.waits(chain.tenant).frames == 0


def test_a_journal_at_the_end_of_all_numbers_stops_nobody(chain: Chain) -> None:
    box, other = (new_box(chain.units, chain.tenant, name) for name in ("上海店", "成都店"))
    for one in (box, other):
        one.sells()
        one.sells()
    for first, last in ((1, 1), (1, 2)):
        hostile = msgspec.structs.replace(box.up(first, last), first_seq=(1 << 63) - 1)
        chain.ingest.book(
            [
                Inbound(box.topic(), encode(hostile), chain.clock.now_ms()),
                chain.sent(other, last, last),
            ]
        )
    found = chain.figures()
    assert (found["receipt"], found["repair_queue"]) == ((2,), (2,))
