"""The signed receipt of an erasure: which templates are gone from which box, and when.

The member stands in it as a pseudonym: whoever knows her id can find her receipt, whoever has only
the receipt cannot tell whose it is. Signed with Ed25519 (RFC 8032) by a key the box made itself.
"""

from hashlib import sha256
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from retail_core.errors import Fault
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


def sign_receipt(receipt: Receipt, seed: bytes) -> SignedReceipt:
    """Sign a receipt with the box's raw 32-byte seed."""
    content = msgspec.json.encode(receipt)
    key = Ed25519PrivateKey.from_private_bytes(seed)
    signature = key.sign(_CONTEXT + content)
    return SignedReceipt(content, signature, key.public_key().public_bytes_raw())


def open_receipt(signed: SignedReceipt) -> Receipt:
    """Return what is certified, if the key named beside it signed it (Fault RECEIPT_INVALID)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(signed.public_key)
        key.verify(signed.signature, _CONTEXT + signed.content)
        receipt = msgspec.json.decode(signed.content, type=Receipt)
    except (InvalidSignature, ValueError) as error:
        raise Fault(FaultCode.RECEIPT_INVALID) from error
    if receipt.v != VERSION:
        raise Fault(FaultCode.RECEIPT_INVALID)
    return receipt


def to_file(signed: SignedReceipt) -> bytes:
    """Return the receipt as a JSON file: the content readable, the signed bytes beside it."""
    shown = {
        "receipt": msgspec.json.decode(signed.content),
        "content": signed.content.hex(),
        "signature": signed.signature.hex(),
        "public_key": signed.public_key.hex(),
    }
    return msgspec.json.format(msgspec.json.encode(shown)) + b"\n"


def from_file(file: bytes) -> SignedReceipt:
    """Read what `to_file` wrote; only the signed bytes count (Fault RECEIPT_INVALID)."""
    try:
        shown = msgspec.json.decode(file, type=dict[str, object])
        parts = [bytes.fromhex(str(shown[name])) for name in ("content", "signature", "public_key")]
        if msgspec.json.decode(parts[0]) != shown["receipt"]:
            raise Fault(FaultCode.RECEIPT_INVALID)
    except (KeyError, ValueError, TypeError) as error:
        raise Fault(FaultCode.RECEIPT_INVALID) from error
    return SignedReceipt(*parts)
