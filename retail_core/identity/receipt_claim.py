"""The code on a receipt that nobody was booked to: whoever holds the paper may claim it once.

It names the receipt and proves that the box which sold it wrote it: 80 bits of HMAC-SHA256 under a
key that box and cloud derive from what both keep of the box's token. Base32, so that it fits the
small alphabet of a code on paper: 44 characters.
"""

import base64
import hmac
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PREFIX = "R1"
TOKEN_CHARS = 44
_MAC_BYTES = 10
_ID_BYTES = 16
_KEY_OF = b"regulars receipt claim 1"
_LABEL = b"receipt\x00"


@dataclass(frozen=True, slots=True)
class ReceiptClaim:
    """A code as it was read: which receipt, and the proof, not yet checked."""

    receipt_id: UUID
    mac: bytes


def claim_key(token_hash: bytes) -> bytes:
    """Return a box's key from the SHA-256 of its token, which is all that the cloud keeps."""
    return hmac.digest(token_hash, _KEY_OF, "sha256")


def mint_claim(key: bytes, receipt_id: UUID) -> str:
    """Return the code of a receipt; the same whenever it is asked."""
    said = base64.b32encode(receipt_id.bytes + _mac(key, receipt_id)).decode()
    return PREFIX + said.rstrip("=")


def read_claim(text: str) -> ReceiptClaim:
    """Read a code, also in small letters and as a whole link; Fault CLAIM_TOKEN_WRONG."""
    code = text.strip().rpartition("=")[2].upper()
    if len(code) != TOKEN_CHARS or not code.isascii() or not code.startswith(PREFIX):
        raise Fault(FaultCode.CLAIM_TOKEN_WRONG)
    body = code.removeprefix(PREFIX)
    try:
        raw = base64.b32decode(body + "=" * (-len(body) % 8))
    except ValueError:
        raise Fault(FaultCode.CLAIM_TOKEN_WRONG) from None
    return ReceiptClaim(UUID(bytes=raw[:_ID_BYTES]), raw[_ID_BYTES:])


def is_genuine(claim: ReceiptClaim, key: bytes) -> bool:
    """Tell whether the box with this key wrote the code."""
    return hmac.compare_digest(claim.mac, _mac(key, claim.receipt_id))


def _mac(key: bytes, receipt_id: UUID) -> bytes:
    return hmac.new(key, _LABEL + receipt_id.bytes, sha256).digest()[:_MAC_BYTES]
