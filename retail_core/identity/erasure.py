"""The signed receipt of an erasure: which templates are gone from which box, and when.

The member stands in it as a pseudonym: whoever knows her id can find her receipt, whoever has only
the receipt cannot tell whose it is. Signed with Ed25519 (RFC 8032) by a key the box made itself.
"""

from hashlib import sha256
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from retail_core.identity.signed_paper import PaperKind, Parts
from retail_core.texts.faults import FaultCode

VERSION = 1
_CONTEXT = b"regulars/erasure-receipt/1\0"
_PSEUDONYM_BYTES = 16


class Receipt(msgspec.Struct, frozen=True):
    """What is certified; `scrubbed`: pages overwritten, log emptied, the member's key destroyed."""

    v: int
    receipt_id: str
    tenant: str
    store: str
    device: str
    member: str
    templates: tuple[str, ...]
    cause: str
    erased_ms: int
    time_quality: int
    scrubbed: bool


class SignedReceipt(msgspec.Struct, frozen=True):
    """A receipt as it is handed over: the signed bytes, and what checks them."""

    content: bytes
    signature: bytes
    public_key: bytes


def pseudonym(tenant: UUID, member: UUID) -> str:
    """Return what stands for a member in a receipt."""
    said = b"regulars/erasure-member/1\0" + tenant.bytes + member.bytes
    return sha256(said).digest()[:_PSEUDONYM_BYTES].hex()


def public_key_of(seed: bytes) -> bytes:
    """Return the raw public half of a raw 32-byte seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


_KIND = PaperKind("receipt", Receipt, VERSION, _CONTEXT, FaultCode.RECEIPT_INVALID)


def sign_receipt(receipt: Receipt, seed: bytes) -> SignedReceipt:
    """Sign with a raw 32-byte seed."""
    return SignedReceipt(*_KIND.sign(receipt, seed))


def open_receipt(signed: SignedReceipt) -> Receipt:
    """Return what is certified, if the key named beside it signed it (Fault RECEIPT_INVALID)."""
    return _KIND.opened(_parts(signed))


def to_file(signed: SignedReceipt) -> bytes:
    """Return the receipt as a JSON file: the content readable, the signed bytes beside it."""
    return _KIND.to_file(_parts(signed))


def from_file(file: bytes) -> SignedReceipt:
    """Read what `to_file` wrote; only the signed bytes count (Fault RECEIPT_INVALID)."""
    return SignedReceipt(*_KIND.from_file(file))


def _parts(signed: SignedReceipt) -> Parts:
    return signed.content, signed.signature, signed.public_key
