"""What every line to the cloud does; the real one through mosquitto."""

import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import pytest
from msgspec import Struct
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from cloud_broker.adapters.mosquitto_files import INGEST_USER, BrokerDevice, hash_password
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.link_mqtt import LinkIdentity, MqttLink
from edge_agent.ports.cloud_link import CloudLink, Inbound
from retail_core.tally import FaultTally
from retail_core.wire.codec import decode_hello, decode_presence, encode
from retail_core.wire.lane import CheckInSeen, Seen, decode_seen
from retail_core.wire.messages import WIRE_VERSION, Hello, Presence
from retail_core.wire.topics import (
    DeviceTopics,
    all_topic,
    cloud_filters,
    cloud_state_topic,
    device_topics,
    shard_of,
)
from tests.factories.shop_floor import SHOP
from tests.factories.waiting import PATIENCE_S, eventually
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_link import FakeCloudLink
from tests.plugins.mosquitto import INGEST_PASSWORD, Broker

PASSWORD = "the-password-of-this-device"
RUN = UUID("01900000-0000-7000-8000-00000000c0de")
HELLO = Hello(WIRE_VERSION, 5, 1, 1, 0, 0, 0, "test")
ALIVE = Presence(WIRE_VERSION, "ok", RUN.bytes, 1_000)
SEEN = CheckInSeen(WIRE_VERSION, RUN.bytes, Seen.SHOWN)
TOPICS = device_topics(SHOP.tenant, SHOP.store, SHOP.device)


class Cloud(Protocol):
    """The other end of the line."""

    def deliver(self, tail: str, payload: bytes) -> None: ...

    def received(self, tail: str) -> list[bytes]: ...

    def cut(self) -> None: ...

    def heal(self) -> None: ...


@dataclass
class Box:
    """What the box's side heard."""

    messages: "queue.Queue[Inbound]"
    states: "queue.Queue[bool]"

    def start(self, link: CloudLink) -> None:
        link.start(self.messages.put, self.states.put)

    def state(self) -> bool:
        return self.states.get(timeout=PATIENCE_S)

    def message(self) -> Inbound:
        return self.messages.get(timeout=PATIENCE_S)


@pytest.fixture
def box() -> Box:
    return Box(queue.Queue(), queue.Queue())


class CloudLinkContract:
    """The suite; a subclass provides `link` and the `cloud` at its other end."""

    def test_carries_nothing_before_it_stands(self, link: CloudLink, cloud: Cloud) -> None:
        assert not link.connected()
        assert not link.publish_up(b"frame")
        assert not link.publish_hello(HELLO)
        assert not link.publish_presence(ALIVE)
        assert not link.publish_seen(SEEN)

    def test_connects_in_the_background_and_says_so(
        self, link: CloudLink, cloud: Cloud, box: Box
    ) -> None:
        box.start(link)
        cloud.heal()
        assert box.state() is True
        assert link.connected()

    def test_carries_frames_both_ways(self, link: CloudLink, cloud: Cloud, box: Box) -> None:
        box.start(link)
        cloud.heal()
        box.state()
        assert link.publish_up(b"one")
        assert link.publish_up(b"two")
        assert link.publish_hello(HELLO)
        assert link.publish_presence(ALIVE)
        assert link.publish_seen(SEEN)
        eventually(lambda: cloud.received("up") == [b"one", b"two"])
        eventually(lambda: [decode_hello(one) for one in cloud.received("hello")] == [HELLO])
        eventually(lambda: decode_presence(cloud.received("st")[-1]).boot_id == ALIVE.boot_id)
        eventually(lambda: [decode_seen(one) for one in cloud.received("seen")] == [SEEN])
        for tail in ("ack", "chg", "lane", "all/catalogue", "all/bundle", "cloud/st"):
            cloud.deliver(tail, tail.encode())
            assert box.message() == Inbound(tail, tail.encode())

    def test_a_cut_shows_and_heals(self, link: CloudLink, cloud: Cloud, box: Box) -> None:
        box.start(link)
        cloud.heal()
        assert box.state() is True
        cloud.cut()
        assert box.state() is False
        assert not link.connected()
        assert not link.publish_up(b"lost")
        cloud.heal()
        assert box.state() is True
        assert link.publish_up(b"after")
        eventually(lambda: b"after" in cloud.received("up"))
        assert b"lost" not in cloud.received("up")

    def test_stops_twice(self, link: CloudLink, cloud: Cloud, box: Box) -> None:
        box.start(link)
        cloud.heal()
        box.state()
        link.stop()
        link.stop()
        assert not link.connected()


