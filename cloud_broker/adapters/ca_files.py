"""A certificate authority in a folder: a root, one that signs boxes, one that signs servers.

The keys rest encrypted under a passphrase that stands elsewhere. Whoever has an authority of their
own puts its certificate and key here under the same names: `root.pem`, `device-ca.pem`,
`device-ca.key`; the root's key is not needed then.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from cloud_broker.adapters.ca_parts import (
    AUTHORITY_LIFE,
    Signer,
    authority,
    named,
    usage_of_leaf,
)
from cloud_broker.domain.box_certificate import key_hash, key_of
from cloud_broker.ports.authority import IssuedCertificate
from retail_core import limits
from retail_core.errors import Fault
from retail_core.fleet.box_identity import BoxName, Life
from retail_core.texts.faults import FaultCode

ROOT, DEVICES, SERVERS = "root", "device-ca", "server-ca"
SERVER_LIFE = timedelta(days=397)
CRL_LIFE = timedelta(days=7)
# A box whose clock is a little behind must not find its own certificate of tomorrow.
_BEFORE = timedelta(minutes=5)
_MS = 1_000


class FileAuthority:
    """Fulfils `BoxAuthority`; keys are opened when something is signed and not kept."""

    def __init__(self, folder: Path, passphrase: str) -> None:
        self._folder = folder
        self._passphrase = passphrase.encode()

    @property
    def folder(self) -> Path:
        """Where it rests."""
        return self._folder

    def create(self, name: str, now_ms: int) -> None:
        """Make the three authorities; Fault SETUP_CONFIG_INVALID when the folder has one."""
        if (self._folder / f"{ROOT}.pem").exists():
            detail = "已存在 exists already"
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=self._folder, detail=detail)
        if not self._passphrase:
            raise Fault(FaultCode.CA_PASSPHRASE)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = _at(now_ms)
        root = authority(f"{name} root", None, now, AUTHORITY_LIFE * 2)
        for file, signer in (
            (DEVICES, authority(f"{name} boxes", root, now, AUTHORITY_LIFE)),
            (SERVERS, authority(f"{name} servers", root, now, AUTHORITY_LIFE)),
            (ROOT, root),
        ):
            self._keep(file, signer)

    def issue(self, request: bytes, name: BoxName, now_ms: int) -> IssuedCertificate:
        """Certify the key of a DER request for 30 days under our own name for the box."""
        key = key_of(request)
        signer, now = self._signer(DEVICES), _at(now_ms)
        until = now + timedelta(milliseconds=limits.CERTIFICATE_LIFE_MS)
        subject = named(str(name.device), str(name.tenant))
        uri = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(name.uri)])
        made = (
            usage_of_leaf(signer, key, ExtendedKeyUsageOID.CLIENT_AUTH)
            .subject_name(subject)
            .not_valid_before(now - _BEFORE)
            .not_valid_after(until)
            .add_extension(uri, critical=False)
            .sign(signer.key, hashes.SHA256())
        )
        content = made.public_bytes(Encoding.DER)
        life = Life(_ms(made.not_valid_before_utc), _ms(made.not_valid_after_utc))
        return IssuedCertificate(
            content, sha256(content).digest(), key_hash(key), made.serial_number, life
        )

    def chain(self) -> tuple[bytes, ...]:
        """Return the boxes' authority and the root in DER."""
        return tuple(self._certificate(name).public_bytes(Encoding.DER) for name in (DEVICES, ROOT))

    def pin(self) -> str:
        """Return the hexadecimal beginning of the root's SHA-256, by which boxes know us."""
        root = self._certificate(ROOT).public_bytes(Encoding.DER)
        return sha256(root).digest()[:16].hex()

    def server(self, names: tuple[str, ...], now_ms: int) -> tuple[bytes, bytes]:
        """Return a server's chain and its new key, both PEM."""
        signer, now, key = (
            self._signer(SERVERS),
            _at(now_ms),
            ec.generate_private_key(ec.SECP256R1()),
        )
        made = (
            usage_of_leaf(signer, key.public_key(), ExtendedKeyUsageOID.SERVER_AUTH)
            .subject_name(named(names[0], ""))
            .not_valid_before(now - _BEFORE)
            .not_valid_after(now + SERVER_LIFE)
            .add_extension(
                x509.SubjectAlternativeName([_host(one) for one in names]), critical=False
            )
            .sign(signer.key, hashes.SHA256())
        )
        chain = made.public_bytes(Encoding.PEM) + signer.certificate.public_bytes(Encoding.PEM)
        return chain, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def revocations(self, revoked: Mapping[int, int], number: int, now_ms: int) -> bytes:
        """Return the signed list (PEM); it holds seven days."""
        signer, now = self._signer(DEVICES), _at(now_ms)
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(signer.certificate.subject)
            .last_update(now - _BEFORE)
            .next_update(now + CRL_LIFE)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(signer.identifier, critical=False)
        )
        for serial, since_ms in sorted(revoked.items()):
            one = x509.RevokedCertificateBuilder().serial_number(serial)
            made = made.add_revoked_certificate(one.revocation_date(_at(since_ms)).build())
        return made.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.PEM)

    # ---- inside ---------------------------------------------------------------------------------

    def _certificate(self, name: str) -> x509.Certificate:
        path = self._folder / f"{name}.pem"
        try:
            return x509.load_pem_x509_certificate(path.read_bytes())
        except (OSError, ValueError):
            raise Fault(FaultCode.CA_MISSING, path=path) from None

    def _signer(self, name: str) -> Signer:
        path = self._folder / f"{name}.key"
        try:
            key = load_pem_private_key(path.read_bytes(), self._passphrase or None)
        except OSError:
            raise Fault(FaultCode.CA_MISSING, path=path) from None
        except (ValueError, TypeError):
            raise Fault(FaultCode.CA_PASSPHRASE) from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise Fault(FaultCode.CA_MISSING, path=path)
        return Signer(key, self._certificate(name))

    def _keep(self, name: str, signer: Signer) -> None:
        rest = BestAvailableEncryption(self._passphrase)
        key = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, rest)
        write_private(self._folder / f"{name}.key", key)
        write_private(
            self._folder / f"{name}.pem", signer.certificate.public_bytes(Encoding.PEM), 0o644
        )


def write_private(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file whole or not at all, for its owner alone."""
    fresh = path.with_name(f"{path.name}.new")
    with suppress(FileNotFoundError):
        fresh.unlink()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _at(unix_ms: int) -> datetime:
    return datetime.fromtimestamp(unix_ms // _MS, UTC)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * _MS
