"""Up-frames of several events travel compressed: two bytes of marker, then one zstd frame.

`0xC1` is the one byte that msgpack never uses, so no plain frame can begin with it; the byte after
it says how the rest is packed. What a frame would grow to is read from its header and refused
before a byte of it is unpacked.
"""

import zstandard

from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PACKING_NONE = 0
PACKING_ZSTD = 1
NEWEST_PACKING = PACKING_ZSTD
_MARK = 0xC1
_ZSTD_MARK = bytes((_MARK, PACKING_ZSTD))
# Higher levels cost a Pi four times as much for three per cent fewer bytes.
_LEVEL = 3
_WINDOW_BYTES_MAX = 1 << (limits.FRAME_BYTES_MAX - 1).bit_length()


def packed(plain: bytes, events: int, packing: int) -> bytes:
    """Return a frame as it travels to a peer that reads `packing`: plain while it is short."""
    if packing < PACKING_ZSTD or events < limits.FRAME_ZSTD_FROM_EVENTS:
        return plain
    squeezed = _ZSTD_MARK + zstandard.ZstdCompressor(level=_LEVEL).compress(plain)
    return squeezed if len(squeezed) < len(plain) else plain


def is_packed(payload: bytes) -> bool:
    """Return whether a frame travels packed, which it does from `FRAME_ZSTD_FROM_EVENTS` on."""
    return payload.startswith(_ZSTD_MARK)


def unpacked(payload: bytes) -> bytes:
    """Return the plain bytes of a frame.

    Raises Fault WIRE_TOO_LARGE for more than a frame may hold, packed or not, WIRE_VERSION for a
    packing of a newer peer, WIRE_MALFORMED for anything else that cannot be unpacked.
    """
    if not payload or payload[0] != _MARK:
        return payload
    if len(payload) > limits.FRAME_BYTES_MAX:
        raise Fault(FaultCode.WIRE_TOO_LARGE, limit=limits.FRAME_BYTES_MAX)
    if not is_packed(payload):
        raise Fault(FaultCode.WIRE_VERSION, version=f"packing {payload[1:2].hex()}")
    return _inflated(payload[len(_ZSTD_MARK) :])


def _inflated(squeezed: bytes) -> bytes:
    try:
        size = zstandard.frame_content_size(squeezed)
        if size > limits.FRAME_BYTES_MAX:
            raise Fault(FaultCode.WIRE_TOO_LARGE, limit=limits.FRAME_BYTES_MAX)
        if size <= 0:
            raise Fault(FaultCode.WIRE_MALFORMED, detail="a packed frame says its size")
        reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES_MAX)
        return reader.decompress(squeezed, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Fault(FaultCode.WIRE_MALFORMED, detail=str(error)) from error
