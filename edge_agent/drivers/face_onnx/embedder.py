"""The embedders: an aligned crop in, a vector of length one out; cosine is a dot product.

Each net was trained on crops of its own: another template for the five points, another order of
colours, another scale of pixels. A wrong one raises nothing, it only costs accuracy.
"""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.align import TEMPLATE, similarity
from edge_agent.drivers.face_onnx.session import Session, Tensor
from edge_agent.drivers.face_onnx.yunet import Picture, Points
from retail_core.identity.model_card import Profile


@dataclass(frozen=True, slots=True)
class Feeding:
    """How a net wants its crop: side in pixels, where the points lie, value = (pixel - o) / s."""

    side: int
    template: NDArray[np.float64]
    rgb: bool
    offset: float
    scale: float


# dlib's own crops come from 68 points; here is where YuNet's five lie in them, measured.
DLIB_TEMPLATE = np.array(
    [(47.87, 48.12), (109.50, 49.32), (79.42, 79.72), (49.98, 103.96), (103.83, 104.35)],
    dtype=np.float64,
)
FEEDING: dict[Profile, Feeding] = {
    "mobilefacenet": Feeding(112, TEMPLATE, rgb=False, offset=127.0, scale=128.0),
    # Means and scale of its pixels are inside the graph.
    "dlib": Feeding(150, DLIB_TEMPLATE, rgb=True, offset=0.0, scale=1.0),
}


class Embedder:
    """One net with its way of feeding; vectors are float32, L2-normalised.

    dlib's net is meant for Euclidean distances of vectors about 1.4 long; on the evaluation set the
    cosine of the same vectors tells people apart no worse (docs/reference/recognition.md).
    """

    def __init__(self, session: Session, profile: Profile) -> None:
        self._session = session
        self._feeding = FEEDING[profile]

    def crop(self, image: Picture, points: Points) -> Picture:
        """Cut the net's own view of a face out of a BGR picture."""
        side = self._feeding.side
        matrix = similarity(points, self._feeding.template)
        return cast("Picture", cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR))

    def embed(self, crop: Picture) -> Tensor:
        """Return the embedding of an aligned BGR crop."""
        feeding = self._feeding
        mean = (feeding.offset, feeding.offset, feeding.offset)
        blob = cv2.dnn.blobFromImage(crop, 1 / feeding.scale, mean=mean, swapRB=feeding.rgb)
        raw = next(iter(self._session.run(cast("Tensor", blob)).values())).reshape(-1)
        length = float(np.linalg.norm(raw))
        return np.asarray(raw / max(length, 1e-9), dtype=np.float32)
