"""A lease over the real link: granted, spent offline, settled; and a card that was set back."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from cloud_broker.adapters.clock_system import SystemClock as CloudClock
from cloud_broker.adapters.mosquitto_files import INGEST_USER
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.ingest.parts import IngestParts
from cloud_broker.ingest.session import BrokerAddress, BrokerSession
from cloud_broker.ingest.worker import IngestWorker
from cloud_broker.services.booking.greeting import Greeter
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.fleet.presence import PresenceBook
from cloud_broker.services.line import downlink
from cloud_broker.services.line.announcing import Announcer
from cloud_broker.services.members.checkins import LaneCaller
from cloud_broker.services.rights.lease_office import LeaseOffice
from edge_agent.adapters.clock_system import SystemClock
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.lease_book_sqlite import SqliteLeaseBook
from edge_agent.adapters.link_mqtt import LinkIdentity, MqttLink
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.domain.shop import Shop
from edge_agent.ports.journal import Beside, Draft
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.line.cloud_session import CloudSession
from edge_agent.services.line.downlink import Downlink
from edge_agent.services.line.presence import PresenceBeat, Running, Vitals
from edge_agent.services.line.uplink import Uplink
from edge_agent.services.rights.lease_desk import LeaseDesk
from retail_core.loyalty.lease_books import RightBook, in_doubt
from retail_core.loyalty.lease_box import Draw
from retail_core.loyalty.lease_postings import redeem_posting
from retail_core.loyalty.lease_wire import spend_message
from retail_core.loyalty.leases import Right, RightKind
from retail_core.loyalty.postings import to_wire
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import ChangeFrame, MemberEnrolled
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.cloud_line import account, wait_until
from tests.plugins.cloud import new_box, new_tenant, second_box
from tests.plugins.mosquitto import INGEST_PASSWORD, Broker

RUN = UUID("01900000-0000-7000-8000-00000000c0de")


class Directory(FakeCloudDirectory):
    """The cloud's HTTP side as far as a gap in the feed needs it."""

    def __init__(self, units: PostgresUnits, tenant: UUID, store: UUID) -> None:
        super().__init__()
        self._units, self._tenant, self._store = units, tenant, store

    def changes_since(self, pos: int) -> ChangeFrame:
        with self._units.begin(self._tenant) as unit:
            rows = unit.feed.since(self._store, pos, 200)
            head = unit.feed.head(self._store)
        frames = downlink.change_frames(rows)
        return frames[0] if frames else ChangeFrame(1, head.feed_epoch, pos, pos, ())


@dataclass
class Cloud:
    """Ingest, the lease office and their database."""

    units: PostgresUnits
    tenant: UUID
    sim: SimBox
    broker: Broker
    tally: FaultTally
    worker: IngestWorker
    second: SimBox

    def book(self, right: Right) -> RightBook:
        with self.units.begin(self.tenant) as unit:
            return unit.leases.books([right])[right]

    def receipts(self) -> int:
        with self.units.begin(self.tenant) as unit:
            return len(unit.journal.ledger(self.sim.store))


class Box:
    """A box on a folder, as `bootstrap` ties it together; `boot` is the kernel's."""

    def __init__(
        self,
        folder: Path,
        cloud: Cloud,
        boot: UUID,
        directory: FakeCloudDirectory | None = None,
        key: bytes = b"k" * 32,
        sim: SimBox | None = None,
        next_day: Callable[[], int | None] = lambda: None,
    ) -> None:
        sim = sim or cloud.sim
        self.sim = sim
        self.clock = SystemClock(boot)
        self.ids, self.tally = SystemIds(self.clock), FaultTally()
        self.journal = SqliteJournal(folder / "journal.db", b"j" * 32, self.ids)
        self.replica = SqliteReplica(folder / "replica.db", b"r" * 32)
        shop = Shop(
            sim.tenant, sim.store, sim.device, sim.legal_entity, "上海店", "上海",
            "Asia/Shanghai", time(4),
        )  # fmt: skip
        identity = LinkIdentity(sim.tenant, sim.store, sim.device, str(sim.device))
        link = MqttLink(cloud.broker.host, cloud.broker.port, identity, RUN, self.ids, self.tally)
        self.link = link
        uplink = Uplink(self.journal, link, shop, self.tally)
        self.recorder = Recorder(self.journal, [uplink.recorded])
        book = SqliteLeaseBook(self.journal.file, sim.device)
        self.leases = LeaseDesk(
            book, self.journal, self.recorder, self.clock, self.ids, self.tally,
            board=b"b" * 32, next_day=next_day,
        )  # fmt: skip
        directory = directory or Directory(cloud.units, cloud.tenant, sim.store)
        down = Downlink(self.replica, directory, self.clock, self.tally, bundle_public_key=key)
        down.lend_to(self.leases.apply)
        beat = PresenceBeat(
            link, self.journal, self.replica, self.clock, self.tally, Running(RUN, "test"),
            lambda: Vitals("ok", can_sell=True, devices={}),
        )  # fmt: skip
        self.session = CloudSession(
            link, self.journal, self.replica, uplink, down, beat, self.tally,
            software="test", on_call=lambda _payload: None, leases=self.leases,
        )  # fmt: skip

    def online(self) -> None:
        self.session.start()

    def off(self) -> None:
        """End the program; safe to call twice."""
        self.session.stop()
        self.journal.close()
        self.replica.close()

    def says(self, type_: str, body: msgspec.Struct, member: UUID) -> None:
        self.recorder.record([self._draft(type_, body, member)], lambda seq: seq)

    def redeem(self, right: Right, amount: int, person: Person) -> None:
        """Sell, paying with points: reserved for the basket, committed with the sale."""
        held = self.leases.reserve(right, amount)
        entity = self.sim.legal_entity

        def record(draws: tuple[Draw, ...], beside: Beside) -> int:
            sale = msgspec.structs.replace(
                self.sim.sale(person, points=0),
                postings=tuple(to_wire(redeem_posting(one, "points", entity)) for one in draws),
                lease_spends=tuple(spend_message(one) for one in draws),
            )
            drafts = [self._draft(EventType.SALE, sale, person.member)]
            return self.recorder.record(drafts, lambda seq: seq, beside=beside)

        self.leases.commit([held.id], record)

    def _draft(self, type_: str, body: msgspec.Struct, member: UUID) -> Draft:
        return Draft(self.ids.uuid7(), type_, self.clock.now(), encode_body(body), member=member)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def cloud(pg_units: PostgresUnits, mosquitto: Callable[..., Broker], stack: ExitStack) -> Cloud:
    return begun(pg_units, mosquitto, stack)


