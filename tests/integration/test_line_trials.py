"""A new broker's address for many boxes at once, over real brokers: every box finds back by itself.

`STEERED_BOXES=100` (`make bench-line-trials`) has a hundred of them.
"""

import os
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from cloud_broker.adapters.mosquitto_files import INGEST_USER, BrokerDevice, hash_password
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.line_proof import MqttLineProof
from edge_agent.adapters.link_mqtt import LinkIdentity, MqttLink, Route
from edge_agent.domain.ways import DIRECT, Way
from edge_agent.ports.cloud_link import Inbound
from edge_agent.services.box.commands import CommandRunner
from edge_agent.services.box.fleet_asking import FleetAsking
from edge_agent.services.box.twin import TwinKeeper
from retail_core.fleet.twin import Values
from retail_core.fleet.twin_settings import BROKER
from retail_core.tally import FaultTally
from retail_core.wire.fleet import FleetSheet, FleetWord
from retail_core.wire.messages import Hello
from retail_core.wire.topics import cloud_filters, shard_of
from tests.factories.ports import free_port
from tests.factories.shop_floor import SHOP
from tests.factories.waiting import PATIENCE_S, eventually
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_box import fresh_id
from tests.fakes.documents import FakeDocuments
from tests.plugins.mosquitto import INGEST_PASSWORD, Broker

BOXES = int(os.environ.get("STEERED_BOXES", "3"))
PASSWORD = "a box's password"
HELLO = Hello(1, 1, 1, 1, 0, 0, 0)
START = Callable[[Sequence[BrokerDevice]], Broker]
ALWAYS = 1_000_000


class Answering:
    """The cloud on one broker: it answers each box's first hellos and then falls silent."""

    def __init__(self, broker: Broker, times: int) -> None:
        self._left: dict[str, int] = {}
        self._times = times
        joined: queue.Queue[bool] = queue.Queue()
        self._client = client = Client(CallbackAPIVersion.VERSION2, client_id=INGEST_USER)
        client.username_pw_set(INGEST_USER, INGEST_PASSWORD)
        client.on_message = self._hear
        client.on_subscribe = lambda *_: joined.put(item=True)
        client.connect(broker.host, broker.port)
        client.loop_start()
        client.subscribe([(one, 1) for one in cloud_filters()])
        assert joined.get(timeout=PATIENCE_S)

    def _hear(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        head, _, tail = message.topic.rpartition("/")
        left = self._left.setdefault(head, self._times)
        if tail == "hello" and left:
            self._left[head] = left - 1
            client.publish(f"{head}/ack", b"ack", qos=1)

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Wanting:
    """A `FleetLine` that wants one broker and keeps what it is told."""

    def __init__(self, broker: str) -> None:
        self.sheet = FleetSheet(1, 1, {BROKER: broker})
        self.words: list[FleetWord] = []

    def exchange(self, word: FleetWord) -> FleetSheet:
        self.words.append(word)
        return self.sheet


class Box:
    """The parts of a box that keep its line."""

    def __init__(self, device: UUID, home: Broker, wanted: str) -> None:
        identity = LinkIdentity(SHOP.tenant, SHOP.store, device, PASSWORD)
        self._home = Route((Way(DIRECT, home.host, home.port),))
        tally = FaultTally()
        self.link = MqttLink(
            *(home.host, home.port, identity, fresh_id(), SystemIds(FakeClock()), tally), self._home
        )
        proof = MqttLineProof(identity, self._route, lambda: HELLO, tally, answer_s=1)
        self.twin = TwinKeeper(
            FakeDocuments(), proof, lambda values: self.link.move(self._route(values)), confirm_s=3
        )
        commands = CommandRunner(FakeDocuments(), {})
        self.line = Wanting(wanted)
        self.asking = FleetAsking(self.line, self.twin, commands)
        self.link.start(self._take, self._greet)

    def _route(self, values: Values) -> Route:
        if BROKER not in values:
            return self._home
        parts = urlsplit(str(values[BROKER]))
        return Route((Way(DIRECT, parts.hostname or "", parts.port or 0),))

    def _take(self, message: Inbound) -> None:
        if message.topic_tail == "ack" and self.link.settled:
            self.twin.heard()

    def _greet(self, connected: bool) -> None:  # noqa: FBT001 -- the port's callback
        if connected:
            self.link.publish_hello(HELLO)

    def settle(self) -> tuple[str, str]:
        """Ask until at rest; return the outcome and the code that the cloud was told."""
        eventually(self.link.connected)
        while self.asking.ask():
            pass
        eventually(lambda: self.link.settled)
        ((_, outcome, _, code),) = [
            (one.key, one.outcome, one.value, one.code) for one in self.line.words[-1].keys
        ]
        return outcome, code


@pytest.fixture
def devices() -> dict[UUID, BrokerDevice]:
    hashed = hash_password(PASSWORD, b"s" * 12)
    ids = [fresh_id() for _ in range(BOXES)]
    return {one: BrokerDevice(SHOP.tenant, shard_of(SHOP.store), one, hashed) for one in ids}


@pytest.fixture
def home(mosquitto: START, devices: dict[UUID, BrokerDevice]) -> Iterator[Broker]:
    broker = mosquitto(list(devices.values()))
    cloud = Answering(broker, ALWAYS)
    yield broker
    cloud.leave()


def settled(
    devices: dict[UUID, BrokerDevice], home: Broker, port: int
) -> tuple[set[object], float]:
    """Push an address to every box; return what they came to, and where they are connected."""
    boxes = [Box(one, home, f"mqtt://127.0.0.1:{port}") for one in devices]
    began = time.monotonic()
    try:
        with ThreadPoolExecutor(len(boxes)) as pool:
            outcomes = list(pool.map(Box.settle, boxes))
        took_s = time.monotonic() - began
        return {(*one, box.link.way.port) for one, box in zip(outcomes, boxes, strict=True)}, took_s
    finally:
        for box in boxes:
            box.link.stop()


def test_where_nobody_listens_no_box_goes(
    devices: dict[UUID, BrokerDevice], home: Broker, record_property: Callable[..., None]
) -> None:
    found, took_s = settled(devices, home, free_port())
    record_property("boxes_and_seconds", f"{len(devices)} {took_s:.1f}")
    assert found == {("refused", "F133", home.port)}


@pytest.mark.parametrize(
    ("answers", "outcome", "code", "moves"),
    [
        pytest.param(0, "refused", "F133", False, id="a broker without the cloud"),
        pytest.param(1, "reverted", "F134", False, id="a cloud that falls silent"),
        pytest.param(ALWAYS, "applied", "", True, id="a good one"),
    ],
)
def test_only_a_line_on_which_the_cloud_speaks_is_kept(
    devices: dict[UUID, BrokerDevice],
    home: Broker,
    mosquitto: START,
    answers: int,
    outcome: str,
    code: str,
    moves: bool,  # noqa: FBT001 -- a parameter of the table
) -> None:
    other = mosquitto(list(devices.values()))
    cloud = Answering(other, answers)
    try:
        found, _ = settled(devices, home, other.port)
    finally:
        cloud.leave()
    assert found == {(outcome, code, other.port if moves else home.port)}
