"""Boxes at a real mosquitto with certificates: their own topics, nobody else's, and nobody else.

What a box may hear is shown by delivery, and what it may subscribe to by the answer. The pitfalls
that stand here were each seen on this broker; our rules are what keeps them shut.
"""

import os
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from cloud_broker.adapters.ca_files import FileAuthority
from cloud_broker.adapters.dynsec import ADMIN_USER, CONTROL
from cloud_broker.adapters.dynsec_gate import ControlledBroker, DynsecGate
from cloud_broker.adapters.mosquitto_files import INGEST_USER
from cloud_broker.adapters.mosquitto_secure import REVOKED, check_revoked
from edge_agent.domain.box_key import identity_in
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.topics import all_topic, box_filters, device_topics, shard_of
from tests.factories.secure_mqtt import Mqtt
from tests.factories.waiting import eventually
from tests.factories.wrong_certificates import leaf, self_signed
from tests.fakes.cloud_box import SimBox
from tests.plugins.secure_cloud import HOST, PASSPHRASE, PASSWORD, SecureCloud

FOREIGN = UUID(int=99)


class Box:
    """A provisioned box of a store."""

    def __init__(self, cloud: SecureCloud, place: SimBox) -> None:
        self.folder = cloud.provisioned(place)
        self.identity = self.folder / "identity.pem"
        self.name = identity_in(self.identity.read_bytes()).name
        self.store = place.store
        self.topics = device_topics(self.name.tenant, self.store, self.name.device)
        self.filters = box_filters(self.name.tenant, self.store, self.name.device)


@pytest.fixture(scope="module")
def boxes(secure_cloud: SecureCloud) -> tuple[Box, Box, Box]:
    """Provision two boxes of one tenant and one of another."""
    first = secure_cloud.store()
    second = secure_cloud.store(first.tenant)
    return tuple(Box(secure_cloud, one) for one in (first, second, secure_cloud.store()))  # type: ignore[return-value]


@pytest.fixture
def lost(secure_cloud: SecureCloud) -> Box:
    """Provision a box that a test may revoke."""
    return Box(secure_cloud, secure_cloud.store())


@pytest.fixture
def ingest(secure_cloud: SecureCloud) -> Iterator[Mqtt]:
    with Mqtt((HOST, secure_cloud.port), login=(INGEST_USER, PASSWORD), client_id="x") as client:
        assert client.stands
        assert client.subscribe("r1/+/+/d/+/+")
        yield client


def as_box(cloud: SecureCloud, identity: Path | None, **more: object) -> Mqtt:
    return Mqtt((HOST, cloud.tls_port), cloud.trust(identity), **more)  # type: ignore[arg-type]


def test_a_box_speaks_on_its_own_topics_alone(
    secure_cloud: SecureCloud, boxes: tuple[Box, Box, Box], ingest: Mqtt
) -> None:
    one, two, foreign = boxes
    tenant, shard, device = one.name.tenant, shard_of(one.store), one.name.device
    hostile = [
        two.topics.up,
        foreign.topics.up,
        two.topics.st,
        one.topics.ack,
        one.topics.chg,
        one.topics.lane,
        f"r1/{foreign.name.tenant}/{shard}/d/{device}/up",
        f"r1/{tenant}/{(shard + 1) % 64}/d/{device}/up",
        f"{one.topics.up}/x",
        f"x/{one.topics.up}",
        f"/{one.topics.up}",
        one.topics.up.upper(),
        one.topics.up.replace("/d/", "//d/"),
        all_topic(tenant, "bundle"),
        f"r1/{tenant}/cloud/st",
        f"r1/cloud/s/{shard}",
        "r1/cloud/w/0",
        "$SYS/broker/version",
        f"$share/g/{two.topics.up}",
        CONTROL,
    ]
    with as_box(secure_cloud, one.identity) as box:
        taken = {topic for topic in hostile if box.publish(topic, b"hostile")}
        own = (one.topics.up, one.topics.st, one.topics.hello, one.topics.seen)
        assert all(box.publish(topic, b"good") for topic in own)
        assert box.publish(one.topics.up, b"end")
    assert taken == set()
    assert ingest.until(b"end") == [(topic, b"good") for topic in own]


