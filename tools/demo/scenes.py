"""What the cameras see: an empty counter, a face from a photo, a phone with a code."""

from functools import cache
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from edge_agent.drivers.qr.sim import Look, Picture, jpeg, render

# A person never stands quite still: (shift right, shift down) in pixels, brightness.
SWAY = ((0.0, 0.0, 1.0), (1.5, -0.5, 1.02), (-1.0, 1.0, 0.98), (0.5, 1.5, 1.01), (-1.5, -1.0, 0.99))
# Everything is put into frames of one size, as a camera gives them: FFmpeg stretches a picture of
# another size into that of the first one, and a stretched face is nobody's.
CAMERA_WIDTH, CAMERA_HEIGHT = 1280, 960
COUNTER = (96, 102, 108)


@cache
def empty() -> list[bytes]:
    """Return the counter with nobody before it."""
    return [_as_seen(_counter())]


def of_photo(photo: Path) -> list[bytes]:
    """Return frames of one photo as a camera would see the person sway.

    The pictures differ a little from each other, so that no two votes rest on the same bytes.
    """
    picture = cv2.imdecode(np.fromfile(photo, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError(photo)
    picture = _fitted(cast("Picture", picture))
    frames = []
    for right, down, brightness in SWAY:
        move = np.array([[1, 0, right], [0, 1, down]], np.float32)
        moved = cv2.warpAffine(picture, move, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        lit = cv2.convertScaleAbs(moved, alpha=brightness)
        frames.append(_as_seen(_before_counter(cast("Picture", lit))))
    return frames


def of_code(text: str) -> list[bytes]:
    """Return frames of a phone that shows a code: blurred, turned, in perspective."""
    return [_as_seen(_before_counter(render(text, Look(seed=seed)))) for seed in range(1, 4)]


def _fitted(picture: Picture) -> Picture:
    """Shrink a photo that is larger than the frame."""
    height, width = picture.shape[:2]
    scale = min(1.0, CAMERA_WIDTH / width, CAMERA_HEIGHT / height)
    size = (round(width * scale), round(height * scale))
    return cast("Picture", cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _counter() -> Picture:
    return cast("Picture", np.full((CAMERA_HEIGHT, CAMERA_WIDTH, 3), COUNTER, np.uint8))


def _before_counter(picture: Picture) -> Picture:
    """Put a picture into the middle of the frame."""
    frame = _counter()
    height, width = picture.shape[:2]
    top, left = (CAMERA_HEIGHT - height) // 2, (CAMERA_WIDTH - width) // 2
    frame[top : top + height, left : left + width] = picture
    return frame


def _as_seen(frame: Picture) -> bytes:
    return jpeg(frame, quality=92)
