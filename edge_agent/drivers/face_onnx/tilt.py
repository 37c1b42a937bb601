"""Whether a head is tilted more than its landmarks admit.

The detector draws the points of a head that leans 30° to 50° as if it stood upright: the roll gate
sees nothing and the template is useless. It is surer of a face that stands upright, though: if
turning the picture a little raises its score, the head leans. Measured on 26 photos: none upright
is called leaning, one of 52 at 10°, a third at 20°, every one from 35° on.
"""

from typing import cast

import cv2
import numpy as np

from edge_agent.drivers.face_onnx.yunet import Detector, Face, Picture

TURNED_BY = 30.0
# Around the face as much again, so that no corner of it leaves the picture.
AROUND = 1.0
GREY = (120, 120, 120)


def tilt_gain(detector: Detector, image: Picture, face: Face) -> float:
    """Return by how much the detector's score rises when the picture is turned; below 0: not."""
    near, centre = _near(image, face)
    scores: list[float] = []
    for degrees in (-TURNED_BY, TURNED_BY):
        turn = cv2.getRotationMatrix2D(centre, degrees, 1.0)
        size = (near.shape[1], near.shape[0])
        turned = cast("Picture", cv2.warpAffine(near, turn, size, borderValue=GREY))
        scores.extend(found.score for found in detector.detect(turned)[:1])
    upright = max((found.score for found in detector.detect(near)), default=face.score)
    return max(scores, default=0.0) - upright


def _near(image: Picture, face: Face) -> tuple[Picture, tuple[float, float]]:
    x, y, width, height = face.box
    left, top = max(0, int(x - AROUND * width)), max(0, int(y - AROUND * height))
    right, bottom = int(x + (1 + AROUND) * width), int(y + (1 + AROUND) * height)
    near = np.ascontiguousarray(image[top:bottom, left:right])
    return near, (x + width / 2 - left, y + height / 2 - top)
