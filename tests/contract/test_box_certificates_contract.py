"""What every BoxAuthority, BrokerGate, IdentityStore and CertificateDesk promises."""

from datetime import UTC, datetime, time
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cloud_broker.adapters.ca_files import FileAuthority
from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.box_certificate import named_in, signed_late
from cloud_broker.ports.authority import BoxAuthority
from cloud_broker.ports.broker_gate import BrokerGate
from edge_agent.adapters.est_http import BrokerDoor, EstDesk
from edge_agent.adapters.identity_file import IdentityFile
from edge_agent.adapters.outgoing import Outgoing
from edge_agent.domain.box_key import draw_key, request_for
from edge_agent.ports.box_identity import CertificateDesk, IdentityStore
from retail_core import limits
from retail_core.fleet.box_identity import BoxName
from retail_core.texts.faults import FaultCode
from tests.factories.faults import code_of
from tests.fakes.box_identity import FakeCertificateDesk, FakeIdentityStore
from tests.fakes.cloud_box import WALL_MS, fresh_id
from tests.fakes.cloud_boxes import FakeBoxAuthority, FakeBrokerGate
from tests.plugins.secure_cloud import HOST, SecureCloud

NAME = BoxName(UUID(int=1), UUID(int=2))


@pytest.fixture(scope="module", params=["fake", "files"])
def signs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> BoxAuthority:
    if request.param == "fake":
        return FakeBoxAuthority()
    made = FileAuthority(tmp_path_factory.mktemp("ca") / "ca", "passphrase")
    made.create("Test", WALL_MS)
    return made


class TestBoxAuthority:
    def test_a_certificate_names_the_box_that_we_say_and_nothing_of_the_request(
        self, signs: BoxAuthority
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        other = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cloud-admin")])
        names = x509.SubjectAlternativeName([x509.DNSName("everybody")])
        asked = x509.CertificateSigningRequestBuilder().subject_name(other)
        asked = asked.add_extension(names, critical=False)
        asked = asked.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        signed = asked.sign(key, hashes.SHA256())
        issued = signs.issue(signed.public_bytes(Encoding.DER), NAME, WALL_MS)
        made = x509.load_der_x509_certificate(issued.content)
        common = made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        assert [one.value for one in common] == [str(NAME.device)]
        assert named_in(issued.content) == NAME
        uses = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]
        assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert issued.fingerprint == sha256(issued.content).digest()
        assert (issued.serial, issued.life.until_ms) == (
            made.serial_number,
            WALL_MS // 1_000 * 1_000 + limits.CERTIFICATE_LIFE_MS,
        )
        signer = x509.load_der_x509_certificate(signs.chain()[0])
        made.verify_directly_issued_by(signer)

    @pytest.mark.parametrize("bad", ["empty", "noise", "long", "rsa", "curve", "forged"])
    def test_what_is_no_request_is_refused(self, signs: BoxAuthority, bad: str) -> None:
        asked = {
            "empty": b"",
            "noise": b"\x30\x82" + bytes(300),
            "long": bytes(limits.CERTIFICATE_BYTES_MAX + 1),
            "rsa": _request(rsa.generate_private_key(65_537, 2_048)),
            "curve": _request(ec.generate_private_key(ec.SECP384R1())),
            "forged": _forged(),
        }[bad]
        assert code_of(signs.issue, asked, NAME, WALL_MS) is FaultCode.ENROL_CSR_REFUSED

    def test_a_list_of_the_revoked_is_signed_and_ends(self, signs: BoxAuthority) -> None:
        listed = x509.load_pem_x509_crl(signs.revocations({7: WALL_MS}, 3, WALL_MS))
        signer = x509.load_der_x509_certificate(signs.chain()[0]).public_key()
        assert isinstance(signer, ec.EllipticCurvePublicKey)
        assert listed.is_signature_valid(signer)
        assert [one.serial_number for one in listed] == [7]
        now = datetime.fromtimestamp(WALL_MS / 1_000, UTC)
        assert listed.next_update_utc is not None
        assert (listed.next_update_utc - now).days in {6, 7}


