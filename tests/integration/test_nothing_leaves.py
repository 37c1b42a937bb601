"""Requirement B3 on the wire: what a box sends is kept on its way to the cloud, and searched."""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID

import pytest

from cloud_broker.adapters.mosquitto_files import BrokerDevice, hash_password
from retail_core.wire.codec import decode_body, decode_up
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Event, FaceErased, FaceHeld
from retail_core.wire.topics import device_topics, shard_of
from tests.contract.test_cloud_link_contract import MosquittoCloud
from tests.factories.agent_files import DEVICE
from tests.factories.privacy import FACE, Shop, needles
from tests.factories.waiting import eventually
from tests.plugins.mosquitto import Broker

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

TENANT, STORE, DEVICE_ID = (UUID(f"01890000-0000-7000-8000-00000000000{n}") for n in (1, 2, 3))


class Tap:
    """A TCP relay to `far` that keeps every byte a box sends."""

    def __init__(self, far: tuple[str, int]) -> None:
        self._far = far
        self._heard = bytearray()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._ends: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def sent(self) -> bytes:
        return bytes(self._heard)

    def close(self) -> None:
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._far)
                self._ends += [near, far]
                for pair in ((near, far, self._heard), (far, near, bytearray())):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket, heard: bytearray) -> None:
        with suppress(OSError):
            while chunk := source.recv(65_536):
                heard.extend(chunk)
                sink.sendall(chunk)


class NoSuchPage(BaseHTTPRequestHandler):
    """A cloud that knows nothing yet; the tap before it keeps what was asked."""

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815 -- the name the server looks for

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def http_tap() -> Iterator[Tap]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), NoSuchPage)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    tap = Tap(("127.0.0.1", server.server_port))
    yield tap
    server.shutdown()
    thread.join()
    server.server_close()
    tap.close()


@pytest.fixture
def broker(mosquitto: Callable[[Sequence[BrokerDevice]], Broker]) -> Broker:
    hashed = hash_password("broker-password", b"s" * 12)
    return mosquitto([BrokerDevice(TENANT, shard_of(STORE), DEVICE_ID, hashed)])


@pytest.fixture
def mqtt_tap(broker: Broker) -> Iterator[Tap]:
    tap = Tap((broker.host, broker.port))
    yield tap
    tap.close()


@pytest.fixture
def cloud(broker: Broker) -> Iterator[MosquittoCloud]:
    cloud = MosquittoCloud(broker)
    yield cloud
    cloud.leave()


@pytest.fixture
def shop(tmp_path: Path, http_tap: Tap, mqtt_tap: Tap) -> Iterator[Shop]:
    device = DEVICE.replace("broker_port = 18830", f"broker_port = {mqtt_tap.port}")
    shop = Shop(tmp_path, device.replace("127.0.0.1:8100", f"127.0.0.1:{http_tap.port}"))
    yield shop
    shop.stop()


def told(cloud: MosquittoCloud) -> list[object]:
    """Everything that was said in events, opened: frames may travel compressed."""
    return [decode_body(event.type, event.body) for event in events_of(cloud)]


def events_of(cloud: MosquittoCloud) -> list[Event]:
    frames = cloud.received("up", device_topics(TENANT, STORE, DEVICE_ID))
    return [event for frame in frames for event in decode_up(frame).events]


def test_privacy_b03_no_byte_of_a_template_is_on_the_wire(
    shop: Shop, cloud: MosquittoCloud, mqtt_tap: Tap, http_tap: Tap
) -> None:
    both = {"membership": True, "face.local": True, "face.roaming": True}
    member = shop.enrol(consents=both)
    shop.take_face(member)
    assert shop.look(FACE)["outcome"] == "member"
    shop.box.agent.cloud.start()
    shop.say(member, "face.local", given=False)
    eventually(lambda: any(isinstance(one, FaceErased) for one in told(cloud)))
    words = told(cloud)
    # What is not acknowledged in time is said again.
    (held,) = {one for one in words if isinstance(one, FaceHeld)}
    assert held.count == 1
    assert {record.draft.type for record in shop.box.storage.journal.records()} >= {
        EventType.FACE_HELD,
        EventType.FACE_ERASED,
    }
    opened = [bytes(event.body) for event in events_of(cloud)]
    assert member.bytes in mqtt_tap.sent(), "the tap hears what is said"
    eventually(lambda: b"HTTP/1.1" in http_tap.sent())
    for needle in needles(shop):
        assert needle not in mqtt_tap.sent()
        assert needle not in http_tap.sent()
        assert not [body for body in opened if needle in body]
