"""The cloud of the rig: ingest over a broker and a database that can be lost."""

from dataclasses import dataclass, field
from uuid import UUID

from cloud_broker.adapters.clock_system import SystemClock
from cloud_broker.adapters.mosquitto_files import INGEST_USERS
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
from retail_core.tally import FaultTally
from retail_core.wire.messages import ChangeFrame
from tests.fakes.cloud_box import SimBox, fresh_id
from tests.fakes.cloud_directory import FakeCloudDirectory

PAGE = 200


@dataclass
class Cloud:
    """One company's cloud; `open` begins on a database, `close` ends all of it but the broker."""

    tenant: UUID
    host: str
    port: int
    password: str
    units: PostgresUnits
    clock: SystemClock = field(default_factory=SystemClock)
    tally: FaultTally = field(default_factory=FaultTally)
    worker: IngestWorker = field(init=False)

    def open(self) -> None:
        """Begin to book."""
        boot = fresh_id()
        parts = IngestParts(
            ingest=Ingest(self.units, self.clock, self.tally),
            greeter=Greeter(self.units, self.tally),
            presence=PresenceBook(self.units, self.tally),
            lanes=LaneCaller(self.units, self.clock, self.tally),
            announcer=Announcer(self.units, self.clock),
            tenants=self.units.tenants,
            rare=lambda _tenant: None,
            tally=self.tally,
        )
        address = BrokerAddress(self.host, self.port, INGEST_USERS[0], self.password)
        will = downlink.cloud_state(self.tenant, boot, up=False)
        session = BrokerSession(address, self.clock, self.tally, will)
        self.worker = IngestWorker(parts, session, boot)
        self.worker.start()

    def close(self) -> None:
        """End; safe to call twice."""
        self.worker.stop()

    @property
    def office(self) -> LeaseOffice:
        """What lends."""
        return LeaseOffice(self.units, self.clock)


class FeedDirectory(FakeCloudDirectory):
    """The cloud's HTTP side as far as a gap in the feed needs it."""

    def __init__(self, cloud: Cloud, sim: SimBox) -> None:
        super().__init__()
        self._cloud = cloud
        self._sim = sim

    def changes_since(self, pos: int) -> ChangeFrame:
        """Return the feed after a position."""
        with self._cloud.units.begin(self._sim.tenant) as unit:
            rows = unit.feed.since(self._sim.store, pos, PAGE)
            head = unit.feed.head(self._sim.store)
        frames = downlink.change_frames(rows)
        return frames[0] if frames else ChangeFrame(1, head.feed_epoch, pos, pos, ())
