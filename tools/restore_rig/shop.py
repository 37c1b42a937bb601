"""A box as `bootstrap` ties it together, without a till: its own journal, leases and line."""

from datetime import time
from pathlib import Path
from uuid import UUID

import msgspec

from cloud_broker.domain.arrivals import Place
from cloud_broker.services.rights.recall import Recall
from cloud_broker.services.rights.restoring import Restoring
from edge_agent.adapters.clock_system import SystemClock
from edge_agent.adapters.documents_tinydb import TinyDocuments
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
from edge_agent.services.line.restored import Restored, Shelves
from edge_agent.services.line.uplink import Uplink
from edge_agent.services.rights.lease_desk import LeaseDesk
from retail_core.loyalty.lease_box import Draw
from retail_core.loyalty.lease_postings import redeem_posting
from retail_core.loyalty.lease_wire import spend_message
from retail_core.loyalty.leases import Right
from retail_core.loyalty.postings import to_wire
from retail_core.tally import FaultTally
from retail_core.wire.codec import encode, encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.restored import BoxStanding, CloudHolds, decode_holds, decode_standing
from retail_core.wire.rights import RightsAnswer, RightsAsked, decode_answer, decode_asked
from tests.fakes.cloud_box import Person, SimBox
from tools.restore_rig.cloud import Cloud, FeedDirectory

RUN = UUID("01900000-0000-7000-8000-00000000c0de")


class Desk:
    """The cloud's HTTP side about rights: every message goes through its bytes."""

    def __init__(self, cloud: Cloud, sim: SimBox) -> None:
        self._cloud = cloud
        self._sim = sim

    def stand(self, standing: BoxStanding) -> CloudHolds:
        """Tell a restored cloud what is held here."""
        cloud, said = self._cloud, decode_standing(encode(standing))
        holds = Restoring(cloud.units, cloud.clock).hear(self._sim.tenant, self._place(), said)
        return decode_holds(encode(holds))

    def ask_rights(self, asked: RightsAsked) -> RightsAnswer:
        """Ask for rights that lie in other stores."""
        cloud, said = self._cloud, decode_asked(encode(asked))
        answer = Recall(cloud.units, cloud.clock).ask(self._sim.tenant, self._place(), said)
        cloud.worker.wake()
        return decode_answer(encode(answer))

    def _place(self) -> Place:
        with self._cloud.units.begin(self._sim.tenant) as unit:
            return unit.fleet.places([self._sim.device])[self._sim.device]


class Box:
    """A box on a folder; `boot` is the kernel's. `online` begins, `off` ends the program."""

    def __init__(self, folder: Path, cloud: Cloud, sim: SimBox, boot: UUID) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.sim = sim
        self.clock = SystemClock(boot)
        self.ids, self.tally = SystemIds(self.clock), FaultTally()
        self.journal = SqliteJournal(folder / "journal.db", b"j" * 32, self.ids)
        self.replica = SqliteReplica(folder / "replica.db", b"r" * 32)
        self.documents = TinyDocuments.opened_or_new(folder / "documents.json", self.tally)
        shop = Shop(
            sim.tenant, sim.store, sim.device, sim.legal_entity, "店", "上海",
            "Asia/Shanghai", time(4),
        )  # fmt: skip
        identity = LinkIdentity(sim.tenant, sim.store, sim.device, str(sim.device))
        link = MqttLink(cloud.host, cloud.port, identity, RUN, self.ids, self.tally)
        uplink = Uplink(self.journal, link, shop, self.tally)
        self.recorder = Recorder(self.journal, [uplink.recorded])
        book = SqliteLeaseBook(self.journal.file, sim.device)
        self.leases = LeaseDesk(
            book, self.journal, self.recorder, self.clock, self.ids, self.tally,
            board=sim.device.bytes * 2,
        )  # fmt: skip
        down = Downlink(
            self.replica, FeedDirectory(cloud, sim), self.clock, self.tally,
            bundle_public_key=b"k" * 32,
        )  # fmt: skip
        down.lend_to(self.leases.apply)
        beat = PresenceBeat(
            link, self.journal, self.replica, self.clock, self.tally, Running(RUN, "rig"),
            lambda: Vitals("ok", can_sell=True, devices={}),
        )  # fmt: skip
        self.session = CloudSession(
            link, self.journal, self.replica, uplink, down, beat, self.tally,
            software="rig", on_call=lambda _payload: None, leases=self.leases,
        )  # fmt: skip
        desk = self.desk = Desk(cloud, sim)
        shelves = Shelves(self.journal, self.replica, self.leases, self.documents)
        self.restored = Restored(shelves, desk, uplink, self.tally)
        self.restored.then(self.session.ask_again)
        uplink.meet(self.restored.met)

    def online(self) -> None:
        """Connect."""
        self.session.start()

    def off(self) -> None:
        """End the program; safe to call twice."""
        self.session.stop()
        self.journal.close()
        self.replica.close()
        self.documents.close()

    def says(self, type_: str, body: msgspec.Struct, member: UUID) -> None:
        """Journal an event."""
        self.recorder.record([self._draft(type_, body, member)], lambda seq: seq)

    def earns(self, person: Person, points: int) -> UUID:
        """Sell with points earned; return the receipt."""
        sale = self.sim.sale(person, points=points)
        self.says(EventType.SALE, sale, person.member)
        return UUID(bytes=sale.receipt_id)

    def redeems(self, right: Right, amount: int, person: Person) -> UUID:
        """Sell, paid with points: reserved for the basket, committed with the sale."""
        held = self.leases.reserve(right, amount)
        sale = self.sim.sale(person, points=0)

        def record(draws: tuple[Draw, ...], beside: Beside) -> int:
            paid = msgspec.structs.replace(
                sale,
                postings=tuple(
                    to_wire(redeem_posting(one, "points", self.sim.legal_entity)) for one in draws
                ),
                lease_spends=tuple(spend_message(one) for one in draws),
            )
            drafts = [self._draft(EventType.SALE, paid, person.member)]
            return self.recorder.record(drafts, lambda seq: seq, beside=beside)

        self.leases.commit([held.id], record)
        return UUID(bytes=sale.receipt_id)

    def _draft(self, type_: str, body: msgspec.Struct, member: UUID) -> Draft:
        return Draft(self.ids.uuid7(), type_, self.clock.now(), encode_body(body), member=member)