def test_a_box_hears_what_is_meant_for_it_and_may_ask_for_nothing_else(
    secure_cloud: SecureCloud, boxes: tuple[Box, Box, Box], ingest: Mqtt
) -> None:
    one, two, foreign = boxes
    tenant, shard = one.name.tenant, shard_of(one.store)
    hostile = [
        *(two.topics.ack, two.topics.up, foreign.topics.chg),
        *("#", "+/#", "r1/#", "r1/+/+/d/+/+", "+/+/+/+/+/+", "$SYS/#", "$CONTROL/#"),
        *(f"r1/{tenant}/#", f"r1/{tenant}/+/d/+/ack", f"r1/{tenant}/{shard}/d/#"),
        *(f"r1/{foreign.name.tenant}/all/#", "r1/+/all/#", "r1/+/cloud/st", "r1/cloud/s/+"),
        *(f"$share/g/{two.topics.up}", f"$share/g/{one.topics.ack}", "$share/g/#"),
        f"$share/ingest/r1/{tenant}/{shard}/d/+/up",
    ]
    with as_box(secure_cloud, one.identity) as box:
        assert {topic for topic in hostile if box.subscribe(topic)} == set()
        assert all(box.subscribe(topic) for topic in one.filters)
        for topic in (two.topics.ack, foreign.topics.ack, all_topic(foreign.name.tenant, "bundle")):
            ingest.publish(topic, b"secret")
        ingest.publish(all_topic(tenant, "bundle"), b"for all")
        ingest.publish(one.topics.ack, b"end")
        assert box.until(b"end") == [(all_topic(tenant, "bundle"), b"for all")]


def test_no_message_for_ingest_is_eaten_by_a_shared_subscription(
    secure_cloud: SecureCloud, boxes: tuple[Box, Box, Box], ingest: Mqtt
) -> None:
    one, two, _ = boxes
    with as_box(secure_cloud, one.identity) as thief, as_box(secure_cloud, two.identity) as box:
        assert not thief.subscribe(f"$share/ingest/{two.topics.up}")
        assert not thief.subscribe("$share/ingest/r1/+/+/d/+/up")
        for number in range(20):
            box.publish(two.topics.up, b"%d" % number)
        box.publish(two.topics.up, b"end")
        assert len(ingest.until(b"end")) == 20
        assert thief.all_heard() == []


def test_nobody_is_thrown_out_or_overheard_by_taking_his_client_id(
    secure_cloud: SecureCloud, boxes: tuple[Box, Box, Box], ingest: Mqtt
) -> None:
    one, two, _ = boxes
    with (
        as_box(secure_cloud, one.identity, client_id=str(one.name.device)) as victim,
        as_box(secure_cloud, two.identity, client_id=str(one.name.device)) as thief,
    ):
        assert thief.stands
        assert victim.subscribe(one.topics.ack)
        ingest.publish(one.topics.ack, b"end")
        assert victim.until(b"end") == []
        assert not victim.gone.is_set()
        assert thief.all_heard() == []


# ---- who is no box of ours ----------------------------------------------------------------------


STRANGERS = ["none", "self-signed", "expired", "future", "server"]


def stranger(cloud: SecureCloud, box: Box, folder: Path, kind: str) -> Path | None:
    """Return the identity of somebody who is no box of ours, under a box's own name."""
    device = str(box.name.device)
    match kind:
        case "none":
            return None
        case "self-signed":
            return self_signed(folder, box.name)
        case "expired":
            return leaf(cloud.authority, folder, device, since=-40)
        case "future":
            return leaf(cloud.authority, folder, device, since=2)
        case _:
            server = ExtendedKeyUsageOID.SERVER_AUTH
            return leaf(cloud.authority, folder, device, purpose=server)