def begun(pg_units: PostgresUnits, mosquitto: Callable[..., Broker], stack: ExitStack) -> Cloud:
    """Begin the cloud's ingest over a broker of its own, for a tenant with a store of two boxes."""
    tenant = new_tenant(pg_units)
    sim = new_box(pg_units, tenant)
    second = second_box(pg_units, sim)
    broker = mosquitto([account(sim), account(second)])
    clock, tally, boot = CloudClock(), FaultTally(), fresh_id()
    parts = IngestParts(
        ingest=Ingest(pg_units, clock, tally),
        greeter=Greeter(pg_units, tally),
        presence=PresenceBook(pg_units, tally),
        lanes=LaneCaller(pg_units, clock, tally),
        announcer=Announcer(pg_units, clock),
        tenants=pg_units.tenants,
        rare=lambda _tenant: None,
        tally=tally,
    )
    address = BrokerAddress(broker.host, broker.port, INGEST_USER, INGEST_PASSWORD)
    will = downlink.cloud_state(tenant, boot, up=False)
    worker = IngestWorker(parts, BrokerSession(address, clock, tally, will), boot)
    worker.start()
    stack.callback(worker.stop)
    return Cloud(pg_units, tenant, sim, broker, tally, worker, second)


def test_granted_spent_offline_settled_and_a_card_set_back_is_fenced(
    cloud: Cloud, stack: ExitStack, tmp_path: Path
) -> None:
    person, boot = Person(), fresh_id()
    right = Right(RightKind.POINTS, person.wallet)
    office = LeaseOffice(cloud.units, CloudClock())
    folder, image = tmp_path / "card", tmp_path / "image"

    def insert(boot: UUID) -> Box:
        box = Box(folder, cloud, boot)
        stack.callback(box.off)
        return box

    # A member earns 59 points; the box is let in and lent 50 of them.
    box = insert(boot)
    box.says(EventType.MEMBER_ENROLLED, enrolment(cloud.sim, person), person.member)
    box.says(EventType.SALE, cloud.sim.sale(person, points=59), person.member)
    box.online()
    wait_until(box.leases.admitted)
    office.lend(cloud.tenant, right, cloud.sim.device, 50)
    cloud.worker.wake()
    wait_until(lambda: box.leases.spendable(right) == 50)
    wait_until(lambda: box.journal.depth() == 0)
    box.off()
    shutil.copytree(folder, image)

    # The line is cut: a mere restart of the program still spends, and the cloud settles later.
    box = insert(boot)
    box.redeem(right, 30, person)
    assert box.leases.spendable(right) == 20
    box.online()
    wait_until(lambda: box.journal.depth() == 0)
    book = cloud.book(right)
    assert (book.free, book.held, book.late) == (9, 20, 0)
    box.off()

    # Somebody puts the image back on the card and boots: nothing is spent, a sale is not lost.
    shutil.rmtree(folder)
    shutil.copytree(image, folder)
    box = insert(fresh_id())
    epoch = box.journal.epoch
    assert box.leases.spendable(right) == 0
    box.says(EventType.SALE, cloud.sim.sale(person, points=5), person.member)
    sold = cloud.receipts()
    box.online()
    wait_until(box.leases.admitted)
    wait_until(lambda: nothing_waits(box))
    assert box.leases.spendable(right) == 0
    assert box.journal.epoch != epoch
    assert cloud.receipts() == sold + 1
    assert cloud.tally.snapshot()[FaultCode.LEASE_FENCED] == 1
    book = cloud.book(right)
    assert (book.free, in_doubt(book), book.late) == (14, 20, 0)

    # HQ declares the other card lost: its rest is hers again, to be lent anew.
    office.write_off(cloud.tenant, cloud.sim.device)
    assert cloud.book(right).free == 34
    office.lend(cloud.tenant, right, cloud.sim.device, 34)
    cloud.worker.wake()
    wait_until(lambda: box.leases.spendable(right) == 34)


def nothing_waits(box: Box) -> bool:
    return box.journal.depth() == 0


def enrolment(sim: SimBox, person: Person) -> msgspec.Struct:
    """What the box says of a new member, taken from the box the fakes play."""
    event = SimBox(sim.tenant).enrols(person)
    return msgspec.msgpack.decode(event.body, type=MemberEnrolled)
