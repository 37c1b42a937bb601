"""The cloud's time, signed: for a box that no time server answers.

The box sends a number nobody can foresee and gets it back under the signature, so that an answer
that somebody kept is of no use; and how long the answer took bounds how wrong it can be.
"""

from dataclasses import dataclass

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

NONCE_BYTES = 16
_SIGNATURE_BYTES = 64
_WALL_BYTES = 8
_PURPOSE = b"regulars time 1\0"  # nothing else that this key signs begins so


class SignedTime(msgspec.Struct, array_like=True, frozen=True):
    """Milliseconds since 1970, for the one who sent the nonce."""

    wall_ms: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class ToldTime:
    """What the wall said when the monotonic clock said `mono_ms`, within `error_ms`."""

    wall_ms: int
    mono_ms: int
    error_ms: int


def sign_time(wall_ms: int, nonce: bytes, device: bytes, private_key: bytes) -> bytes:
    """Return the answer's bytes; Fault WIRE_MALFORMED for a nonce of another length."""
    if len(nonce) != NONCE_BYTES:
        raise Fault(FaultCode.WIRE_MALFORMED, detail="nonce")
    key = Ed25519PrivateKey.from_private_bytes(private_key)
    return msgspec.msgpack.encode(SignedTime(wall_ms, key.sign(_said(wall_ms, nonce, device))))


def open_time(
    answer: bytes, asked: tuple[bytes, bytes], sent_ms: int, got_ms: int, public_key: bytes
) -> ToldTime:
    """Return the time of an answer; `asked` is (nonce, device), the times are monotonic.

    Raises Fault SYNC_TIME_REFUSED for an answer that is slow, of somebody else or older than this
    software.
    """
    took_ms = got_ms - sent_ms
    if not 0 <= took_ms <= limits.TIME_ROUND_TRIP_MAX_MS:
        raise Fault(FaultCode.SYNC_TIME_REFUSED, reason=f"{took_ms} ms")
    try:
        said = msgspec.msgpack.decode(answer, type=SignedTime)
        if len(said.signature) != _SIGNATURE_BYTES or said.wall_ms >> (8 * _WALL_BYTES - 1):
            raise ValueError("shape")  # noqa: TRY301 -- one refusal for every bad shape
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(said.signature, _said(said.wall_ms, *asked))
    except (ValueError, InvalidSignature):
        raise Fault(FaultCode.SYNC_TIME_REFUSED, reason="signature") from None
    if said.wall_ms < limits.SOFTWARE_BORN_MS:
        raise Fault(FaultCode.SYNC_TIME_REFUSED, reason="before this software")
    return ToldTime(said.wall_ms + took_ms // 2, got_ms, (took_ms + 1) // 2)


def _said(wall_ms: int, nonce: bytes, device: bytes) -> bytes:
    return _PURPOSE + nonce + device + wall_ms.to_bytes(_WALL_BYTES, "big")
