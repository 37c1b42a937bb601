"""Certificates as a web server has them: an authority of its own, and leaves of every kind."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A server's certificate and key, as files."""

    certificate: Path
    key: Path


class WebAuthority:
    """Signs for any name and any time; `ca_file` is whom to trust."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self._folder = folder
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("an authority of a test")
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        made = (
            self._begun(self._name, self._key, 30 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
        )
        signed = made.sign(self._key, hashes.SHA256())
        self.ca_file = folder / "authority.pem"
        self.ca_file.write_bytes(signed.public_bytes(Encoding.PEM))

    def leaf(self, host: str, lasts: timedelta = DAY) -> Leaf:
        """Sign for a host; what lasts less than no time has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        made = self._begun(_name(host), key, lasts).add_extension(names, critical=False)
        signed = made.sign(self._key, hashes.SHA256())
        found = Leaf(self._folder / "leaf.pem", self._folder / "leaf.key")
        found.certificate.write_bytes(signed.public_bytes(Encoding.PEM))
        plain = PrivateFormat.PKCS8, NoEncryption()
        found.key.write_bytes(key.private_bytes(Encoding.PEM, *plain))
        return found

    def _begun(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, lasts: timedelta
    ) -> x509.CertificateBuilder:
        return x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=subject,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=self._now - 7 * DAY,
            not_valid_after=self._now + lasts,
        )


def _name(said: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, said)])
