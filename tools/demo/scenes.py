"""What the cameras see: an empty counter, a face from a photo, a phone with a code."""

from functools import cache
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from edge_agent.drivers.qr.sim import FRAME_HEIGHT, FRAME_WIDTH, Look, Picture, jpeg, render

# A person never stands quite still: (shift right, shift down) in pixels, brightness.
SWAY = ((0.0, 0.0, 1.0), (1.5, -0.5, 1.02), (-1.0, 1.0, 0.98), (0.5, 1.5, 1.01), (-1.5, -1.0, 0.99))
# A photo of a whole person needs what a 960p camera sees of her.
CAMERA_SIDE = 1280
COUNTER = (96, 102, 108)


@cache
def empty() -> list[bytes]:
    """Return the counter with nobody before it."""
    grey = np.full((FRAME_HEIGHT, FRAME_WIDTH, 3), COUNTER, np.uint8)
    return [jpeg(cast("Picture", grey))]


def of_photo(photo: Path) -> list[bytes]:
    """Return frames of one photo as a camera would see the person sway.

    The pictures differ a little from each other, so that no two votes rest on the same bytes.
    """
    picture = cv2.imdecode(np.fromfile(photo, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError(photo)
    height, width = picture.shape[:2]
    scale = min(1.0, CAMERA_SIDE / max(height, width))
    size = (round(width * scale), round(height * scale))
    frames = []
    for right, down, brightness in SWAY:
        move = np.array([[scale, 0, right], [0, scale, down]], np.float32)
        seen = cv2.warpAffine(
            picture, move, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
        )
        lit = cv2.convertScaleAbs(seen, alpha=brightness)
        frames.append(jpeg(cast("Picture", lit), quality=92))
    return frames


def of_code(text: str) -> list[bytes]:
    """Return frames of a phone that shows a code: blurred, turned, in perspective."""
    return [jpeg(render(text, Look(seed=seed))) for seed in range(1, 4)]
