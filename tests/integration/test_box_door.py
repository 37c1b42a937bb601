"""A box's whole life with its certificate over HTTPS: let in once, renewed, refused, replaced."""

import json
import stat
from dataclasses import replace
from http.client import HTTPSConnection
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from cloud_broker.domain.arrivals import Place
from edge_agent.adapters.directory_http import HttpDirectory
from edge_agent.adapters.est_http import BrokerDoor, EstDesk
from edge_agent.adapters.identity_file import IdentityFile
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.link_mqtt import LinkIdentity, MqttLink
from edge_agent.adapters.outgoing import Outgoing
from edge_agent.bootstrap.network import network_of
from edge_agent.bootstrap.updates import root_of
from edge_agent.cli.provision import provision_box
from edge_agent.services.box.provisioning import IdentityKeeper
from edge_agent.settings import UpdatesConfig, load_settings
from retail_core.clock import TimeQuality
from retail_core.fleet.box_identity import BoxName
from retail_core.fleet.enrol_code import pin_of
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.faults import code_of
from tests.factories.releases import SignedReleases
from tests.factories.waiting import eventually
from tests.factories.wrong_certificates import leaf, self_signed
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIdSource
from tests.plugins.secure_cloud import CLOUD_MS, HOST, SecureCloud

DAY_MS = 24 * 3_600 * 1_000


def asked(cloud: SecureCloud, identity: Path | None, path: str = "/v1/device/name-map") -> int:
    """Return the status of a GET, 0 when TLS does not let it be asked."""
    connection = HTTPSConnection(
        HOST, int(cloud.url.rpartition(":")[2]), timeout=30, context=cloud.trust(identity)
    )
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    except OSError:
        return 0
    finally:
        connection.close()
    return answer.status


@pytest.fixture(scope="module")
def folder(secure_cloud: SecureCloud) -> Path:
    return secure_cloud.provisioned()


def identity_of(folder: Path) -> IdentityFile:
    return IdentityFile(folder / "identity.pem")


def name_of(folder: Path) -> BoxName:
    held = identity_of(folder).held()
    assert held is not None
    return held.name


def keeper_of(cloud: SecureCloud, folder: Path, wall_ms: int, tally: FaultTally) -> IdentityKeeper:
    store = identity_of(folder)
    out = Outgoing(ca_file=folder / "ca.pem", identity=store.path)
    desk = EstDesk(cloud.url, out, store.drawn, BrokerDoor(HOST, cloud.tls_port))
    clock = FakeClock(wall_ms=wall_ms)
    return IdentityKeeper(store, desk, clock, FakeIdSource(), tally)


def test_a_provisioned_box_runs_on_its_files(secure_cloud: SecureCloud, folder: Path) -> None:
    settings = load_settings(folder / "config.toml")
    network, who = network_of(settings), settings.device.identity
    cloud = settings.device.cloud
    identity = LinkIdentity(who.tenant, who.store, who.device, "")
    address = (cloud.broker_host, cloud.broker_port)
    ids, run = SystemIds(FakeClock()), UUID(int=9)
    link = MqttLink(*address, identity, run, ids, FaultTally(), network.route)
    link.start(lambda _message: None, lambda _connected: None)
    eventually(link.connected)
    link.stop()
    directory = HttpDirectory(cloud.url, "", outgoing=network.outgoing)
    assert directory.name_map() == {}
    directory.close()


