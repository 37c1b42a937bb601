"""The line through a shop's network: a black hole, port 443 only, a proxy with a login."""

import os
import queue
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from cloud_broker.adapters.mosquitto_files import BrokerDevice
from edge_agent.adapters.dial import Dialer, Proxy, ProxyRefusedError, dial, dial_through
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.link_mqtt import LinkIdentity, MqttLink, Route
from edge_agent.domain.ways import DIRECT, PROXY, WEBSOCKET, Way
from retail_core.tally import FaultTally
from tests.contract.test_cloud_link_contract import (
    ALIVE,
    PASSWORD,
    RUN,
    MosquittoCloud,
    broker_device,
)
from tests.factories.middlemen import Forwarder, TunnelProxy
from tests.factories.ports import free_port
from tests.factories.shop_floor import SHOP
from tests.factories.waiting import PATIENCE_S, eventually
from tests.fakes.clock import FakeClock
from tests.plugins.mosquitto import Broker

IDENTITY = LinkIdentity(SHOP.tenant, SHOP.store, SHOP.device, PASSWORD)
pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
LOGIN = "shop17:s3cret word"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def broker(mosquitto: Callable[[Sequence[BrokerDevice]], Broker]) -> Broker:
    return mosquitto([broker_device()])


def opened(stack: ExitStack, route: Route) -> tuple[MqttLink, "queue.Queue[bool]"]:
    states: queue.Queue[bool] = queue.Queue()
    ids = SystemIds(FakeClock())
    link = MqttLink("127.0.0.1", 1, IDENTITY, RUN, ids, FaultTally(), route)
    link.start(lambda _message: None, states.put)
    stack.callback(link.stop)
    return link, states


def test_a_black_hole_is_noticed_and_left_and_every_frame_arrives_after_it(
    broker: Broker, stack: ExitStack
) -> None:
    hole = Forwarder((broker.host, broker.port))
    stack.callback(hole.close)
    cloud = MosquittoCloud(broker)
    stack.callback(cloud.leave)
    link, states = opened(stack, Route((Way(DIRECT, "127.0.0.1", hole.port),)))
    assert states.get(timeout=PATIENCE_S)
    hole.fall_silent()
    assert link.publish_up(b"into the hole")
    assert not states.get(timeout=3 * PATIENCE_S)
    hole.heal()
    assert states.get(timeout=3 * PATIENCE_S)
    assert link.publish_up(b"after it")
    eventually(lambda: cloud.received("up") == [b"after it"])


def test_where_only_the_web_port_is_open_the_line_goes_over_it(
    broker: Broker, stack: ExitStack
) -> None:
    cloud = MosquittoCloud(broker)
    stack.callback(cloud.leave)
    closed = Way(DIRECT, "127.0.0.1", free_port())
    socket_way = Way(WEBSOCKET, broker.host, broker.socket_port, path="/mqtt")
    link, states = opened(stack, Route((closed, socket_way)))
    assert states.get(timeout=PATIENCE_S)
    assert link.way == socket_way
    frame = os.urandom(200_000)
    assert link.publish_up(frame)
    eventually(lambda: cloud.received("up") == [frame])
    broker.kill()
    assert not states.get(timeout=PATIENCE_S)
    broker.start()
    assert states.get(timeout=PATIENCE_S)
    assert link.way == socket_way, "what held is taken again"


def test_where_only_the_proxy_leads_out_the_line_goes_through_it(
    broker: Broker, stack: ExitStack, tmp_path: Path
) -> None:
    cloud = MosquittoCloud(broker)
    stack.callback(cloud.leave)
    proxy = TunnelProxy(LOGIN)
    stack.callback(proxy.close)
    login = tmp_path / "proxy.login"
    login.write_text(LOGIN + "\n", encoding="utf-8")
    ways = (
        Way(DIRECT, "127.0.0.1", free_port()),
        Way(PROXY, broker.host, broker.socket_port, path="/mqtt", proxied=True),
    )
    link, states = opened(stack, Route(ways, Proxy("127.0.0.1", proxy.port, login)))
    assert states.get(timeout=PATIENCE_S)
    assert link.way.proxied
    assert proxy.asked == [f"CONNECT {broker.host}:{broker.socket_port} HTTP/1.1"]
    assert link.publish_presence(ALIVE)
    eventually(lambda: len(cloud.received("st")) == 1)


def test_a_proxy_that_refuses_is_named_without_its_login(stack: ExitStack, tmp_path: Path) -> None:
    proxy = TunnelProxy(LOGIN)
    stack.callback(proxy.close)
    login = tmp_path / "proxy.login"
    login.write_text("shop17:wrong", encoding="utf-8")
    way = Way(PROXY, "cloud.invalid", 443, path="/mqtt", proxied=True)
    link, states = opened(stack, Route((way,), Proxy("127.0.0.1", proxy.port, login)))
    eventually(lambda: "407" in link.reason)
    assert "wrong" not in link.reason
    assert states.empty()


def test_http_goes_round_by_the_proxy_and_stays_there(stack: ExitStack, tmp_path: Path) -> None:
    site = socket.create_server(("127.0.0.1", 0))
    stack.callback(site.close)
    far = ("127.0.0.1", site.getsockname()[1])
    proxy = TunnelProxy()
    stack.callback(proxy.close)
    way = Proxy("127.0.0.1", proxy.port)
    with dial_through(way, far, 2) as through:
        other, _ = site.accept()
        other.sendall(b"first bytes of the tunnel")
        assert through.recv(100) == b"first bytes of the tunnel"
        other.close()
    dialer = Dialer(way)
    with dialer.open(far, 2):
        assert not dialer.through
    closed = ("127.0.0.1", free_port())
    with pytest.raises(OSError, match=r"refused|403|200|answer|Connection"):
        dialer.open(closed, 2)
    only = Dialer(way, straight=False)
    with only.open(far, 2):
        assert only.through
    refusing = TunnelProxy(refuses=True)
    stack.callback(refusing.close)
    with pytest.raises(ProxyRefusedError, match="403 Forbidden"):
        dial_through(Proxy("127.0.0.1", refusing.port), far, 2)
    with pytest.raises(OSError, match="refused"):
        dial(closed, 2)
