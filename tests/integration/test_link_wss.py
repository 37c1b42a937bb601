"""MQTT in a WebSocket in TLS, to a real mosquitto: whom the box believes, and whom it does not."""

import shutil
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud_broker.adapters.mosquitto_files import BrokerDevice, WebSocketDoor
from edge_agent.adapters.link_mqtt import LinkIdentity
from edge_agent.adapters.mqtt_session import MqttSession, Route
from edge_agent.domain.ways import WEBSOCKET, Way
from retail_core.tally import FaultTally
from retail_core.wire.topics import box_filters
from tests.contract.test_cloud_link_contract import PASSWORD, broker_device
from tests.factories.shop_floor import SHOP
from tests.factories.waiting import eventually
from tests.factories.web_certificates import DAY, WebAuthority
from tests.plugins.mosquitto import Broker

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]
NOW = datetime.now(UTC)
HERE = "localhost"


class Door:
    """A broker whose web door has a certificate."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self.broker = broker
        self.authority = WebAuthority(folder, NOW)

    def opens_as(self, host: str, lasts: timedelta = DAY) -> None:
        """Start the broker anew with a certificate for a host."""
        leaf = self.authority.leaf(host, lasts)
        self.broker.stop()
        kept = [Path(shutil.copy(one, self.broker.folder)) for one in (leaf.certificate, leaf.key)]
        for one in kept:
            one.chmod(0o644)  # the broker reads them as a user of its own
        self.broker.door = WebSocketDoor(self.broker.host, self.broker.socket_port, *kept)
        self.broker.write([broker_device()])
        self.broker.start()
        eventually(self._listens)

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection((HERE, self.broker.socket_port)):
            return True
        return False

    def tried(self, ca_file: Path | None) -> str:
        """Return why a box that trusts `ca_file` did not come in, empty when it did."""
        way = Way(WEBSOCKET, HERE, self.broker.socket_port, secure=True, path="/mqtt")
        assert str(way).startswith("wss://")
        who = LinkIdentity(SHOP.tenant, SHOP.store, SHOP.device, PASSWORD)
        filters = box_filters(SHOP.tenant, SHOP.store, SHOP.device)
        route = Route((way,), ca_file=ca_file)
        session = MqttSession(who, filters, lambda _message: None, FaultTally(), route, way)
        try:
            return session.open(threading.Event())
        finally:
            session.close()


@pytest.fixture
def door(mosquitto: Callable[[Sequence[BrokerDevice]], Broker], tmp_path: Path) -> Door:
    return Door(mosquitto([broker_device()]), tmp_path)


def test_a_certificate_of_a_trusted_authority_lets_the_box_log_in(door: Door) -> None:
    door.opens_as(HERE)
    assert door.tried(door.authority.ca_file) == ""


@pytest.mark.parametrize(
    ("host", "lasts", "said"),
    [
        ("elsewhere.example", DAY, "Hostname mismatch"),
        (HERE, -DAY, "certificate has expired"),
    ],
)
def test_a_wrong_name_and_a_certificate_past_its_end_are_refused(
    door: Door, host: str, lasts: timedelta, said: str
) -> None:
    door.opens_as(host, lasts)
    assert said in door.tried(door.authority.ca_file)


def test_an_authority_nobody_named_is_refused(door: Door) -> None:
    door.opens_as(HERE)
    assert "unable to get local issuer" in door.tried(None)
