"""The rotating member code: 86 bytes that a phone signs and shows as a QR for a minute or two.

Text: `M1:` + Base45 of 22 bytes and their Ed25519 signature. The 22 bytes: version (1), key id (8,
the first bytes of SHA-256 of the public key), issued at (4, seconds since 1970), life (1, seconds),
nonce (8). The signature is over `regulars-m1` and the 22 bytes, so that it means nothing elsewhere.
A shop checks it with the public key alone, without the network.
"""

from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from retail_core import limits
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.identity import base45
from retail_core.texts.faults import FaultCode

PREFIX = "M1:"
KEY_ID_BYTES = 8
NONCE_BYTES = 8
_DOMAIN = b"regulars-m1"
_VERSION = 1
_SIGNED_BYTES = 22
_SIGNATURE_BYTES = 64
_TEXT_CHARACTERS = len(PREFIX) + (_SIGNED_BYTES + _SIGNATURE_BYTES) // 2 * 3


@dataclass(frozen=True, slots=True)
class MemberCode:
    """A code that has the right form; nothing is believed of it before `verify`."""

    key_id: bytes
    issued_at_s: int
    ttl_s: int
    nonce: bytes
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The 22 bytes under the signature."""
        return (
            bytes([_VERSION])
            + self.key_id
            + self.issued_at_s.to_bytes(4, "big")
            + bytes([self.ttl_s])
            + self.nonce
        )

    @property
    def proof(self) -> bytes:
        """What stands for this one code in every list of used ones (32 bytes)."""
        return sha256(_DOMAIN + self.key_id + self.nonce).digest()

    @property
    def dead_after_s(self) -> int:
        """The last second at which any clock within the allowed skew accepts the code."""
        return self.issued_at_s + self.ttl_s + limits.CLOCK_SKEW_S_MAX


def key_id_of(public_key: bytes) -> bytes:
    """Return the id under which a public key (32 bytes) is known."""
    return sha256(public_key).digest()[:KEY_ID_BYTES]


def mint(private_key: bytes, key_id: bytes, issued_at_s: int, ttl_s: int, nonce: bytes) -> str:
    """Return the text of a fresh code; ValueError for a life or a size out of bounds."""
    if not 1 <= ttl_s <= limits.MEMBER_CODE_TTL_S_MAX:
        raise ValueError(f"ttl_s {ttl_s}")
    if len(key_id) != KEY_ID_BYTES or len(nonce) != NONCE_BYTES:
        raise ValueError(f"key id of {len(key_id)} bytes, nonce of {len(nonce)}")
    signed = MemberCode(key_id, issued_at_s, ttl_s, nonce, b"").signed
    signature = Ed25519PrivateKey.from_private_bytes(private_key).sign(_DOMAIN + signed)
    return PREFIX + base45.encode(signed + signature)


def parse(text: bytes | str) -> MemberCode:
    """Read what a scanner or camera saw; Fault QR_FOREIGN when it is not of our form."""
    seen = text if isinstance(text, str) else text.decode("ascii", "replace")
    if len(seen) != _TEXT_CHARACTERS or not seen.startswith(PREFIX):
        raise Fault(FaultCode.QR_FOREIGN)
    try:
        raw = base45.decode(seen.removeprefix(PREFIX))
    except ValueError as error:
        raise Fault(FaultCode.QR_FOREIGN) from error
    return _from_bytes(raw)


def verify(code: MemberCode, public_key: bytes, now_s: int, quality: TimeQuality) -> None:
    """Believe the code or raise Fault QR_SIGNATURE, QR_CLOCK_UNKNOWN or QR_EXPIRED.

    A clock that was never set cannot tell a fresh code from an old one, so it accepts none.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(code.signature, _DOMAIN + code.signed)
    except (InvalidSignature, ValueError) as error:
        raise Fault(FaultCode.QR_SIGNATURE) from error
    if quality == TimeQuality.UNKNOWN:
        raise Fault(FaultCode.QR_CLOCK_UNKNOWN)
    if not code.issued_at_s - limits.CLOCK_SKEW_S_MAX <= now_s <= code.dead_after_s:
        raise Fault(FaultCode.QR_EXPIRED)


def _from_bytes(raw: bytes) -> MemberCode:
    code = MemberCode(
        key_id=raw[1:9],
        issued_at_s=int.from_bytes(raw[9:13], "big"),
        ttl_s=raw[13],
        nonce=raw[14:_SIGNED_BYTES],
        signature=raw[_SIGNED_BYTES:],
    )
    if raw[0] != _VERSION or not 1 <= code.ttl_s <= limits.MEMBER_CODE_TTL_S_MAX:
        raise Fault(FaultCode.QR_FOREIGN)
    return code
