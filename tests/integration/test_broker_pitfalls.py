"""What this mosquitto does when certificates, lists and rights end, and how it is kept shut.

Each pitfall is first seen on the broker itself, so that a newer one which no longer has it is
noticed; then our own rule is shown to hold against it.
"""

import json
import os
import signal
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from cloud_broker.adapters.canary import Cage
from cloud_broker.adapters.dynsec import ADMIN_USER, ANSWERS, CONTROL
from cloud_broker.adapters.mosquitto_secure import REVOKED, publish_revoked
from cloud_broker.services.fleet.box_gate import BoxGate
from cloud_broker.services.fleet.certificate_watch import CertificateWatch
from edge_agent.adapters.clock_system import SystemClock, kernel_boot_id
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.link_mqtt import LinkIdentity, MqttLink, Route
from edge_agent.domain.box_key import identity_in
from edge_agent.domain.line_doctor import BROKER_REFUSED, LineFacts, line_findings
from edge_agent.domain.ways import DIRECT, Way
from retail_core import limits
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.topics import DeviceTopics, device_topics
from tests.factories.ports import free_port
from tests.factories.secure_mqtt import Mqtt
from tests.factories.waiting import PATIENCE_S, eventually
from tests.factories.wrong_certificates import leaf
from tests.fakes.cloud_basics import FakeCloudClock
from tests.plugins.secure_cloud import HOST, PASSWORD, SecureCloud

CONNECT = b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02zz"
ACCEPTED = b"\x20"
LISTS = 30
LIVES_S = (2, 5, 10, 20)


class Box:
    """A provisioned box of a store of its own."""

    def __init__(self, cloud: SecureCloud) -> None:
        place = cloud.store()
        self.identity = cloud.provisioned(place) / "identity.pem"
        self.name = identity_in(self.identity.read_bytes()).name
        self.store = place.store
        self.topics: DeviceTopics = device_topics(self.name.tenant, place.store, self.name.device)


@pytest.fixture
def box(secure_cloud: SecureCloud) -> Box:
    return Box(secure_cloud)


def at_broker(cloud: SecureCloud, identity: Path) -> Mqtt:
    return Mqtt((HOST, cloud.tls_port), cloud.trust(identity))


def link_of(cloud: SecureCloud, box: Box) -> MqttLink:
    """Return the box's own line to the broker."""
    ways = (Way(DIRECT, HOST, cloud.tls_port, secure=True),)
    ca_file = cloud.folder / "boxes.pem"
    return MqttLink(
        *(HOST, cloud.tls_port),
        LinkIdentity(box.name.tenant, box.store, box.name.device, ""),
        box.name.device,
        SystemIds(SystemClock(kernel_boot_id())),
        FaultTally(),
        Route(ways, ca_file=ca_file, identity=box.identity),
    )


def reads_again(cloud: SecureCloud) -> None:
    """Let the broker read its files again."""
    assert cloud.process is not None
    os.kill(cloud.process.pid, signal.SIGHUP)


def test_a_disabled_box_would_come_back_and_speak_so_ours_is_deleted(
    secure_cloud: SecureCloud, box: Box
) -> None:
    device = str(box.name.device)
    asked = {"commands": [{"command": "disableClient", "username": device}]}
    with Mqtt((HOST, secure_cloud.port), login=(ADMIN_USER, PASSWORD)) as admin:
        assert admin.subscribe(ANSWERS)
        assert admin.publish(CONTROL, json.dumps(asked).encode())
        _, answer = admin.heard.get(timeout=PATIENCE_S)
    assert json.loads(answer) == {"responses": [{"command": "disableClient"}]}
    with at_broker(secure_cloud, box.identity) as back:
        assert back.stands
        assert back.publish(box.topics.up)
    secure_cloud.gate.shut_out(box.name.device)
    with at_broker(secure_cloud, box.identity) as gone:
        assert not gone.stands or not gone.publish(box.topics.up)


def test_a_box_that_was_shut_out_says_so_while_its_certificate_still_holds(
    secure_cloud: SecureCloud, box: Box
) -> None:
    """It may connect and do nothing; "no answer" would send a technician to look at cables."""
    link = link_of(secure_cloud, box)
    link.start(lambda _message: None, lambda _connected: None)
    try:
        eventually(link.connected)
        secure_cloud.gate.shut_out(box.name.device)
        eventually(lambda: link.reason.startswith(BROKER_REFUSED))
        facts = LineFacts("店", connected=link.connected(), reason=link.reason)
        assert next(line_findings(facts)).code is FaultCode.SYNC_BOX_REFUSED
    finally:
        link.stop()


def test_a_box_whose_certificate_is_on_the_list_says_so(
    secure_cloud: SecureCloud, box: Box
) -> None:
    """Here the broker ends the handshake and no door is asked: the TLS alert alone tells."""
    link = link_of(secure_cloud, box)
    link.start(lambda _message: None, lambda _connected: None)
    try:
        eventually(link.connected)
        secure_cloud.enrolling.revoke(box.name.tenant, box.name.device, who="t", why="stolen")
        assert secure_cloud.publish_revoked()
        eventually(lambda: link.reason == f"{BROKER_REFUSED}: certificate revoked")
        facts = LineFacts("店", connected=link.connected(), reason=link.reason)
        assert next(line_findings(facts)).code is FaultCode.SYNC_BOX_REFUSED
    finally:
        link.stop()