class FakeCloud:
    """The far end of the fake line."""

    def __init__(self, link: FakeCloudLink) -> None:
        self._link = link

    def deliver(self, tail: str, payload: bytes) -> None:
        self._link.deliver(tail, payload)

    def received(self, tail: str) -> list[bytes]:
        if tail == "up":
            return list(self._link.up)
        said: dict[str, Sequence[Struct]] = {
            "hello": self._link.hellos,
            "st": self._link.presences,
            "seen": self._link.seen,
        }
        return [encode(one) for one in said[tail]]

    def cut(self) -> None:
        self._link.cut()

    def heal(self) -> None:
        self._link.connect()


class TestFakeCloudLink(CloudLinkContract):
    @pytest.fixture
    def link(self) -> FakeCloudLink:
        return FakeCloudLink()

    @pytest.fixture
    def cloud(self, link: FakeCloudLink) -> FakeCloud:
        return FakeCloud(link)


class MosquittoCloud:
    """Ingest's side of a real broker: it hears every device and speaks to this one."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._heard: list[tuple[str, bytes]] = []
        self._down = False
        self._client = self._join()

    def deliver(self, tail: str, payload: bytes) -> None:
        own = {
            "ack": TOPICS.ack,
            "chg": TOPICS.chg,
            "lane": TOPICS.lane,
            "cloud/st": cloud_state_topic(SHOP.tenant),
        }
        topic = own.get(tail) or all_topic(SHOP.tenant, tail.removeprefix("all/"))
        self._client.publish(topic, payload, qos=1).wait_for_publish(PATIENCE_S)

    def received(self, tail: str, topics: DeviceTopics = TOPICS) -> list[bytes]:
        topic = getattr(topics, tail)
        return [payload for heard, payload in list(self._heard) if heard == topic]

    def cut(self) -> None:
        self._down = True
        self.leave()
        self._broker.kill()

    def heal(self) -> None:
        if self._down:
            self._down = False
            self._broker.start()
            self._client = self._join()

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _join(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id=INGEST_USER)
        client.username_pw_set(INGEST_USER, INGEST_PASSWORD)
        joined: queue.Queue[bool] = queue.Queue()

        def hear(_client: Client, _data: Any, message: MQTTMessage) -> None:
            self._heard.append((message.topic, bytes(message.payload)))

        def granted(*arguments: object) -> None:
            joined.put(bool(arguments))

        client.on_message = hear
        client.on_subscribe = granted
        client.connect(self._broker.host, self._broker.port)
        client.loop_start()
        client.subscribe([(one, 1) for one in cloud_filters()])
        assert joined.get(timeout=PATIENCE_S)
        return client


def broker_device(password: str = PASSWORD) -> BrokerDevice:
    hashed = hash_password(password, b"s" * 12)
    return BrokerDevice(SHOP.tenant, shard_of(SHOP.store), SHOP.device, hashed)


@pytest.fixture
def broker(mosquitto: Callable[[Sequence[BrokerDevice]], Broker]) -> Broker:
    return mosquitto([broker_device()])


@pytest.fixture
def far_end(broker: Broker) -> Iterator[MosquittoCloud]:
    cloud = MosquittoCloud(broker)
    yield cloud
    cloud.leave()


class TestMqttLink(CloudLinkContract):
    @pytest.fixture
    def cloud(self, far_end: MosquittoCloud) -> MosquittoCloud:
        return far_end

    @pytest.fixture
    def link(self, broker: Broker) -> Iterator[MqttLink]:
        identity = LinkIdentity(SHOP.tenant, SHOP.store, SHOP.device, PASSWORD)
        link = MqttLink(
            broker.host, broker.port, identity, RUN, SystemIds(FakeClock()), FaultTally()
        )
        yield link
        link.stop()
