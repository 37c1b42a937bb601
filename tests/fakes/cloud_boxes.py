"""The boxes' authority and the brokers' gate, in memory."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from cloud_broker.adapters.ca_parts import AUTHORITY_LIFE, authority, named, usage_of_leaf
from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.box_certificate import key_hash, key_of
from cloud_broker.ports.authority import IssuedCertificate
from retail_core import limits
from retail_core.errors import Fault
from retail_core.fleet.box_identity import BoxName, Life
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_box import WALL_MS


class FakeBoxAuthority:
    """A `BoxAuthority` with one level and its key in memory."""

    def __init__(self, now_ms: int = WALL_MS) -> None:
        self._root = authority("Fake", None, _at(now_ms), AUTHORITY_LIFE)

    def issue(self, request: bytes, name: BoxName, now_ms: int) -> IssuedCertificate:
        key, since = key_of(request), _at(now_ms)
        until = since + timedelta(milliseconds=limits.CERTIFICATE_LIFE_MS)
        uri = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(name.uri)])
        made = (
            usage_of_leaf(self._root, key, ExtendedKeyUsageOID.CLIENT_AUTH)
            .subject_name(named(str(name.device), str(name.tenant)))
            .not_valid_before(since)
            .not_valid_after(until)
            .add_extension(uri, critical=False)
            .sign(self._root.key, hashes.SHA256())
        )
        content = made.public_bytes(Encoding.DER)
        life = Life(int(since.timestamp()) * 1_000, int(until.timestamp()) * 1_000)
        known = key_hash(key)
        return IssuedCertificate(content, sha256(content).digest(), known, made.serial_number, life)

    def chain(self) -> tuple[bytes, ...]:
        return (self._root.certificate.public_bytes(Encoding.DER),)

    def revocations(self, revoked: Mapping[int, int], number: int, now_ms: int) -> bytes:
        now = _at(now_ms)
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._root.certificate.subject)
            .last_update(now)
            .next_update(now + timedelta(days=7))
            .add_extension(x509.CRLNumber(number), critical=False)
        )
        for serial, since_ms in revoked.items():
            one = x509.RevokedCertificateBuilder().serial_number(serial)
            made = made.add_revoked_certificate(one.revocation_date(_at(since_ms)).build())
        return made.sign(self._root.key, hashes.SHA256()).public_bytes(Encoding.PEM)


class FakeBrokerGate:
    """A `BrokerGate`; `down` makes it silent."""

    def __init__(self) -> None:
        self.admitted: dict[UUID, UUID] = {}
        self.down = False

    def admit(self, tenant: UUID, place: Place) -> None:
        self._answer()
        self.admitted[place.device] = tenant

    def shut_out(self, device: UUID) -> None:
        self._answer()
        self.admitted.pop(device, None)

    def known(self) -> frozenset[UUID]:
        self._answer()
        return frozenset(self.admitted)

    def _answer(self) -> None:
        if self.down:
            raise Fault(FaultCode.BROKER_GATE_DOWN, reason="down")


def _at(unix_ms: int) -> datetime:
    return datetime.fromtimestamp(unix_ms // 1_000, UTC)
