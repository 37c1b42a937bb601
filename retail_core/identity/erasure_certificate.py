"""The signed certificate of a person's erasure: each place with its count, and not whose it was.

The member stands in it as the same pseudonym as in the receipts of the boxes: whoever knows her id
can find her certificate, whoever has only the certificate cannot tell whose it is. Signed with
Ed25519 (RFC 8032) by the chain's key.
"""

import msgspec

from retail_core.identity.signed_paper import PaperKind, Parts
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


_KIND = PaperKind(
    "certificate", ErasureCertificate, VERSION, _CONTEXT, FaultCode.CERTIFICATE_UNTRUE
)


def sign_certificate(certificate: ErasureCertificate, seed: bytes) -> SignedCertificate:
    """Sign with a raw 32-byte seed."""
    return SignedCertificate(*_KIND.sign(certificate, seed))


def open_certificate(signed: SignedCertificate) -> ErasureCertificate:
    """Return what is certified, if the key named beside it signed it (Fault E118)."""
    return _KIND.opened(_parts(signed))


def to_file(signed: SignedCertificate) -> bytes:
    """Return the certificate as a JSON file: the content readable, the signed bytes beside it."""
    return _KIND.to_file(_parts(signed))


def from_file(file: bytes) -> SignedCertificate:
    """Read what `to_file` wrote; only the signed bytes count (Fault E118)."""
    return SignedCertificate(*_KIND.from_file(file))


def _parts(signed: SignedCertificate) -> Parts:
    return signed.content, signed.signature, signed.public_key