def test_an_open_session_outlives_its_certificate_until_the_lists_are_compared(
    secure_cloud: SecureCloud, box: Box
) -> None:
    """Mosquitto looks at the end in the handshake alone; the cloud looks every minute."""
    later = FakeCloudClock(secure_cloud.clock.now_ms() + limits.CERTIFICATE_LIFE_MS + 1)
    try:
        with at_broker(secure_cloud, box.identity) as session:
            assert session.publish(box.topics.up)
            BoxGate(secure_cloud.units, secure_cloud.clock, secure_cloud.gate).tend()
            assert not session.gone.is_set()
            BoxGate(secure_cloud.units, later, secure_cloud.gate).tend()
            assert session.gone.wait(PATIENCE_S)
    finally:
        BoxGate(secure_cloud.units, secure_cloud.clock, secure_cloud.gate).tend()


def test_a_list_that_is_over_would_lock_everybody_out_and_the_next_lets_them_in(
    secure_cloud: SecureCloud, box: Box
) -> None:
    def stands() -> bool:
        with at_broker(secure_cloud, box.identity) as client:
            return client.stands

    assert secure_cloud.publish_revoked()
    eventually(stands)
    now, week_ms = secure_cloud.clock.now_ms(), 8 * 24 * 3_600 * 1_000
    over = secure_cloud.authority.revocations({}, 1, now - week_ms)
    (secure_cloud.folder / REVOKED).write_bytes(over)
    reads_again(secure_cloud)
    eventually(lambda: not stands())
    assert secure_cloud.publish_revoked()
    eventually(stands)


def test_a_broker_that_heeds_no_list_lets_the_canary_in(
    secure_cloud: SecureCloud, tmp_path: Path
) -> None:
    """Half a list opens this mosquitto to everybody, and only a line of its log says so."""
    cage = Cage(tmp_path, [(HOST, secure_cloud.tls_port)])
    where, now = f"mosquitto {HOST}:{secure_cloud.tls_port}", secure_cloud.clock.now_ms()
    assert (dict(cage.tried()), cage.serial()) == ({}, None)
    serial = cage.fresh(secure_cloud.authority, now)
    assert cage.fresh(secure_cloud.authority, now) == serial == cage.serial()
    assert dict(cage.tried()) == {where: True}
    authority = secure_cloud.authority.chain()[0]
    secure_cloud.made += 1
    number = now + secure_cloud.made
    listed = secure_cloud.authority.revocations({serial: now}, number, now)
    assert publish_revoked(secure_cloud.folder, listed, authority, now)
    eventually(lambda: not dict(cage.tried())[where])
    (secure_cloud.folder / REVOKED).write_bytes(listed[: len(listed) // 2])
    reads_again(secure_cloud)
    eventually(lambda: dict(cage.tried())[where])
    (found,) = CertificateWatch(tuple, cage.tried).troubles(now)
    assert (found.code, found.subject, found.severity) == ("I137", where, "hinders")
    assert secure_cloud.publish_revoked()
    later = now + 30 * 24 * 3_600_000
    assert cage.fresh(secure_cloud.authority, later) != serial, "one that has ended proves nothing"


def test_a_broker_that_is_away_says_nothing_of_the_canary(
    secure_cloud: SecureCloud, tmp_path: Path
) -> None:
    cage = Cage(tmp_path, [(HOST, free_port())])
    cage.fresh(secure_cloud.authority, secure_cloud.clock.now_ms())
    assert dict(cage.tried()) == {}


def test_there_is_always_a_whole_list_for_the_broker_to_read(secure_cloud: SecureCloud) -> None:
    """A broker told to read a list that is not there ends; half of one opens the door."""
    path, wrong, done = secure_cloud.folder / REVOKED, [], threading.Event()

    def look() -> None:
        while not done.is_set():
            try:
                content = path.read_bytes()
            except OSError as missing:
                wrong.append(repr(missing))
                continue
            if not content.endswith(b"-----END X509 CRL-----\n"):
                wrong.append(f"{len(content)} bytes")

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        assert all(secure_cloud.publish_revoked() for _ in range(LISTS))
    finally:
        done.set()
        watcher.join()
    assert wrong == []
    assert secure_cloud.process is not None
    assert secure_cloud.process.poll() is None


def test_a_resumed_tls_session_outlives_its_certificate_until_the_next_list(
    secure_cloud: SecureCloud, box: Box, tmp_path: Path
) -> None:
    """The ticket holds what the handshake had checked; every published list ends all tickets."""
    until, context, ticket = shortly_certified(secure_cloud, box, tmp_path)
    eventually(lambda: time.time() > until + 1)
    assert greeted(secure_cloud, context, ticket)[0] == ACCEPTED
    assert greeted(secure_cloud, context, None)[0] == b""
    assert secure_cloud.publish_revoked()
    eventually(lambda: greeted(secure_cloud, context, ticket)[0] == b"")


def shortly_certified(
    cloud: SecureCloud, box: Box, folder: Path
) -> tuple[float, ssl.SSLContext, ssl.SSLSession | None]:
    """Meet the broker by a certificate that soon ends; (its end, context, ticket)."""
    for life_s in LIVES_S:  # a busy machine may need more than the first
        until = time.time() + life_s
        context = cloud.trust(leaf(cloud.authority, folder, str(box.name.device), until=until))
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        answer, ticket = greeted(cloud, context, None)
        if answer == ACCEPTED:
            return until, context, ticket
    raise AssertionError("the broker took no certificate")


def greeted(
    cloud: SecureCloud, context: ssl.SSLContext, ticket: ssl.SSLSession | None
) -> tuple[bytes, ssl.SSLSession | None]:
    """Say CONNECT over one TLS connection; return the answer's first byte, and the ticket."""
    try:
        with (
            socket.create_connection((HOST, cloud.tls_port), PATIENCE_S) as plain,
            context.wrap_socket(plain, server_hostname=HOST, session=ticket) as tls,
        ):
            tls.sendall(CONNECT)
            return tls.recv(4)[:1], tls.session
    except OSError:
        return b"", None
