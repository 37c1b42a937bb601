"""Ingest on a real broker and a real database, with the deaths that happen between the two."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from cloud_broker.adapters.clock_system import SystemClock
from cloud_broker.adapters.hub_pg import PostgresHub
from cloud_broker.adapters.mosquitto_files import INGEST_USER
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.ingest.parts import IngestParts
from cloud_broker.ingest.session import BrokerAddress, BrokerSession, Delivery
from cloud_broker.ingest.worker import IngestWorker
from cloud_broker.ports.catalogue import Document
from cloud_broker.ports.live import LiveEvent
from cloud_broker.services.booking.greeting import Greeter
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.fleet.presence import PresenceBook
from cloud_broker.services.line import downlink
from cloud_broker.services.line.announcing import Announcer
from cloud_broker.services.members.checkins import LaneCaller
from cloud_broker.services.members.phones import Phones
from retail_core.tally import FaultTally
from retail_core.wire.codec import decode_member
from tests.factories.waiting import PATIENCE_S
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.fakes.cloud_line import BoxLine, account, nothing_in, wait_until
from tests.plugins.cloud import new_box, new_tenant
from tests.plugins.mosquitto import INGEST_PASSWORD, Broker
from tests.plugins.postgres import Database


class DyingSession(BrokerSession):
    """A session of a process that dies after a commit, before it said a word about it."""

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """End the worker's thread on the spot."""
        if any(one.inbound.topic.endswith("/up") for one in deliveries):
            raise SystemExit


@dataclass
class Stage:
    """The cloud's parts around one broker and one database."""

    units: PostgresUnits
    database: Database
    broker: Broker
    tenant: UUID
    boxes: list[SimBox]
    stack: ExitStack
    tally: FaultTally = field(default_factory=FaultTally)

    def ingest(self, kind: type[BrokerSession] = BrokerSession) -> IngestWorker:
        clock, boot = SystemClock(), fresh_id()
        address = BrokerAddress(self.broker.host, self.broker.port, INGEST_USER, INGEST_PASSWORD)
        will = downlink.cloud_state(self.tenant, boot, up=False)
        parts = IngestParts(
            ingest=Ingest(self.units, clock, self.tally),
            greeter=Greeter(self.units, self.tally),
            presence=PresenceBook(self.units, self.tally),
            lanes=LaneCaller(self.units, clock, self.tally),
            announcer=Announcer(self.units, clock),
            tenants=self.units.tenants,
            rare=lambda _tenant: None,
            tally=self.tally,
        )
        worker = IngestWorker(parts, kind(address, clock, self.tally, will), boot)
        worker.start()
        self.stack.callback(worker.stop)
        return worker

    def line(self, box: SimBox) -> BoxLine:
        line = BoxLine(box, self.broker.host, self.broker.port)
        self.stack.callback(line.close)
        return line

    def count(self, table: str) -> int:
        with psycopg.connect(self.database.super_dsn) as connection:
            counting = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
            row = connection.execute(counting).fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def stage(
    pg_units: PostgresUnits, database: Database, mosquitto: Callable[..., Broker]
) -> Iterator[Stage]:
    tenant = new_tenant(pg_units)
    boxes = [new_box(pg_units, tenant, name) for name in ("上海店", "成都店")]
    broker = mosquitto([account(box) for box in boxes])
    with ExitStack() as stack:
        yield Stage(pg_units, database, broker, tenant, boxes, stack)


def test_from_one_shop_to_the_other(stage: Stage) -> None:
    stage.ingest()
    shanghai, chengdu = stage.boxes
    here, there = stage.line(shanghai), stage.line(chengdu)
    person = Person()
    shanghai.enrols(person)
    chengdu.sells(person)
    here.drain()
    there.drain()
    frame = there.changes.get(timeout=PATIENCE_S)
    (change,) = frame.changes
    assert decode_member(change.body).points_free == 59
    assert (frame.prev_pos, frame.pos) == (0, 1)
    # Boxes are told that ingest is there, also those that came before it.
    wait_until(lambda: here.cloud_up is True)


def test_a_frame_again_and_nonsense_between(stage: Stage) -> None:
    stage.ingest()
    box = stage.boxes[0]
    line = stage.line(box)
    box.sells()
    for payload in (box.frame(), b"\x00nonsense", box.frame(), box.frame()):
        line.send("up", payload)
    line.send("hello", b"nonsense")
    line.send("st", b"nonsense")
    assert line.acks.get(timeout=PATIENCE_S).ranges == ((1, 1),)
    wait_until(lambda: stage.tally.snapshot().get("W101", 0) == 3)
    assert stage.count("receipt") == 1
    assert stage.count("repair_queue") == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_death_between_commit_and_acknowledgement(stage: Stage) -> None:
    dying = stage.ingest(DyingSession)
    box, person = stage.boxes[0], Person()
    line = stage.line(box)
    box.enrols(person)
    box.sells(person)
    line.send("up", box.frame())
    wait_until(lambda: stage.count("receipt") == 1)
    dying.stop()
    assert nothing_in(line.acks)  # type: ignore[arg-type]  # any queue
    stage.ingest()
    line.drain()
    assert (stage.count("receipt"), stage.count("posting")) == (1, 1)
    # The change that the dead process committed and never announced is announced by its successor.
    assert line.changes.get(timeout=PATIENCE_S).pos == 1


def test_a_broker_that_forgets_everything(stage: Stage) -> None:
    stage.ingest()
    box = stage.boxes[0]
    line = stage.line(box)
    for _ in range(300):
        box.sells()
    line.send("up", box.frame(1, 256))
    stage.broker.kill()
    stage.broker.start()
    line.drain()
    wait_until(lambda: stage.count("receipt") == 300)  # promised first, booked right after
    assert stage.count("repair_queue") == 0


