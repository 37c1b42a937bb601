"""What certificates of authorities, boxes and servers have in common."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

AUTHORITY_LIFE = timedelta(days=3_652)
_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True, slots=True)
class Signer:
    """An authority with its key open."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def identifier(self) -> x509.AuthorityKeyIdentifier:
        """Return how what it signs names its key."""
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())


def named(common: str, organisation: str) -> x509.Name:
    """Return a subject; an empty organisation is left out."""
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organisation:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def authority(common: str, parent: Signer | None, now: datetime, life: timedelta) -> Signer:
    """Make an authority: a root, or one under it that signs leaves only."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer_key = key if parent is None else parent.key
    subject = named(common, "")
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if parent is None else parent.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + life)
        .add_extension(x509.BasicConstraints(True, 1 if parent is None else 0), critical=True)  # noqa: FBT003 -- the library's own order
        .add_extension(_usage({"key_cert_sign", "crl_sign"}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if parent is not None:
        made = made.add_extension(parent.identifier, critical=False)
    return Signer(key, made.sign(signer_key, hashes.SHA256()))


def usage_of_leaf(
    signer: Signer, key: ec.EllipticCurvePublicKey, purpose: x509.ObjectIdentifier
) -> x509.CertificateBuilder:
    """Begin the certificate of a box or a server, good for one purpose and no signing of others."""
    return (
        x509.CertificateBuilder()
        .issuer_name(signer.certificate.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(False, None), critical=True)  # noqa: FBT003 -- as above
        .add_extension(_usage({"digital_signature"}), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(signer.identifier, critical=False)
    )


def _usage(named_uses: set[str]) -> x509.KeyUsage:
    return x509.KeyUsage(**{use: use in named_uses for use in _USES})
