"""What a device may do at the broker, shown by delivery: mosquitto grants every SUBSCRIBE."""

import threading
from collections.abc import Callable
from queue import Empty, Queue
from uuid import UUID

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from cloud_broker.adapters.mosquitto_files import INGEST_USER, BrokerDevice, hash_password
from tests.factories.waiting import PATIENCE_S
from tests.plugins.mosquitto import INGEST_PASSWORD, Broker

TENANT = UUID("01900000-0000-7000-8000-0000000000aa")
OTHER_TENANT = UUID("01900000-0000-7000-8000-0000000000bb")
ONE = UUID("01900000-0000-7000-8000-000000000001")
TWO = UUID("01900000-0000-7000-8000-000000000002")
FOREIGN = UUID("01900000-0000-7000-8000-000000000003")
DEVICES = [
    BrokerDevice(tenant, 7, device, hash_password(str(device), b"s" * 12))
    for tenant, device in ((TENANT, ONE), (TENANT, TWO), (OTHER_TENANT, FOREIGN))
]


class Client:
    """A connected client that keeps what it receives."""

    def __init__(self, broker: Broker, user: str, password: str, client_id: str = "") -> None:
        self.received: Queue[tuple[str, bytes]] = Queue()
        self.refused: str | None = None
        self._ready = threading.Event()
        self._acks: Queue[int] = Queue()
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id or user, clean_session=True
        )
        self.client.username_pw_set(user, password)
        self.client.on_connect = self._on_connect
        self.client.on_message = lambda _c, _u, m: self.received.put((m.topic, bytes(m.payload)))
        self.client.on_subscribe = lambda _c, _u, mid, _r, _p: self._acks.put(mid)
        self.client.on_publish = lambda _c, _u, mid, _r, _p: self._acks.put(mid)
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        assert self._ready.wait(PATIENCE_S)

    def _on_connect(self, _c: object, _u: object, _f: object, reason: object, _p: object) -> None:
        self.refused = None if str(reason) == "Success" else str(reason)
        self._ready.set()

    def subscribe(self, topic: str) -> None:
        self.client.subscribe(topic, 1)
        self._acks.get(timeout=PATIENCE_S)

    def publish(self, topic: str, payload: bytes) -> None:
        self.client.publish(topic, payload, 1)
        self._acks.get(timeout=PATIENCE_S)

    def topics(self, until: bytes) -> set[str]:
        """Return the topics received before the marker."""
        seen: set[str] = set()
        while True:
            topic, payload = self.received.get(timeout=PATIENCE_S)
            if payload == until:
                return seen
            seen.add(topic)

    def nothing(self) -> bool:
        try:
            self.received.get(timeout=0.3)
        except Empty:
            return True
        return False

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def broker(mosquitto: Callable[..., Broker]) -> Broker:
    return mosquitto(DEVICES)


def own(device: UUID, tail: str, tenant: UUID = TENANT) -> str:
    return f"r1/{tenant}/7/d/{device}/{tail}"


def test_a_device_publishes_only_under_its_own_name(broker: Broker) -> None:
    cloud = Client(broker, INGEST_USER, INGEST_PASSWORD)
    box = Client(broker, str(ONE), str(ONE))
    cloud.subscribe("#")
    hostile = [
        own(TWO, "up"),
        own(ONE, "ack"),
        own(ONE, "chg"),
        own(ONE, "lane"),
        own(ONE, "up", OTHER_TENANT),
        f"r1/{TENANT}/8/d/{ONE}/up",
        own(ONE, "up/x"),
        f"x/{own(ONE, 'up')}",
        f"r1/{TENANT}/all/bundle",
        f"r1/{TENANT}/cloud/st",
        "r1/cloud/s/7",
        "r1/cloud/w/0",
        "$SYS/broker/version",
        own(ONE, "up").upper(),
    ]
    for topic in hostile:
        box.publish(topic, b"hostile")
    for tail in ("up", "st", "hello", "seen"):
        box.publish(own(ONE, tail), b"good")
    box.publish(own(ONE, "up"), b"end")
    assert cloud.topics(b"end") == {own(ONE, tail) for tail in ("up", "st", "hello", "seen")}
    box.close()
    cloud.close()


def test_a_device_receives_only_what_is_meant_for_it(broker: Broker) -> None:
    cloud = Client(broker, INGEST_USER, INGEST_PASSWORD)
    box = Client(broker, str(ONE), str(ONE))
    for topic in ("#", "r1/#", "+/+/+/+/+/+", own(TWO, "#"), f"r1/{OTHER_TENANT}/#"):
        box.subscribe(topic)
    for tail in ("ack", "chg", "lane", "up", "st", "hello", "seen"):
        for device, tenant in ((ONE, TENANT), (TWO, TENANT), (FOREIGN, OTHER_TENANT)):
            cloud.publish(own(device, tail, tenant), b"x")
    for tenant in (TENANT, OTHER_TENANT):
        for tail in ("all/bundle", "all/catalogue", "cloud/st"):
            cloud.publish(f"r1/{tenant}/{tail}", b"x")
    for topic in ("r1/cloud/s/7", "r1/cloud/s/8", "r1/cloud/w/3"):
        cloud.publish(topic, b"x")
    cloud.publish(own(ONE, "ack"), b"end")
    assert box.topics(b"end") == {
        own(ONE, "ack"),
        own(ONE, "chg"),
        own(ONE, "lane"),
        f"r1/{TENANT}/all/bundle",
        f"r1/{TENANT}/all/catalogue",
        f"r1/{TENANT}/cloud/st",
        "r1/cloud/s/7",
        "r1/cloud/w/3",
    }
    box.close()
    cloud.close()


def test_a_client_id_cannot_be_taken_from_another(broker: Broker) -> None:
    victim = Client(broker, str(ONE), str(ONE))
    victim.subscribe(own(ONE, "ack"))
    thief = Client(broker, str(TWO), str(TWO), client_id=str(ONE))
    cloud = Client(broker, INGEST_USER, INGEST_PASSWORD)
    cloud.publish(own(ONE, "ack"), b"x")
    assert victim.received.get(timeout=PATIENCE_S) == (own(ONE, "ack"), b"x")
    assert thief.nothing()
    for client in (victim, thief, cloud):
        client.close()


@pytest.mark.parametrize(("user", "password"), [("", ""), (str(ONE), "wrong"), ("nobody", "x")])
def test_without_the_right_password_nobody_enters(broker: Broker, user: str, password: str) -> None:
    client = Client(broker, user, password, client_id="c")
    assert client.refused is not None
    client.close()


def test_a_new_device_enters_after_a_reload(mosquitto: Callable[..., Broker]) -> None:
    broker = mosquitto(DEVICES[:1])
    client = Client(broker, str(TWO), str(TWO))
    assert client.refused is not None
    client.close()
    broker.reload(DEVICES)
    for _ in range(50):
        client = Client(broker, str(TWO), str(TWO))
        client.close()
        if client.refused is None:
            break
    assert client.refused is None