def test_a_sale_made_now_does_not_wait_behind_a_nights_backlog(stage: Stage) -> None:
    offline, open_now = stage.boxes
    for _ in range(20 * 256):
        offline.sells()
    open_now.sells()
    frames = [offline.frame(first, first + 255) for first in range(1, 20 * 256, 256)]
    worker = stage.ingest()
    night, day = stage.line(offline), stage.line(open_now)
    wait_until(lambda: day.cloud_up is True)
    for frame in frames:
        night.send("up", frame)
    day.send("up", open_now.frame())
    day.acks.get(timeout=PATIENCE_S)
    wait_until(lambda: night.acked == ((1, 20 * 256),), 100)
    assert day.heard_s < night.heard_s
    wait_until(lambda: stage.count("receipt") == 20 * 256 + 1, 100)
    worker.stop()


def test_a_database_that_is_away_makes_boxes_wait(stage: Stage) -> None:
    stage.ingest()
    box = stage.boxes[0]
    line = stage.line(box)
    wait_until(lambda: line.cloud_up is True)
    name = sql.Identifier(stage.database.name)
    with psycopg.connect(stage.database.super_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("revoke connect on database {} from public").format(name))
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where usename = 'regulars_app' and datname = current_database()"
        )
        box.sells()
        line.send("up", box.frame())
        wait_until(lambda: line.cloud_up is False)
        connection.execute(sql.SQL("grant connect on database {} to public").format(name))
    wait_until(lambda: line.cloud_up is True)
    line.drain()
    assert stage.count("receipt") == 1


def test_hello_brings_what_was_missed(stage: Stage) -> None:
    stage.ingest()
    shanghai, chengdu = stage.boxes
    person = Person()
    shanghai.enrols(person)
    chengdu.sells(person)
    here = stage.line(shanghai)
    here.drain()
    there = stage.line(chengdu)
    there.drain()
    there.close()
    shanghai.sells(person)
    here.drain()
    back = stage.line(chengdu)
    back.send("hello", chengdu.hello(feed_pos=1))
    assert back.acks.get(timeout=PATIENCE_S).ranges == ((1, 1),)
    frame = back.changes.get(timeout=PATIENCE_S)
    assert (frame.prev_pos, frame.pos) == (1, 2)
    assert decode_member(frame.changes[0].body).points_free == 118


def test_a_position_from_before_a_restore_starts_a_new_epoch(stage: Stage) -> None:
    stage.ingest()
    box = stage.boxes[0]
    line = stage.line(box)
    wait_until(lambda: line.cloud_up is True)  # a box says hello once somebody hears it
    line.send("hello", box.hello(feed_pos=99))
    assert line.acks.get(timeout=PATIENCE_S).ranges == ()
    frame = line.changes.get(timeout=PATIENCE_S)
    assert (frame.feed_epoch, frame.pos, frame.changes) == (2, 0, ())


def test_presence_and_the_will(stage: Stage) -> None:
    stage.ingest()
    box = stage.boxes[0]
    line = stage.line(box)
    line.send("st", box.presence("degraded", outbox_depth=3), retain=True)

    def state() -> tuple[object, ...] | None:
        with psycopg.connect(stage.database.super_dsn) as connection:
            return connection.execute(
                "select state, outbox_depth from device_state where device_id = %s", (box.device,)
            ).fetchone()

    wait_until(lambda: state() == ("degraded", 3))
    line.vanish()
    wait_until(lambda: state() == ("gone", 3))


def test_documents_are_announced_and_again_for_latecomers(stage: Stage) -> None:
    worker = stage.ingest()
    hub = PostgresHub(stage.database.url)
    hub.listen(lambda event: worker.wake() if "published" in event.kinds else None)
    hub.start()
    stage.stack.callback(hub.stop)
    assert hub.wait_listening(PATIENCE_S)
    box = stage.boxes[0]
    line = stage.line(box)
    content = b"goods"
    with stage.units.begin(stage.tenant) as unit:
        document = Document("catalogue", 3, sha256(content).digest(), content)
        unit.catalogue.add_catalogue(document, date(2026, 11, 22), 1, "li")
        unit.announce(LiveEvent(stage.tenant, frozenset({"published"})))
    told = line.published.get(timeout=PATIENCE_S)
    assert (told.kind, told.version, told.size) == ("catalogue", 3, 5)
    line.send("hello", box.hello(catalogue=2))
    assert line.published.get(timeout=PATIENCE_S).version == 3
    line.send("hello", box.hello(catalogue=3))
    line.acks.get(timeout=PATIENCE_S)
    with stage.units.begin(stage.tenant) as unit:
        assert unit.catalogue.unannounced() == ()


def test_what_another_process_commits_reaches_the_shops(stage: Stage) -> None:
    worker = stage.ingest()
    box, person = stage.boxes[0], Person()
    line = stage.line(box)
    box.enrols(person)
    line.drain()
    assert line.changes.get(timeout=PATIENCE_S).pos == 1
    clock = FakeCloudClock()
    phones = Phones(stage.units, clock, FakeCloudIdSource(clock))
    claimed = phones.claim(person.claim_code, b"p" * 32)
    worker.wake()
    frame = line.changes.get(timeout=PATIENCE_S)
    assert (frame.prev_pos, frame.pos) == (1, 2)
    (key,) = decode_member(frame.changes[0].body).phone_keys
    assert (key.key_id, key.public_key) == (claimed.key_id, b"p" * 32)
