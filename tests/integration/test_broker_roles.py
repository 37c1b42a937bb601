"""What this mosquitto does with many roles, patterns, messages for nobody and sessions left behind.

As in `test_broker_pitfalls.py`: each pitfall is seen on the broker itself, then our rule holds.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from cloud_broker.adapters.dynsec import ADMIN_USER, ANSWERS, CONTROL, acl, own_users
from cloud_broker.adapters.dynsec_gate import ControlledBroker, DynsecGate
from cloud_broker.adapters.mosquitto_files import INGEST_USER, hash_password
from cloud_broker.adapters.mosquitto_secure import (
    BrokerTls,
    SecureDoors,
    Speakers,
    write_secure_files,
)
from cloud_broker.domain.arrivals import Place
from edge_agent.domain.box_key import identity_in
from retail_core import limits
from retail_core.wire.topics import device_topics
from tests.factories.ports import free_port
from tests.factories.secure_mqtt import Mqtt
from tests.factories.waiting import PATIENCE_S, eventually
from tests.plugins.secure_cloud import HOST, PASSWORD, SecureCloud, pem_of

ROLES = 2_000
FILE_BYTES_A_BOX = 4_096
NO_MATCHING_SUBSCRIBERS = 0x10


def told(cloud: SecureCloud, *commands: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the plugin commands and return its answers."""
    with Mqtt((HOST, cloud.port), login=(ADMIN_USER, PASSWORD)) as admin:
        assert admin.subscribe(ANSWERS)
        assert admin.publish(CONTROL, json.dumps({"commands": commands}).encode())
        _, answer = admin.heard.get(timeout=PATIENCE_S)
    found: list[dict[str, Any]] = json.loads(answer)["responses"]
    return found


def test_a_message_nobody_hears_is_confirmed_all_the_same(secure_cloud: SecureCloud) -> None:
    """So a confirmed message is not a kept one: a box waits for the cloud's own word after it."""
    place = secure_cloud.store()
    topic = device_topics(place.tenant, place.store, place.device).up
    reasons: list[int] = []
    client = Client(
        CallbackAPIVersion.VERSION2, client_id=INGEST_USER, protocol=MQTTProtocolVersion.MQTTv5
    )
    client.username_pw_set(INGEST_USER, PASSWORD)
    client.on_publish = lambda _c, _u, _mid, reason, _p: reasons.append(reason.value)
    client.connect(HOST, secure_cloud.port)
    client.loop_start()
    try:
        client.publish(topic, b"x", qos=1)
        eventually(lambda: reasons)
    finally:
        client.disconnect()
        client.loop_stop()
    assert reasons == [NO_MATCHING_SUBSCRIBERS]
    # In the version that boxes speak there is no room for that word: it looks like any other.
    with Mqtt((HOST, secure_cloud.port), login=(INGEST_USER, PASSWORD)) as plain:
        assert plain.publish(topic, b"x")


def test_a_pattern_for_every_user_is_no_right_here_so_each_box_has_a_role(
    secure_cloud: SecureCloud,
) -> None:
    identity = secure_cloud.provisioned() / "identity.pem"
    name = identity_in(identity.read_bytes()).name
    role = {"rolename": "pattern", "acls": [acl("publishClientSend", "x/%u/up")]}
    assert told(
        secure_cloud,
        {"command": "createRole", **role},
        {"command": "addClientRole", "username": str(name.device), "rolename": "pattern"},
    ) == [{"command": "createRole"}, {"command": "addClientRole"}]
    try:
        with Mqtt((HOST, secure_cloud.tls_port), secure_cloud.trust(identity)) as box:
            assert box.stands
            assert not box.publish(f"x/{name.device}/up")
    finally:
        told(secure_cloud, {"command": "deleteRole", "rolename": "pattern"})


