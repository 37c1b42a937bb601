"""A store dark for three months: its feed is pruned, and a snapshot brings it back over HTTP."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.api.app import build_app
from cloud_broker.api.server import Server, bind
from cloud_broker.services.booking.greeting import Greeter
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.line.frames import Inbound as Arrived
from cloud_broker.services.members.members import Members
from edge_agent.adapters.directory_http import HttpDirectory
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.ports.cloud_link import Inbound
from edge_agent.services.line.downlink import DRIFT_AGAIN_S, Downlink
from edge_agent.services.line.news import FRAMES_MS
from retail_core import limits
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_ack
from tests.factories.cloud_api import api_deps
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.fakes.cloud_hq import EmptyQueries, NotingDesk
from tests.plugins.cloud import new_box, new_tenant, token_of

DAY_MS = 24 * 60 * 60 * 1_000
DARK_MS = 92 * DAY_MS


class Cloud:
    """The cloud's own code over PostgreSQL, answering on a real port."""

    def __init__(self, units: PostgresUnits) -> None:
        self.units = units
        self.tenant = new_tenant(units)
        self.clock = FakeCloudClock()
        self.members = Members(units, self.clock)
        self.ingest = Ingest(units, self.clock, FaultTally())
        deps = api_deps(units, self.clock, FaultTally(), EmptyQueries(), NotingDesk(fresh_id()))
        port = bind("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{port.getsockname()[1]}"
        self._server = Server(build_app(replace(deps, hosts=frozenset({"127.0.0.1"}))))
        self._thread = threading.Thread(target=self._server.run, args=([port],), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.ask_to_end()
        self._thread.join()

    def book(self, box: SimBox, first: int = 1) -> None:
        sent = self.ingest.book([Arrived(box.topic(), box.frame(first), self.clock.now_ms())])
        with self.units.begin(self.tenant) as unit:
            unit.feed.mark_published({store: pos for (_, store), pos in sent.marks.items()})

    def points(self, person: Person) -> int:
        with self.units.begin(self.tenant) as unit:
            (facts,) = unit.members.facts([person.member])
        return facts.ver


class Box:
    """A box's files and its downlink."""

    def __init__(self, folder: Path, cloud: Cloud, sim: SimBox) -> None:
        self.sim = sim
        self.clock = FakeClock()
        self.tally = FaultTally()
        self.replica = SqliteReplica(folder / "replica.db", b"r" * 32)
        self.directory = HttpDirectory(cloud.url, token_of(sim))
        self.line = Downlink(
            self.replica, self.directory, self.clock, self.tally, bundle_public_key=b"k" * 32
        )

    def greeted(self, cloud: Cloud) -> None:
        """Say hello, hear the answer, and read what is owed to its end."""
        hello = self.sim.hello(feed_pos=self.replica.feed_position()[1])
        greeter = Greeter(cloud.units, FaultTally())
        arrived = Arrived(self.sim.topic("hello"), hello, cloud.clock.now_ms())
        self.line.session_began()
        for sent in greeter.greet(arrived).send:
            if sent.topic.endswith("/chg"):
                self.line.put(Inbound("chg", sent.payload))
            elif sent.topic.endswith("/ack"):
                self.line.greeted(decode_ack(sent.payload))
        for _ in range(30):
            if self.line.work_off() and self.line.idle():
                return
            self.clock.advance(FRAMES_MS)
        raise AssertionError(self.tally.snapshot())

    def held(self) -> dict[UUID, int]:
        rows = self.replica._file.rows("SELECT member_id, ver FROM member WHERE record NOTNULL")
        return {UUID(bytes=key): ver for key, ver in rows}

    def damage(self, person: Person) -> None:
        with self.replica._file.transaction() as db:
            db.execute("DELETE FROM member WHERE member_id = ?", (person.member.bytes,))

    def close(self) -> None:
        self.directory.close()
        self.replica.close()


@pytest.fixture
def cloud(shared_pg_units: PostgresUnits) -> Iterator[Cloud]:
    made = Cloud(shared_pg_units)
    yield made
    made.close()


@pytest.fixture
def opened(tmp_path: Path, cloud: Cloud) -> Iterator[Callable[[SimBox], Box]]:
    boxes: list[Box] = []

    def open_one(sim: SimBox) -> Box:
        boxes.append(Box(tmp_path, cloud, sim))
        return boxes[-1]

    yield open_one
    for box in boxes:
        box.close()


def test_dark_for_three_months_and_back(cloud: Cloud, opened: Callable[[SimBox], Box]) -> None:
    sim = new_box(cloud.units, cloud.tenant)
    staying, buying = Person(), Person(phone="8613900139001")
    sim.enrols(staying)
    sim.enrols(buying)
    cloud.book(sim)
    box = opened(sim)
    box.greeted(cloud)
    assert box.held() == {staying.member: 1, buying.member: 1}

    last = len(sim.events)
    for _ in range(20):
        sim.sells(buying)
    cloud.book(sim, last + 1)
    cloud.clock.advance(DARK_MS)
    while cloud.members.sets.tend(cloud.tenant):
        pass
    held_before = box.replica.feed_position()
    with cloud.units.begin(cloud.tenant) as unit:
        head = unit.feed.head(sim.store)
        assert head.pruned == head.head > held_before[1]

    box.greeted(cloud)
    assert box.replica.feed_position() == (head.feed_epoch, head.head)
    assert box.held() == {staying.member: 1, buying.member: cloud.points(buying)}
    assert box.tally.snapshot()[FaultCode.SYNC_REFETCH.value] == 1

    last = len(sim.events)
    sim.sells(staying)
    cloud.book(sim, last + 1)
    box.greeted(cloud)
    assert box.held()[staying.member] == 2


def test_a_row_that_was_lost_is_found_and_fetched_again(
    cloud: Cloud, opened: Callable[[SimBox], Box]
) -> None:
    sim = new_box(cloud.units, cloud.tenant)
    person = Person()
    sim.enrols(person)
    cloud.book(sim)
    box = opened(sim)
    box.greeted(cloud)
    box.damage(person)
    for _ in range(6):
        box.line.tend()
        box.clock.mono_ms += DRIFT_AGAIN_S * 1_000
        assert box.line.work_off(), box.tally.snapshot()
    assert box.held() == {person.member: 1}
    assert box.tally.snapshot() == {FaultCode.SYNC_DRIFT.value: 1}


def test_a_visitor_who_stays_away_leaves_the_box_too(
    cloud: Cloud, opened: Callable[[SimBox], Box]
) -> None:
    home, away = new_box(cloud.units, cloud.tenant), new_box(cloud.units, cloud.tenant, "成都店")
    person = Person()
    home.enrols(person)
    cloud.book(home)
    box = opened(away)
    found = box.directory.fetch_member("phone", person.phone_hash)
    assert found is not None
    box.replica.put_member(found.member_id, found.ver, found.record)
    cloud.clock.advance((limits.VISITOR_KEEP_DAYS + 1) * DAY_MS)
    assert cloud.members.sets.release(cloud.tenant, cloud.clock.now_ms()) == 1
    box.greeted(cloud)
    assert box.held() == {}
    assert box.replica.is_gone(person.member)
    assert box.directory.fetch_member("member", person.member.bytes) is None