@pytest.mark.parametrize("kind", STRANGERS)
def test_the_broker_lets_no_stranger_connect(
    secure_cloud: SecureCloud, boxes: tuple[Box, Box, Box], tmp_path: Path, kind: str
) -> None:
    identity = stranger(secure_cloud, boxes[0], tmp_path, kind)
    with as_box(secure_cloud, identity) as client:
        assert not client.stands


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_the_broker_speaks_no_old_tls(
    secure_cloud: SecureCloud, boxes: tuple[Box, Box, Box], version: ssl.TLSVersion
) -> None:
    context = secure_cloud.trust(boxes[0].identity)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    assert greeted(secure_cloud, context, None) == (b"", None)


@pytest.mark.parametrize("common", ["+", "#", "x/y/#", INGEST_USER + "x", "", "cloud"])
def test_a_name_signed_by_mistake_may_do_nothing(
    secure_cloud: SecureCloud, boxes: tuple[Box, Box, Box], tmp_path: Path, common: str
) -> None:
    identity = leaf(secure_cloud.authority, tmp_path, common or " ")
    with as_box(secure_cloud, identity) as client:
        if client.stands:
            assert not client.subscribe("#")
            assert not client.subscribe(boxes[0].topics.ack)
            assert not client.publish(boxes[0].topics.up)


def test_the_cloud_s_own_door_wants_a_password_and_the_control_topic_the_admin(
    secure_cloud: SecureCloud, boxes: tuple[Box, Box, Box]
) -> None:
    door = (HOST, secure_cloud.port)
    device = str(boxes[0].name.device)
    for login in (None, (device, ""), (device, "x"), (ADMIN_USER, "x"), (INGEST_USER, "")):
        with Mqtt(door, login=login) as client:
            assert not client.stands
    with Mqtt(door, login=(INGEST_USER, PASSWORD)) as client:
        assert client.stands
        assert not client.publish(CONTROL, b'{"commands":[{"command":"listClients"}]}')


# ---- an end for good ----------------------------------------------------------------------------


def test_a_revoked_box_is_cut_off_within_five_seconds_and_comes_back_to_nothing(
    secure_cloud: SecureCloud, boxes: tuple[Box, Box, Box], lost: Box, ingest: Mqtt
) -> None:
    one, two = lost, boxes[1]
    with as_box(secure_cloud, one.identity) as box, as_box(secure_cloud, two.identity) as other:
        assert box.subscribe(one.topics.ack)
        secure_cloud.enrolling.revoke(one.name.tenant, one.name.device, who="t", why="stolen")
        assert box.gone.wait(5)
        assert other.subscribe(two.topics.ack)
    # The handshake still lets it in, until the list of the revoked is out: it may do nothing there.
    with as_box(secure_cloud, one.identity) as again:
        assert not again.stands or not again.publish(one.topics.up, b"from the dead")
        assert not again.stands or not again.subscribe(one.topics.ack)
    assert secure_cloud.publish_revoked()

    def refused() -> bool:
        with as_box(secure_cloud, one.identity) as client:
            return not client.stands

    eventually(refused)
    with as_box(secure_cloud, two.identity) as other:
        assert other.publish(two.topics.up, b"end")
    assert ingest.until(b"end") == []


def test_a_revoked_box_resumes_no_tls_session(secure_cloud: SecureCloud, lost: Box) -> None:
    kept = []
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = secure_cloud.trust(lost.identity)
        context.maximum_version = version
        answer, session = greeted(secure_cloud, context, None)
        assert answer.startswith(b"\x20")
        kept.append((context, session))
    secure_cloud.enrolling.revoke(lost.name.tenant, lost.name.device, who="t", why="stolen")
    secure_cloud.publish_revoked()

    def refused() -> bool:
        return not any(greeted(secure_cloud, *one)[0].startswith(b"\x20") for one in kept)

    eventually(refused)