def _request(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    asked = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return asked.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def _forged() -> bytes:
    good = bytearray(request_for(draw_key()))
    good[-1] ^= 1
    return bytes(good)


def place(device: UUID) -> Place:
    return Place(device, UUID(int=5), UUID(int=6), 7, "Asia/Shanghai", time(4))


@pytest.fixture(
    params=[
        "fake",
        pytest.param("dynsec", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
    ]
)
def gate(request: pytest.FixtureRequest) -> BrokerGate:
    if request.param == "fake":
        return FakeBrokerGate()
    cloud: SecureCloud = request.getfixturevalue("secure_cloud")
    return cloud.gate


class TestBrokerGate:
    def test_a_box_is_known_from_its_admission_until_it_is_shut_out(self, gate: BrokerGate) -> None:
        one, two = fresh_id(), fresh_id()
        for device in (one, two, one):
            gate.admit(NAME.tenant, place(device))
        assert {one, two} <= gate.known()
        for _ in range(2):
            gate.shut_out(one)
        assert one not in gate.known()
        assert two in gate.known()

    def test_a_gate_that_is_away_is_told(self) -> None:
        fake = FakeBrokerGate()
        fake.down = True
        for act in (fake.known, lambda: fake.shut_out(NAME.device)):
            assert code_of(act) is FaultCode.BROKER_GATE_DOWN


@pytest.fixture(params=["fake", "file"])
def rests(request: pytest.FixtureRequest, tmp_path: Path) -> IdentityStore:
    return FakeIdentityStore() if request.param == "fake" else IdentityFile(tmp_path / "id.pem")


class TestIdentityStore:
    def test_a_key_is_the_boxs_when_its_certificate_was_taken_and_swapped(
        self, rests: IdentityStore
    ) -> None:
        desk = FakeCertificateDesk(NAME, WALL_MS)
        assert rests.held() is None
        rests.take(desk.renew(rests.draw()))
        assert rests.held() is None
        rests.swap()
        held = rests.held()
        assert held is not None
        assert held.name == NAME
        rests.draw()
        assert rests.held() == held

    def test_a_certificate_of_another_key_or_box_is_not_taken(self, rests: IdentityStore) -> None:
        desk = FakeCertificateDesk(NAME, WALL_MS)
        rests.take(desk.renew(rests.draw()))
        rests.swap()
        wrong = FaultCode.ENROL_ANSWER_WRONG
        request = rests.draw()
        assert code_of(rests.take, desk.renew(request_for(draw_key()))) is wrong
        desk.name = BoxName(NAME.tenant, UUID(int=3))
        assert code_of(rests.take, desk.renew(request)) is wrong
        for junk in ((), (b"",), (desk.authority.chain()[0],)):
            assert code_of(rests.take, junk) is wrong

    def test_an_ended_certificates_key_signs_for_one_request(self, rests: IdentityStore) -> None:
        desk = FakeCertificateDesk(NAME, WALL_MS)
        rests.take(desk.renew(rests.draw()))
        rests.swap()
        held, request = rests.held(), rests.draw()
        assert held is not None
        asked = rests.late_ask(request)
        assert asked.name == NAME
        assert signed_late(held.content, request, asked.proof)
        assert not signed_late(held.content, request + b"x", asked.proof)
        assert not signed_late(held.content, request, asked.proof[:-1] + b"\x00")


@pytest.fixture(
    params=[
        "fake",
        pytest.param("est", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
    ]
)
def certifies(
    request: pytest.FixtureRequest, tmp_path: Path
) -> tuple[CertificateDesk, IdentityStore]:
    if request.param == "fake":
        store: IdentityStore = FakeIdentityStore()
        desk: CertificateDesk = FakeCertificateDesk(NAME, WALL_MS)
        store.take(desk.enrol("board", "code", store.draw()))
        store.swap()
        return desk, store
    cloud: SecureCloud = request.getfixturevalue("secure_cloud")
    folder = cloud.provisioned()
    held = IdentityFile(folder / "identity.pem")
    out = Outgoing(ca_file=folder / "ca.pem", identity=held.path)
    return EstDesk(cloud.url, out, held.drawn, BrokerDoor(HOST, cloud.tls_port)), held


class TestCertificateDesk:
    def test_a_next_key_is_certified_tried_and_takes_its_place(
        self, certifies: tuple[CertificateDesk, IdentityStore]
    ) -> None:
        desk, store = certifies
        before = store.held()
        assert before is not None
        store.take(desk.renew(store.draw()))
        desk.try_drawn()
        store.swap()
        after = store.held()
        assert after is not None
        assert after.content != before.content
        assert after.name == before.name

    def test_the_old_keys_word_is_enough_when_the_certificate_has_ended(
        self, certifies: tuple[CertificateDesk, IdentityStore]
    ) -> None:
        desk, store = certifies
        store.take(desk.renew_late(store.late_ask(store.draw())))
        desk.try_drawn()
