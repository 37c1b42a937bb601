"""PNG files of at most 256 colours: a screen has few, and its picture gets a third as large."""

import struct
import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

COLOURS = 256
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def with_palette(png: bytes) -> bytes:
    """Return the same picture with a palette."""
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError("not a picture")
    colours, index = _quantised(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8))
    height, width = index.shape
    rows = np.zeros((height, width + 1), np.uint8)
    rows[:, 1:] = index
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (
        _chunk(b"IHDR", header),
        _chunk(b"PLTE", colours.astype(np.uint8).tobytes()),
        _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
        _chunk(b"IEND", b""),
    )
    return _SIGNATURE + b"".join(chunks)


def _quantised(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the palette and each pixel's place in it; rare shades give way to near ones."""
    flat = pixels.reshape(-1, 3)
    common, whole = np.unique(flat, axis=0, return_counts=True)
    kept = common[np.argsort(-whole)[:COLOURS]]
    packed = flat.astype(np.uint32) @ np.array([65_536, 256, 1], np.uint32)
    shades = common.astype(np.uint32) @ np.array([65_536, 256, 1], np.uint32)
    far = np.abs(common[:, None, :].astype(np.int32) - kept[None, :, :]).sum(axis=2)
    nearest = far.argmin(axis=1).astype(np.uint8)
    places = nearest[np.searchsorted(shades, packed)]
    return kept, places.reshape(pixels.shape[:2])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
