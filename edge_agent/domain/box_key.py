"""The box's own key and the certificate it got: asked for, checked, kept as one PEM."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from retail_core.errors import Fault
from retail_core.fleet.box_identity import BoxName, Life, late_words, read_uri
from retail_core.texts.faults import FaultCode

CHAIN_MAX = 4
_MS = 1_000


@dataclass(frozen=True, slots=True)
class BoxIdentity:
    """Whose certificate the box holds, for how long, and its DER."""

    name: BoxName
    life: Life
    content: bytes


def draw_key() -> bytes:
    """Return a new P-256 key as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def request_for(pem: bytes) -> bytes:
    """Return the DER request that proves the key in a PEM; the cloud knows itself who we are."""
    asked = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return asked.sign(_key_in(pem), hashes.SHA256()).public_bytes(Encoding.DER)


def with_chain(key: bytes, chain: Sequence[bytes], wanted: BoxName | None) -> bytes:
    """Return key and certificates (DER, ours first) as one PEM.

    Raises Fault ENROL_ANSWER_WRONG unless the first is of this key and, where we are somebody
    already, still names us.
    """
    try:
        found = [x509.load_der_x509_certificate(one) for one in chain[:CHAIN_MAX]]
        own = _spki(found[0].public_key())
    except (ValueError, IndexError, TypeError):
        raise Fault(FaultCode.ENROL_ANSWER_WRONG, reason="certificate") from None
    if own != _spki(_key_in(key).public_key()):
        raise Fault(FaultCode.ENROL_ANSWER_WRONG, reason="another key")
    packed = key + b"".join(one.public_bytes(Encoding.PEM) for one in found)
    name = identity_in(packed).name
    if wanted is not None and name != wanted:
        raise Fault(FaultCode.ENROL_ANSWER_WRONG, reason="another box")
    return packed


def identity_in(pem: bytes) -> BoxIdentity:
    """Read whose certificate stands in a PEM; Fault ENROL_ANSWER_WRONG when it is none of a box."""
    try:
        held = x509.load_pem_x509_certificates(pem)[0]
        names = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    except (ValueError, IndexError, x509.ExtensionNotFound):
        raise Fault(FaultCode.ENROL_ANSWER_WRONG, reason="certificate") from None
    name = read_uri(uris[0]) if len(uris) == 1 else None
    if name is None:
        raise Fault(FaultCode.ENROL_ANSWER_WRONG, reason="name")
    since, until = held.not_valid_before_utc, held.not_valid_after_utc
    life = Life(int(since.timestamp()) * _MS, int(until.timestamp()) * _MS)
    return BoxIdentity(name, life, held.public_bytes(Encoding.DER))


def late_proof(pem: bytes, request: bytes) -> bytes:
    """Return the signature with which the key of an ended certificate asks for the next one."""
    words = late_words(request, sha256(identity_in(pem).content).digest())
    return _key_in(pem).sign(words, ec.ECDSA(hashes.SHA256()))


def _key_in(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("not the key of a box")
    return key


def _spki(key: object) -> bytes:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("not the key of a box")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
