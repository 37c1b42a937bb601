"""Picture files from outside: decoded, or refused before they can do harm."""

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.face_onnx.pictures import decode_picture
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


def encoded(kind: str, width: int = 40, height: int = 30) -> bytes:
    """A real picture file."""
    image = np.full((height, width, 3), (10, 120, 240), np.uint8)
    done, content = cv2.imencode(kind, image)
    assert done
    return content.tobytes()


@pytest.mark.parametrize("kind", [".jpg", ".png"])
def test_jpeg_and_png_come_out_as_bgr(kind: str) -> None:
    image = decode_picture(encoded(kind))
    assert image.shape == (30, 40, 3)
    assert image[15, 20] == pytest.approx((10, 120, 240), abs=4)


def bomb() -> bytes:
    """A PNG of a few bytes that promises 60,000 x 60,000 pixels."""
    content = bytearray(encoded(".png"))
    content[16:24] = struct.pack(">II", 60_000, 60_000)
    return bytes(content)


def jpeg_bomb() -> bytes:
    """A JPEG that promises 65,000 x 65,000 pixels."""
    content = bytearray(encoded(".jpg"))
    start = content.index(b"\xff\xc0")
    content[start + 5 : start + 9] = struct.pack(">HH", 65_000, 65_000)
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xff\xff\xff",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a........................",
        encoded(".bmp"),
        encoded(".jpg")[:60],
        encoded(".jpg")[:30] + b"\x00" * 400,
        encoded(".png")[:40],
        bomb(),
        jpeg_bomb(),
    ],
    ids=lambda content: f"{len(content)} bytes",
)
def test_what_is_no_sane_picture_is_refused(content: bytes) -> None:
    with pytest.raises(Fault) as caught:
        decode_picture(content)
    assert caught.value.code is FaultCode.FACE_IMAGE_BROKEN


def outcome(content: bytes) -> int | FaultCode:
    """How many axes the picture has, or why it is none."""
    try:
        return decode_picture(content).ndim
    except Fault as fault:
        return fault.code


@given(st.data())
def test_a_damaged_file_is_a_picture_or_a_fault_never_a_crash(data: st.DataObject) -> None:
    content = bytearray(encoded(data.draw(st.sampled_from([".jpg", ".png"]))))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    assert outcome(bytes(content[:cut])) in {3, FaultCode.FACE_IMAGE_BROKEN}