def test_its_secrets_are_its_owner_s_and_its_key_is_nowhere_in_the_cloud(
    secure_cloud: SecureCloud, folder: Path
) -> None:
    for name in ("identity.pem", "device.toml"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    key = load_pem_private_key((folder / "identity.pem").read_bytes(), None)
    raw = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    known = repr(secure_cloud.units.states).encode()
    device = (folder / "device.toml").read_text()
    storage_key = next(line for line in device.splitlines() if line.startswith("storage_key"))
    assert raw not in known
    assert raw.hex().encode() not in known
    assert storage_key.split('"')[1].encode() not in known


def test_a_code_used_twice_is_refused_and_hq_hears_of_it(secure_cloud: SecureCloud) -> None:
    box = secure_cloud.store()
    ticket = secure_cloud.ticket(box)
    provision_box(secure_cloud.folder / "first", ticket)
    second = secure_cloud.folder / "second"
    assert code_of(provision_box, second, ticket) is FaultCode.ENROL_CODE_USED
    assert not (second / "device.toml").exists()
    repairs = secure_cloud.units.states[box.tenant].repairs
    assert [(one.kind, one.code, one.store) for one in repairs.values()] == [
        ("enrol", "F103", box.store)
    ]
    assert code_of(provision_box, second.with_name("first"), ticket) is FaultCode.ENROL_EXISTS


def test_a_box_that_lost_the_line_after_its_certificate_goes_on_without_a_code(
    secure_cloud: SecureCloud,
) -> None:
    folder = secure_cloud.provisioned()
    (folder / "device.toml").unlink()
    again = replace(secure_cloud.ticket(secure_cloud.store()), code="")
    provision_box(folder, again)
    assert load_settings(folder / "config.toml").device.identity.device == name_of(folder).device


def test_the_root_of_releases_comes_with_the_enrolment_and_is_pinned(
    secure_cloud: SecureCloud, folder: Path, tmp_path: Path
) -> None:
    assert not (folder / "release-root.json").exists(), "let in before there were releases"
    known = SignedReleases(tmp_path / "ours", CLOUD_MS).root_file.read_bytes()
    stranger = SignedReleases(tmp_path / "theirs", CLOUD_MS).root_file.read_bytes()
    secure_cloud.release_root = known
    try:
        fresh = secure_cloud.provisioned()
        assert (fresh / "release-root.json").read_bytes() == known
        late = root_of(load_settings(folder / "config.toml"))
        assert late is not None
        assert late.path == folder / "release-root.json"
        assert late.content() == known, "the box that was there before asks for it by itself"
        secure_cloud.release_root = stranger
        for there in (fresh, folder):
            pinned = root_of(load_settings(there / "config.toml"))
            assert pinned is not None
            assert pinned.content() == known
        named = folder / "config.toml"
        own = load_settings(named).config.model_copy(
            update={"updates": UpdatesConfig(root_file=named)}
        )
        obeyed = root_of(load_settings(named).model_copy(update={"config": own}))
        assert obeyed is not None
        assert obeyed.path == named, "a config that names a file is obeyed as before"
        # A technician who was told the pin takes no other, and goes on where it was.
        wary, ticket = tmp_path / "wary", secure_cloud.ticket(secure_cloud.store())
        assert code_of(provision_box, wary, ticket, pin_of(known)) is FaultCode.RELEASE_ROOT_WRONG
        secure_cloud.release_root = known.replace(b'"threshold":2', b'"threshold":1', 1)
        assert code_of(provision_box, wary, ticket) is FaultCode.RELEASE_ROOT_WRONG
        assert not (wary / "release-root.json").exists()
        assert not (wary / "device.toml").exists()
        secure_cloud.release_root = known
        provision_box(wary, ticket, pin_of(known))
        assert (wary / "release-root.json").read_bytes() == known
    finally:
        secure_cloud.release_root = b""
        (folder / "release-root.json").unlink(missing_ok=True)


def test_a_cloud_with_another_root_is_not_spoken_to(secure_cloud: SecureCloud) -> None:
    ticket = secure_cloud.ticket(secure_cloud.store())
    folder = secure_cloud.folder / "wary"
    untrusted = FaultCode.ENROL_CLOUD_UNTRUSTED
    for wary in (
        replace(ticket, pin="0" * 32),
        replace(ticket, pin=""),
        replace(ticket, url=ticket.url.replace("https", "http")),
    ):
        assert code_of(provision_box, folder, wary) is untrusted
    assert not (folder / "ca.pem").exists()


def test_strangers_are_refused(secure_cloud: SecureCloud, folder: Path, tmp_path: Path) -> None:
    name = name_of(folder)
    assert asked(secure_cloud, identity_of(folder).path) == 200
    assert asked(secure_cloud, None) == 401
    assert asked(secure_cloud, self_signed(tmp_path, name)) == 0
    ca = secure_cloud.authority
    device = str(name.device)
    assert asked(secure_cloud, leaf(ca, tmp_path, device, since=-40)) == 0
    assert asked(secure_cloud, leaf(ca, tmp_path, device, since=2)) == 0
    # Signed by our own authority by mistake, and not in our books.
    assert asked(secure_cloud, leaf(ca, tmp_path, device)) == 401


def test_a_certificate_counts_for_its_own_tenant_and_box_alone(
    secure_cloud: SecureCloud, folder: Path
) -> None:
    other = secure_cloud.provisioned()
    with secure_cloud.units.begin(name_of(other).tenant) as unit:
        taken = unit.enrolments.certificate(_fingerprint(other))
        assert unit.enrolments.certificate(_fingerprint(folder)) is None
    assert taken is not None
    wrong = BoxName(name_of(folder).tenant, name_of(other).device)
    unknown = FaultCode.CERT_UNKNOWN
    assert code_of(secure_cloud.enrolling.holder, wrong, taken.issued.fingerprint) is unknown
    mine = BoxName(name_of(other).tenant, name_of(folder).device)
    assert code_of(secure_cloud.enrolling.holder, mine, taken.issued.fingerprint) is unknown


def _fingerprint(folder: Path) -> bytes:
    return identity_of(folder).late_ask(b"").fingerprint


def test_a_certificate_is_renewed_by_two_steps_and_the_old_key_goes_last(
    secure_cloud: SecureCloud,
) -> None:
    folder, tally = secure_cloud.provisioned(), FaultTally()
    store = identity_of(folder)
    first = store.path.read_bytes()
    keeper_of(secure_cloud, folder, CLOUD_MS + 19 * DAY_MS, tally).turn()
    assert store.path.read_bytes() == first
    secure_cloud.stop()  # the broker does not answer: the new key cannot be tried there
    keeper_of(secure_cloud, folder, CLOUD_MS + 26 * DAY_MS, tally).turn()
    assert store.path.read_bytes() == first
    assert tally.snapshot() == {FaultCode.CERT_RENEWAL_FAILED: 1}
    secure_cloud.start()
    secure_cloud.gate.admit(name_of(folder).tenant, _place(secure_cloud, folder))
    keeper_of(secure_cloud, folder, CLOUD_MS + 26 * DAY_MS, tally).turn()
    assert store.path.read_bytes() != first
    assert not store.drawn.exists()
    assert asked(secure_cloud, store.path) == 200


def _place(cloud: SecureCloud, folder: Path) -> Place:
    name = name_of(folder)
    with cloud.units.begin(name.tenant) as unit:
        return unit.fleet.places([name.device])[name.device]


def test_a_box_that_slept_past_its_end_comes_back_by_its_old_key(
    secure_cloud: SecureCloud,
) -> None:
    folder, tally = secure_cloud.provisioned(), FaultTally()
    first = identity_of(folder).path.read_bytes()
    keeper_of(secure_cloud, folder, CLOUD_MS + 60 * DAY_MS, tally).turn()
    assert tally.snapshot() == {}
    assert identity_of(folder).path.read_bytes() != first


def test_a_box_that_does_not_know_the_time_leaves_its_certificate(
    secure_cloud: SecureCloud, folder: Path
) -> None:
    store, before = identity_of(folder), identity_of(folder).path.read_bytes()
    out = Outgoing(ca_file=folder / "ca.pem", identity=store.path)
    clock = FakeClock(wall_ms=CLOUD_MS + 60 * DAY_MS, quality=TimeQuality.UNKNOWN)
    desk = EstDesk(secure_cloud.url, out, store.drawn)
    IdentityKeeper(store, desk, clock, FakeIdSource(), FaultTally()).turn()
    assert store.path.read_bytes() == before


def test_a_replaced_or_stolen_box_is_refused_at_once_and_renews_nothing(
    secure_cloud: SecureCloud,
) -> None:
    box = secure_cloud.store()
    old = secure_cloud.provisioned(box)
    assert asked(secure_cloud, identity_of(old).path) == 200
    new = secure_cloud.provisioned(box, replace=True)
    assert asked(secure_cloud, identity_of(old).path) == 403
    assert asked(secure_cloud, identity_of(new).path) == 200
    tally, before = FaultTally(), identity_of(old).path.read_bytes()
    for days in (26, 60):
        keeper_of(secure_cloud, old, CLOUD_MS + days * DAY_MS, tally).turn()
    assert tally.snapshot() == {FaultCode.CERT_RENEWAL_FAILED: 2}
    assert identity_of(old).path.read_bytes() == before


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/.well-known/est/simpleenroll", b"AAAA", 403),
        ("/.well-known/est/simplereenroll", b"AAAA", 401),
        ("/v1/device/renew-late", b"{}", 422),
        ("/v1/device/renew-late", b"x" * (1 << 20), 413),
        ("/hq", b"", 404),
    ],
)
def test_what_is_asked_wrongly_is_answered_in_our_words(
    secure_cloud: SecureCloud, path: str, body: bytes, status: int
) -> None:
    secure_cloud.rates.advance(60_000)
    port = int(secure_cloud.url.rpartition(":")[2])
    connection = HTTPSConnection(HOST, port, timeout=30, context=secure_cloud.trust())
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    assert answer.status == status
    assert set(told) == {"code", "zh", "en", "fields"}


def test_who_guesses_codes_is_slowed_down(secure_cloud: SecureCloud, tmp_path: Path) -> None:
    ticket = replace(secure_cloud.ticket(secure_cloud.store()), code="0000000000" + "00")
    found = {code_of(provision_box, tmp_path / "g", ticket) for _ in range(12)}
    assert found == {FaultCode.ENROL_CODE_WRONG, FaultCode.API_RATE_LIMITED}
    secure_cloud.rates.advance(60_000)
