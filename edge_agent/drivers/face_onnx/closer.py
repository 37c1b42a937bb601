"""The second look: at one face alone, upright and always of one size, for better points.

A first look at a small copy finds faces, but a pixel of the copy is two or four of the frame, and
the net is best at points of upright faces. Measured in docs/reference/recognition.md. What it is
not good at in such a square is how far a head is turned: gates that ask for that do without.
"""

from dataclasses import replace
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.align import TEMPLATE, similarity
from edge_agent.drivers.face_onnx.session import Tensor
from edge_agent.drivers.face_onnx.yunet import Detector, Face, Picture

SIDE = 128
# Where the five points shall lie: the eyes 28 px apart, the face in the middle.
EYES_APART = 28.0
PLACES = (TEMPLATE - TEMPLATE.mean(axis=0)) * (
    EYES_APART / np.hypot(*(TEMPLATE[1] - TEMPLATE[0]))
) + SIDE / 2
# Sampled one by one, the pixels of a much larger face would flicker: it is shrunk by area first.
PIXELS_A_SAMPLE_MAX = 1.5
# How much of the square, on each side of its middle, is shrunk: its corners, however it is turned.
CORNER = 0.75
Matrix = NDArray[np.float64]


def settled(detector: Detector, image: Picture, face: Face) -> Face:
    """Return the face as the second look shows it; unchanged when that sees none.

    The points are its own; the box is the mean of both, since neither is surer than the other.
    """
    near, back = upright(image, face)
    again = _holding(detector.rows(near), SIDE / 2)
    if again is None:
        return face
    points = again[5:].reshape(5, 2) @ back[:, :2].T + back[:, 2]
    size = again[3:5] * np.hypot(back[0, 0], back[1, 0])
    corner = back @ (*(again[1:3] + again[3:5] / 2), 1.0) - size / 2
    again_box = np.concatenate((corner, size))
    x, y, width, height = ((again_box + face.box) / 2).tolist()
    return replace(face, box=(x, y, width, height), points=points.astype(np.float32))


def upright(image: Picture, face: Face) -> tuple[Picture, Matrix]:
    """Cut out the square of the second look; also return its way back, a 2x3 matrix."""
    back = similarity(PLACES.astype(np.float32), face.points.astype(np.float64))
    pixels = float(np.hypot(back[0, 0], back[1, 0]))
    there = back
    if pixels > PIXELS_A_SAMPLE_MAX:
        middle = back @ (SIDE / 2, SIDE / 2, 1.0)
        image, there = _shrunk(image, back, middle, pixels)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    near = cv2.warpAffine(image, there, (SIDE, SIDE), flags=flags)
    return cast("Picture", near), back


def _shrunk(image: Picture, back: Matrix, middle: Matrix, pixels: float) -> tuple[Picture, Matrix]:
    """Return the part that the square needs, smaller, and the way back into that."""
    times = max(2, int(pixels))
    reach = pixels * SIDE * CORNER
    sides = np.array(image.shape[1::-1])
    low = np.clip(middle - reach, 0, np.maximum(sides - times, 0)).astype(int)
    size = np.clip((np.minimum(middle + reach, sides) - low) // times, 1, None).astype(int)
    high = low + size * times
    part = image[low[1] : high[1], low[0] : high[0]]
    # By whole times: OpenCV takes the mean of 2 x 2 pixels ten times faster than of 1.4 x 1.4.
    small = cv2.resize(part, size.tolist(), interpolation=cv2.INTER_AREA)
    moved = back.copy()
    moved[:, 2] -= low
    # The middle of a pixel stays the middle of a pixel: hence the half.
    moved /= times
    moved[:, 2] -= (1 - 1 / times) / 2
    return cast("Picture", small), moved


def _holding(rows: Tensor, middle: float) -> Tensor | None:
    """Return the surest row whose box holds the middle of the square."""
    low, high = rows[:, 1:3], rows[:, 1:3] + rows[:, 3:5]
    there = rows[((low <= middle) & (middle <= high)).all(axis=1)]
    return there[there[:, 0].argmax()] if len(there) else None