def test_nothing_is_kept_for_a_box_that_was_shut_out(secure_cloud: SecureCloud) -> None:
    """A session left behind, asked to be kept for a day, fills no queue once its box is gone."""
    place = secure_cloud.store()
    identity = secure_cloud.provisioned(place) / "identity.pem"
    name = identity_in(identity.read_bytes()).name
    heard = device_topics(name.tenant, place.store, name.device).chg
    tls, own = (HOST, secure_cloud.tls_port), (HOST, secure_cloud.port)
    with Mqtt(tls, secure_cloud.trust(identity), kept_s=86_400) as box:
        assert box.subscribe(heard)
    with Mqtt(own, login=(INGEST_USER, PASSWORD)) as ingest:
        assert ingest.publish(heard, b"kept")
        secure_cloud.gate.shut_out(name.device)
        assert all(ingest.publish(heard, b"lost") for _ in range(20))
        with secure_cloud.units.begin(name.tenant) as unit:
            found = unit.fleet.places_ever([name.device])[name.device]
        secure_cloud.gate.admit(name.tenant, found)
        with Mqtt(tls, secure_cloud.trust(identity), kept_s=86_400) as back:
            assert back.subscribe(heard)
            assert ingest.publish(heard, b"end")
            assert (heard, b"lost") not in back.until(b"end")


def test_what_waits_for_a_box_is_bounded_and_ends(secure_cloud: SecureCloud) -> None:
    config = (secure_cloud.folder / "mosquitto.conf").read_text(encoding="utf-8").splitlines()
    said = {line.partition(" ")[0]: line.partition(" ")[2] for line in config}
    assert int(said["max_queued_messages"]) <= 20_000
    assert int(said["max_queued_bytes"]) <= 64 * 1024 * 1024
    assert said["persistent_client_expiration"] == "1d"
    assert (said["persistence"], said["allow_anonymous"]) == ("false", "false")


@pytest.fixture
def large(secure_cloud: SecureCloud) -> Iterator[SecureCloud]:
    """Start a broker of the same authority that knows 2,000 boxes more."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="regulars-test-roles-"))
        folder.chmod(0o755)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        port, tls_port = free_port(), free_port()
        now = secure_cloud.clock.now_ms()
        chain, key = secure_cloud.authority.server((HOST,), now)
        tls = BrokerTls(
            pem_of(secure_cloud.authority.chain()),
            *(chain, key, secure_cloud.authority.revocations({}, 1, now)),
        )
        own = {user: hash_password(PASSWORD, b"0" * 12) for user in own_users()}
        boxes = [(UUID(int=1), UUID(int=one), UUID(int=ROLES + one)) for one in range(1, ROLES + 1)]
        doors = SecureDoors(HOST, port, HOST, tls_port)
        write_secure_files(folder, doors, tls, Speakers(own, boxes, {}))
        every = frozenset(range(limits.SHARDS))
        gate = DynsecGate([ControlledBroker(HOST, port, every)], PASSWORD)
        made = replace(
            secure_cloud, folder=folder, port=port, tls_port=tls_port, gate=gate, process=None
        )
        stack.callback(made.stop)
        made.start()
        yield made


def test_a_broker_of_two_thousand_boxes_starts_and_lets_the_next_one_in(
    secure_cloud: SecureCloud, large: SecureCloud
) -> None:
    """The plugin writes its whole file at each change: a change takes longer with each box."""
    file = large.folder / "dynsec" / "dynamic-security.json"
    assert len(large.gate.known()) == ROLES
    assert file.stat().st_size < ROLES * FILE_BYTES_A_BOX
    place = secure_cloud.store()
    identity = secure_cloud.provisioned(place) / "identity.pem"
    name = identity_in(identity.read_bytes()).name
    up = device_topics(name.tenant, place.store, name.device).up
    with Mqtt((HOST, large.tls_port), secure_cloud.trust(identity)) as before:
        assert not before.stands or not before.publish(up)
    with secure_cloud.units.begin(name.tenant) as unit:
        found: Place = unit.fleet.places([name.device])[name.device]
    large.gate.admit(name.tenant, found)
    assert str(name.device) in file.read_text(encoding="utf-8")
    with Mqtt((HOST, large.tls_port), secure_cloud.trust(identity)) as box:
        assert box.publish(up)
        large.gate.shut_out(name.device)
        assert box.gone.wait(PATIENCE_S)
