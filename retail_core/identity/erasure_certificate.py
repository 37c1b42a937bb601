"""The signed certificate of a person's erasure: each place with its count, and not whose it was.

The member stands in it as the same pseudonym as in the receipts of the boxes: whoever knows her id
can find her certificate, whoever has only the certificate cannot tell whose it is. Signed with
Ed25519 (RFC 8032) by the chain's key.
"""

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

VERSION = 1
_CONTEXT = b"regulars/erasure-certificate/1\0"


class ErasedPlace(msgspec.Struct, frozen=True):
    """A table, what became of her rows there (`deleted`, `pseudonymised`), and how many."""

    place: str
    done: str
    rows: int


class ErasureCertificate(msgspec.Struct, frozen=True):
    """What is certified.

    `members` are pseudonyms: one who was enrolled twice was two. `unheard` counts shops whose box
    has yet to hear that she is gone. `kept` names why something stays that says nobody any more.
    """

    v: int
    erasure_id: str
    tenant: str
    members: tuple[str, ...]
    channel: str
    asked_ms: int
    erased_ms: int
    places: tuple[ErasedPlace, ...]
    unheard: int
    kept: tuple[str, ...]


class SignedCertificate(msgspec.Struct, frozen=True):
    """A certificate as it is handed over: the signed bytes, and what checks them."""

    content: bytes
    signature: bytes
    public_key: bytes


def sign_certificate(certificate: ErasureCertificate, seed: bytes) -> SignedCertificate:
    """Sign with a raw 32-byte seed."""
    content = msgspec.json.encode(certificate)
    key = Ed25519PrivateKey.from_private_bytes(seed)
    signature = key.sign(_CONTEXT + content)
    return SignedCertificate(content, signature, key.public_key().public_bytes_raw())


def open_certificate(signed: SignedCertificate) -> ErasureCertificate:
    """Return what is certified, if the key named beside it signed it (Fault E118)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(signed.public_key)
        key.verify(signed.signature, _CONTEXT + signed.content)
        certificate = msgspec.json.decode(signed.content, type=ErasureCertificate)
    except (InvalidSignature, ValueError) as error:
        raise Fault(FaultCode.CERTIFICATE_UNTRUE) from error
    if certificate.v != VERSION:
        raise Fault(FaultCode.CERTIFICATE_UNTRUE)
    return certificate


def to_file(signed: SignedCertificate) -> bytes:
    """Return the certificate as a JSON file: the content readable, the signed bytes beside it."""
    shown = {
        "certificate": msgspec.json.decode(signed.content),
        "content": signed.content.hex(),
        "signature": signed.signature.hex(),
        "public_key": signed.public_key.hex(),
    }
    return msgspec.json.format(msgspec.json.encode(shown)) + b"\n"


def from_file(file: bytes) -> SignedCertificate:
    """Read what `to_file` wrote; only the signed bytes count (Fault E118)."""
    try:
        shown = msgspec.json.decode(file, type=dict[str, object])
        parts = [bytes.fromhex(str(shown[name])) for name in ("content", "signature", "public_key")]
        if msgspec.json.decode(parts[0]) != shown["certificate"]:
            raise Fault(FaultCode.CERTIFICATE_UNTRUE)
    except (KeyError, ValueError, TypeError) as error:
        raise Fault(FaultCode.CERTIFICATE_UNTRUE) from error
    return SignedCertificate(*parts)
