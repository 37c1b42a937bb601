"""Pictures that came as files: decoded only when their header promises a sane size."""

import struct
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

Picture = NDArray[np.uint8]

# A 4 MB file may unpack to a gigabyte; phones make 50 megapixels at most.
PIXELS_MAX = 50_000_000

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_SIZE = struct.Struct(">II")
_PNG_SIZE_AT = 16
_JPEG = b"\xff\xd8"
_OTHERS = (b"RIFF", b"BM", b"II*\0", b"MM\0*")
_FILL = 0xFF
# Start-of-frame markers; C4, C8 and CC in that row mean something else.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers that stand alone, without a length and a body.
_ALONE = frozenset(range(0xD0, 0xD9)) | {0x01}
_SEGMENT = struct.Struct(">BBHBHH")  # marker, length, precision, height, width


def decode_picture(content: bytes) -> Picture:
    """Return a JPEG or PNG as BGR, turned upright; Fault FACE_IMAGE_BROKEN."""
    size = _size(content)
    if size is None or not 0 < size[0] * size[1] <= PIXELS_MAX:
        raise Fault(FaultCode.FACE_IMAGE_BROKEN)
    return _decoded(content)


def _decoded(content: bytes) -> Picture:
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise Fault(FaultCode.FACE_IMAGE_BROKEN) from error
    if image is None:
        raise Fault(FaultCode.FACE_IMAGE_BROKEN)
    return cast("Picture", image)


def any_picture(content: bytes) -> Picture:
    """Return a picture of one's own disk, WebP, BMP and TIFF too; Fault FACE_IMAGE_BROKEN."""
    if not content.startswith(_OTHERS):
        return decode_picture(content)
    return _decoded(content)


def _size(content: bytes) -> tuple[int, int] | None:
    if content.startswith(_PNG) and len(content) >= _PNG_SIZE_AT + _PNG_SIZE.size:
        width, height = _PNG_SIZE.unpack_from(content, _PNG_SIZE_AT)
        return width, height
    return _jpeg_size(content) if content.startswith(_JPEG) else None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    at = len(_JPEG)
    while at + _SEGMENT.size <= len(content):
        fill, marker, length, _precision, height, width = _SEGMENT.unpack_from(content, at)
        if fill != _FILL:
            return None
        if marker in _FRAMES:
            return width, height
        if marker == _FILL:
            at += 1
        else:
            at += 2 if marker in _ALONE else 2 + length
    return None
