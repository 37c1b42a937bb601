"""The line against a real broker that dies, refuses and forgets."""

import os
import queue
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from cloud_broker.adapters.mosquitto_files import BrokerDevice
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.link_mqtt import LinkIdentity, MqttLink
from edge_agent.domain.line_doctor import LineFacts, line_findings
from edge_agent.ports.cloud_link import Inbound
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_presence
from retail_core.wire.messages import Presence
from tests.contract.test_cloud_link_contract import (
    ALIVE,
    PASSWORD,
    RUN,
    MosquittoCloud,
    broker_device,
)
from tests.factories.shop_floor import SHOP
from tests.factories.waiting import PATIENCE_S, eventually
from tests.fakes.clock import FakeClock
from tests.plugins.mosquitto import Broker

IDENTITY = LinkIdentity(SHOP.tenant, SHOP.store, SHOP.device, PASSWORD)
START = Callable[[Sequence[BrokerDevice]], Broker]
ONE_RUN = textwrap.dedent(
    """
    import sys, time
    from tests.integration.test_link_mqtt import ALIVE, link_to
    link = link_to("127.0.0.1", int(sys.argv[1]))
    link.start(lambda message: None, lambda connected: link.publish_presence(ALIVE))
    time.sleep(600)
    """
)


def link_to(
    host: str, port: int, identity: LinkIdentity = IDENTITY, tally: FaultTally | None = None
) -> MqttLink:
    return MqttLink(host, port, identity, RUN, SystemIds(FakeClock()), tally or FaultTally())


@pytest.fixture
def broker(mosquitto: START) -> Broker:
    return mosquitto([broker_device()])


@pytest.fixture
def cloud(broker: Broker) -> Iterator[MosquittoCloud]:
    cloud = MosquittoCloud(broker)
    yield cloud
    cloud.leave()


def states_of(cloud: MosquittoCloud) -> list[Presence]:
    said = [decode_presence(payload) for payload in cloud.received("st")]
    return [msgspec.structs.replace(one, session=None) for one in said]


def sessions_of(cloud: MosquittoCloud) -> list[bytes | None]:
    return [decode_presence(payload).session for payload in cloud.received("st")]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_killed_box_is_reported_gone_with_the_boot_id_of_its_birth(
    broker: Broker, cloud: MosquittoCloud
) -> None:
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen([sys.executable, "-c", ONE_RUN, str(broker.port)], cwd=root)
    try:
        eventually(lambda: ALIVE in states_of(cloud))
        os.kill(process.pid, signal.SIGKILL)
        eventually(lambda: states_of(cloud)[-1].state == "gone")
    finally:
        process.kill()
        process.wait(PATIENCE_S)
    assert states_of(cloud)[-1].boot_id == ALIVE.boot_id
    born, died = sessions_of(cloud)
    assert born == died is not None


def test_a_goodbye_is_told_apart_from_a_loss(broker: Broker, cloud: MosquittoCloud) -> None:
    states: queue.Queue[bool] = queue.Queue()
    link = link_to(broker.host, broker.port)
    link.start(lambda _message: None, states.put)
    assert states.get(timeout=PATIENCE_S)
    assert link.publish_presence(ALIVE)
    link.stop()
    eventually(lambda: [one.state for one in states_of(cloud)] == ["ok", "left"])
    cloud.leave()
    late = MosquittoCloud(broker)
    eventually(lambda: [one.state for one in states_of(late)] == ["left"])
    late.leave()


def test_a_wrong_password_is_counted_and_never_stands(broker: Broker) -> None:
    tally, states = FaultTally(), queue.Queue[bool]()
    link = link_to(broker.host, broker.port, replace(IDENTITY, password="not this"), tally)
    link.start(lambda _message: None, states.put)
    try:
        eventually(lambda: tally.snapshot().get(FaultCode.SETUP_BROKER_REFUSED.value, 0) >= 2)
        assert not link.connected()
        assert states.empty()
        facts = LineFacts("Store", connected=False, way=str(link.way), reason=link.reason)
        (found,) = line_findings(facts)
        assert found.code is FaultCode.SYNC_BOX_REFUSED
        assert found.fields["reason"] == "Not authorized"
    finally:
        link.stop()


def test_no_broker_is_counted_and_retried(broker: Broker) -> None:
    broker.kill()
    tally, states = FaultTally(), queue.Queue[bool]()
    link = link_to(broker.host, broker.port, tally=tally)
    link.start(lambda _message: None, states.put)
    try:
        eventually(lambda: tally.snapshot().get(FaultCode.SYNC_LINK_DOWN.value, 0) >= 1)
        broker.start()
        assert states.get(timeout=PATIENCE_S)
    finally:
        link.stop()


def test_a_message_its_reader_chokes_on_costs_neither_the_line_nor_the_next(
    broker: Broker, cloud: MosquittoCloud
) -> None:
    tally, states, heard = FaultTally(), queue.Queue[bool](), queue.Queue[Inbound]()

    def choke(message: Inbound) -> None:
        if message.payload == b"poison":
            raise RuntimeError("a bug")
        heard.put(message)

    link = link_to(broker.host, broker.port, tally=tally)
    link.start(choke, states.put)
    try:
        assert states.get(timeout=PATIENCE_S)
        cloud.deliver("ack", b"poison")
        cloud.deliver("ack", b"good")
        assert heard.get(timeout=PATIENCE_S).payload == b"good"
        assert link.connected()
        assert tally.snapshot()[FaultCode.API_INTERNAL.value] == 1
    finally:
        link.stop()


def test_reconnecting_leaks_no_files(broker: Broker) -> None:
    states: queue.Queue[bool] = queue.Queue()
    link = link_to(broker.host, broker.port)
    link.start(lambda _message: None, states.put)
    try:
        assert states.get(timeout=PATIENCE_S)
        before = open_files()
        for _round in range(5):
            broker.kill()
            assert not states.get(timeout=PATIENCE_S)
            broker.start()
            assert states.get(timeout=PATIENCE_S)
        time.sleep(0.1)
        assert open_files() <= before + 1
    finally:
        link.stop()


def test_frames_of_many_threads_arrive_whole_and_once(
    broker: Broker, cloud: MosquittoCloud
) -> None:
    states: queue.Queue[bool] = queue.Queue()
    link = link_to(broker.host, broker.port)
    link.start(lambda _message: None, states.put)
    try:
        assert states.get(timeout=PATIENCE_S)
        sent = [bytes([number]) * 50_000 for number in range(40)]

        def send(payload: bytes) -> None:
            while not link.publish_up(payload):
                time.sleep(0.005)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(send, sent))
        eventually(lambda: len(cloud.received("up")) == len(sent))
        assert sorted(cloud.received("up")) == sent
    finally:
        link.stop()
