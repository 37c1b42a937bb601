"""The whole line: a real journal, a real broker that dies, a cloud that forgets frames."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from cloud_broker.adapters.mosquitto_files import INGEST_USER, BrokerDevice
from edge_agent.adapters.clock_system import SystemClock, kernel_boot_id
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.link_mqtt import LinkIdentity, MqttLink
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.line.cloud_session import CloudSession
from edge_agent.services.line.downlink import Downlink
from edge_agent.services.line.presence import PresenceBeat, Running, Vitals
from edge_agent.services.line.uplink import Uplink
from retail_core.sync.ranges import from_seqs
from retail_core.tally import FaultTally
from retail_core.wire.codec import decode_hello, decode_up, encode, event_hash
from retail_core.wire.messages import WIRE_VERSION, AckFrame, ChangeFrame
from retail_core.wire.topics import cloud_filters, device_topics
from tests.contract.test_cloud_link_contract import PASSWORD, RUN, broker_device
from tests.factories.shop_floor import SHOP, make_change, make_draft, make_record
from tests.factories.waiting import eventually
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.plugins.mosquitto import INGEST_PASSWORD, Broker

TOPICS = device_topics(SHOP.tenant, SHOP.store, SHOP.device)
MEMBER = RUN
FORGETS_EVERY = 5


class ForgetfulCloud:
    """An ingest in memory: commits, acknowledges ranges, and loses every fifth frame."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._lock = threading.Lock()
        self._frames = 0
        self.events: dict[int, bytes] = {}
        self.doubled = 0
        self.epoch = 0
        self.join()

    def join(self) -> None:
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=INGEST_USER)
        self.client.username_pw_set(INGEST_USER, INGEST_PASSWORD)
        self.client.on_message = self._heard
        self.client.on_connect = self._connected
        self.client.reconnect_delay_set(min_delay=1, max_delay=1)
        self.client.connect(self._broker.host, self._broker.port)
        self.client.loop_start()

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def tell(self, points: int, pos: int) -> None:
        change = make_change(pos, MEMBER, pos, make_record(points_free=points))
        frame = ChangeFrame(WIRE_VERSION, 1, pos - 1, pos, (change,))
        self.client.publish(TOPICS.chg, encode(frame), qos=1)

    def _connected(self, client: Client, *_rest: object) -> None:
        client.subscribe([(one, 1) for one in cloud_filters()])

    def _heard(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        with self._lock:
            if message.topic == TOPICS.hello:
                self.epoch = decode_hello(payload).epoch
                self._acknowledge()
            elif message.topic == TOPICS.up:
                self._frames += 1
                if self._frames % FORGETS_EVERY:
                    self._commit(payload)
                    self._acknowledge()

    def _commit(self, payload: bytes) -> None:
        frame = decode_up(payload)
        self.epoch = frame.epoch
        chain = frame.prev_hash
        for seq, event in enumerate(frame.events, start=frame.first_seq):
            chain = event_hash(chain, event)
            if self.events.setdefault(seq, event.event_id) != event.event_id:
                self.doubled += 1

    def _acknowledge(self) -> None:
        ranges = from_seqs(self.events)
        ack = AckFrame(WIRE_VERSION, self.epoch, ranges, 2)
        self.client.publish(TOPICS.ack, encode(ack), qos=1)


class Box:
    """A box with its files and its line."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        clock = SystemClock(kernel_boot_id())
        ids, self.tally = SystemIds(clock), FaultTally()
        self.ids = ids
        self.journal = SqliteJournal(folder / "journal.db", b"j" * 32, ids)
        self.replica = SqliteReplica(folder / "replica.db", b"r" * 32)
        identity = LinkIdentity(SHOP.tenant, SHOP.store, SHOP.device, PASSWORD)
        link = MqttLink(broker.host, broker.port, identity, RUN, ids, self.tally)
        uplink = Uplink(self.journal, link, SHOP, self.tally)
        self.recorder = Recorder(self.journal, [uplink.recorded])
        vitals = Vitals("ok", can_sell=True, devices={})
        beat = PresenceBeat(
            link,
            self.journal,
            self.replica,
            clock,
            self.tally,
            Running(RUN, "test"),
            lambda: vitals,
        )
        down = Downlink(
            self.replica, FakeCloudDirectory(), clock, self.tally, bundle_public_key=b"k" * 32
        )
        self.session = CloudSession(
            link,
            self.journal,
            self.replica,
            uplink,
            down,
            beat,
            self.tally,
            software="test",
            on_call=lambda _payload: None,
        )
        self.session.start()

    def sell(self, count: int) -> None:
        for _ in range(count):
            draft = make_draft(event_id=self.ids.uuid7())
            self.recorder.record([draft], lambda seq: seq)

    def close(self) -> None:
        self.session.stop()
        self.replica.close()
        self.journal.close()


@pytest.fixture
def broker(mosquitto: Callable[[Sequence[BrokerDevice]], Broker]) -> Broker:
    return mosquitto([broker_device()])


@pytest.fixture
def cloud(broker: Broker) -> Iterator[ForgetfulCloud]:
    cloud = ForgetfulCloud(broker)
    yield cloud
    cloud.leave()


def test_nothing_is_lost_or_doubled_while_the_broker_dies_and_the_cloud_forgets(
    tmp_path: Path, broker: Broker, cloud: ForgetfulCloud
) -> None:
    box = Box(tmp_path, broker)
    try:
        box.sell(60)
        eventually(lambda: cloud.events)
        broker.kill()
        box.sell(400)
        broker.start()
        box.sell(40)
        eventually(lambda: len(cloud.events) > 100, within_s=30)
        box.close()
        box = Box(tmp_path, broker)
        box.sell(20)
        eventually(lambda: box.journal.depth() == 0, within_s=60)
        told = {record.seq: record.draft.event_id.bytes for record in box.journal.records()}
        assert told == cloud.events
        assert len(told) == 520
        assert cloud.doubled == 0
        assert box.journal.verify() == 520
    finally:
        box.close()


def test_changes_arrive_while_sales_leave(
    tmp_path: Path, broker: Broker, cloud: ForgetfulCloud
) -> None:
    box = Box(tmp_path, broker)
    try:
        eventually(lambda: cloud.epoch == box.journal.epoch)
        for pos in range(1, 31):
            cloud.tell(points=pos * 10, pos=pos)
            box.sell(1)
        eventually(lambda: box.replica.feed_position() == (1, 30))
        held = box.replica.member(MEMBER)
        assert held is not None
        assert held.record.points_free == 300
        eventually(lambda: box.journal.depth() == 0, within_s=30)
    finally:
        box.close()
