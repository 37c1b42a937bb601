"""Identifiers: uuid7 minted by the maker of a thing, from time and randomness it is given."""

from functools import lru_cache
from typing import NewType
from uuid import UUID

TenantId = NewType("TenantId", UUID)
StoreId = NewType("StoreId", UUID)
DeviceId = NewType("DeviceId", UUID)
TillId = NewType("TillId", UUID)
OperatorId = NewType("OperatorId", UUID)
MemberId = NewType("MemberId", UUID)
WalletId = NewType("WalletId", UUID)
ArticleId = NewType("ArticleId", UUID)
ReceiptId = NewType("ReceiptId", UUID)
EventId = NewType("EventId", UUID)

RANDOM_BYTES = 10
_MS_LIMIT = 1 << 48


def uuid7(unix_ms: int, randomness: bytes) -> UUID:
    """Build a version-7 UUID (RFC 9562 §5.7) from milliseconds since 1970 and 10 random bytes.

    Raises ValueError when the time does not fit 48 bits or the randomness is not 10 bytes.
    """
    if not 0 <= unix_ms < _MS_LIMIT:
        msg = f"unix_ms out of range: {unix_ms}"
        raise ValueError(msg)
    if len(randomness) != RANDOM_BYTES:
        msg = f"need {RANDOM_BYTES} random bytes, got {len(randomness)}"
        raise ValueError(msg)
    bits = int.from_bytes(randomness, "big")
    rand_a = bits >> 68
    rand_b = bits & ((1 << 62) - 1)
    return UUID(int=(unix_ms << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b)


@lru_cache(maxsize=32_768)
def id_of(raw: bytes) -> UUID:
    """Return the UUID of 16 bytes; while a batch is booked the same ones are asked for again."""
    return UUID(bytes=raw)