def greeted(
    cloud: SecureCloud, context: ssl.SSLContext, session: ssl.SSLSession | None
) -> tuple[bytes, ssl.SSLSession | None]:
    """Say CONNECT over one TLS connection; return the answer (empty when refused) and session."""
    said = b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02zz"
    try:
        with (
            socket.create_connection((HOST, cloud.tls_port), 10) as plain,
            context.wrap_socket(plain, server_hostname=HOST, session=session) as tls,
        ):
            tls.sendall(said)
            return tls.recv(4), tls.session
    except OSError:
        return b"", None


def test_a_list_of_the_revoked_that_would_open_or_shut_every_door_is_not_put_in_place(
    secure_cloud: SecureCloud, tmp_path: Path
) -> None:
    now, authority = secure_cloud.clock.now_ms(), secure_cloud.authority
    signer = authority.chain()[0]
    good = authority.revocations({}, now + 10**9, now)
    other = FileAuthority(tmp_path / "other", PASSPHRASE)
    other.create("Other", now)
    week_ms = 7 * 24 * 3_600 * 1_000
    wrong = {
        "cut short": (good[:100], now),
        "empty": (b"", now),
        "of another": (other.revocations({}, now + 10**9, now), now),
        "over": (good, now + week_ms + 1),
        "older": (authority.revocations({}, 1, now), now),
    }
    for name, (content, at_ms) in wrong.items():
        with pytest.raises(Fault) as caught:
            check_revoked(content, signer, at_ms, before=now)
        assert caught.value.code is FaultCode.CRL_WRONG, name
    check_revoked(good, signer, now, before=now)


def test_what_a_broken_list_does_to_this_broker_is_why_it_is_checked(
    secure_cloud: SecureCloud, lost: Box
) -> None:
    """A list cut short lets the revoked in again: our own writer would have refused it."""
    one = lost
    secure_cloud.enrolling.revoke(one.name.tenant, one.name.device, who="t", why="stolen")
    secure_cloud.publish_revoked()

    def stands() -> bool:
        with as_box(secure_cloud, one.identity) as client:
            return client.stands

    eventually(lambda: not stands())
    path = secure_cloud.folder / REVOKED
    path.write_bytes(path.read_bytes()[:100])
    assert secure_cloud.process is not None
    os.kill(secure_cloud.process.pid, signal.SIGHUP)
    eventually(stands)
    with as_box(secure_cloud, one.identity) as client:
        assert not client.publish(one.topics.up)
    path.unlink()
    path.write_bytes(b"")
    assert secure_cloud.publish_revoked()
    eventually(lambda: not stands())


def test_a_broker_that_starts_again_has_forgotten_nobody(
    secure_cloud: SecureCloud, boxes: tuple[Box, Box, Box], lost: Box
) -> None:
    one, two = boxes[0], lost
    secure_cloud.enrolling.revoke(two.name.tenant, two.name.device, who="t", why="stolen")
    secure_cloud.publish_revoked()
    secure_cloud.stop()
    secure_cloud.start()
    with as_box(secure_cloud, one.identity) as box:
        assert box.publish(one.topics.up)
    with as_box(secure_cloud, two.identity) as gone:
        assert not gone.stands


def test_two_visitors_of_the_control_topic_do_not_starve_each_other(
    secure_cloud: SecureCloud, boxes: tuple[Box, Box, Box]
) -> None:
    found: list[bool] = []
    everywhere = [ControlledBroker(HOST, secure_cloud.port, frozenset(range(64)))]

    def look(gate: DynsecGate) -> None:
        found.append(boxes[0].name.device in gate.known())

    gates = (DynsecGate(everywhere, PASSWORD), DynsecGate(everywhere, PASSWORD))
    visits = [threading.Thread(target=look, args=(gate,)) for gate in gates]
    for one in visits:
        one.start()
    for one in visits:
        one.join()
    assert found == [True, True]
