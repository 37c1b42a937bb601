"""What a member's phone sends with each request: who it is, when, and that it signed just this.

    Authorization: Phone TENANT.KEY.TIME.NONCE.SIGNATURE

Tenant as a UUID, key id (8 bytes), nonce (16) and Ed25519 signature (64) in lower-case hex, time in
milliseconds since 1970. The signature is over `regulars-p1`, the method, the path with its query,
time, nonce and the SHA-256 of the body in hex, a line each: none of them can be exchanged, and it
means nothing as a member code. There is no cookie and no password that could be stolen instead.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

SCHEME = "phone"
WINDOW_MS = 60_000
# A request may come from a clock that goes ahead by one window, and is good for another.
REMEMBERED_MS = 2 * WINDOW_MS
_DOMAIN = "regulars-p1"
_CREDENTIALS = re.compile(
    r"(?P<tenant>[0-9a-f-]{36})\.(?P<key>[0-9a-f]{16})\.(?P<time>[0-9]{1,15})"
    r"\.(?P<nonce>[0-9a-f]{32})\.(?P<signature>[0-9a-f]{128})"
)


@dataclass(frozen=True, slots=True)
class Signed:
    """Credentials of the right form; nothing is believed of them before `verify`."""

    tenant: UUID
    key_id: bytes
    time_ms: int
    nonce: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that was signed."""

    method: str
    target: str
    body: bytes


def parse(authorization: str) -> Signed:
    """Read the header. Raises Fault API_TOKEN_MISSING, PHONE_SIGNATURE when it has no such form."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != SCHEME:
        raise Fault(FaultCode.API_TOKEN_MISSING)
    found = _CREDENTIALS.fullmatch(given.strip())
    if found is None:
        raise Fault(FaultCode.PHONE_SIGNATURE)
    try:
        tenant = UUID(found["tenant"])
    except ValueError:
        raise Fault(FaultCode.PHONE_SIGNATURE) from None
    return Signed(
        tenant,
        bytes.fromhex(found["key"]),
        int(found["time"]),
        bytes.fromhex(found["nonce"]),
        bytes.fromhex(found["signature"]),
    )


def signed_bytes(asked: Asked, time_ms: int, nonce: bytes) -> bytes:
    """Return what the phone signs."""
    digest = sha256(asked.body).hexdigest()
    parts = (_DOMAIN, asked.method, asked.target, str(time_ms), nonce.hex(), digest)
    return "\n".join(parts).encode()


def verify(signed: Signed, asked: Asked, public_key: bytes, now_ms: int) -> None:
    """Believe the request or raise Fault PHONE_SIGNATURE, PHONE_CLOCK (with the cloud's time)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(signed.signature, signed_bytes(asked, signed.time_ms, signed.nonce))
    except (InvalidSignature, ValueError) as error:
        raise Fault(FaultCode.PHONE_SIGNATURE) from error
    if abs(now_ms - signed.time_ms) > WINDOW_MS:
        raise Fault(FaultCode.PHONE_CLOCK, now_ms=now_ms)
