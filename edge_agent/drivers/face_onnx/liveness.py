"""A hint whether a living face is in view; weak, so it only ever asks for another factor."""

from typing import cast

import cv2
import numpy as np

from edge_agent.drivers.face_onnx.session import Session, Tensor
from edge_agent.drivers.face_onnx.yunet import Face, Picture

SIDE = 128
# The net judges by the surroundings of a face too: paper edges, a phone's frame.
SURROUNDINGS = 2.7
LIVE_CLASS = 0


class Liveness:
    """MiniFASNet type: classes live, print, screen."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def live(self, image: Picture, face: Face) -> float:
        """Return the probability, by the net's word, that the face is live."""
        x, y, width, height = surroundings(face.box, image.shape[1], image.shape[0])
        crop = cv2.resize(image[y : y + height, x : x + width], (SIDE, SIDE))
        blob = cast("Tensor", cv2.dnn.blobFromImage(crop))
        logits = next(iter(self._session.run(blob).values()))[0]
        odds = np.exp(logits - logits.max())
        return float(odds[LIVE_CLASS] / odds.sum())


def surroundings(
    box: tuple[float, float, float, float], frame_width: int, frame_height: int
) -> tuple[int, int, int, int]:
    """Enlarge a box 2.7 times, less where the frame is too small, and shift it back inside."""
    x, y, width, height = box
    factor = min(SURROUNDINGS, (frame_width - 1) / width, (frame_height - 1) / height)
    wide, high = width * factor, height * factor
    left = min(max(x + width / 2 - wide / 2, 0.0), frame_width - 1 - wide)
    top = min(max(y + height / 2 - high / 2, 0.0), frame_height - 1 - high)
    return int(left), int(top), max(1, int(wide) + 1), max(1, int(high) + 1)
