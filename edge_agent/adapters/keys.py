"""One storage key of the box becomes one key a purpose: a leaked file key opens one file only."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


def derive_key(storage_key: bytes, purpose: str) -> bytes:
    """Return 32 bytes for a purpose: HKDF-SHA256 (RFC 5869) without salt, the purpose as info."""
    if len(storage_key) != KEY_BYTES:
        msg = f"the storage key has {len(storage_key)} bytes, not {KEY_BYTES}"
        raise ValueError(msg)
    hkdf = HKDF(
        algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"regulars/" + purpose.encode()
    )
    return hkdf.derive(storage_key)


def bind_key(key: bytes, board_secret: bytes) -> bytes:
    """Return `key` bound to a board: HKDF-SHA256 with the board's secret as salt."""
    hkdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=board_secret, info=b"regulars/board")
    return hkdf.derive(key)
