"""The embedder: a 112 x 112 crop in, a vector of length one out; cosine is a dot product."""

from typing import cast

import cv2
import numpy as np

from edge_agent.drivers.face_onnx.session import Session, Tensor
from edge_agent.drivers.face_onnx.yunet import Picture

# The net was trained on BGR, (pixel - 127) / 128; feeding RGB costs accuracy without a sound.
OFFSET, SCALE = 127.0, 128.0


class Embedder:
    """MobileFaceNet; output shape (512,), float32, L2-normalised."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def embed(self, crop: Picture) -> Tensor:
        """Return the embedding of an aligned BGR crop."""
        blob = cv2.dnn.blobFromImage(crop, 1 / SCALE, mean=(OFFSET, OFFSET, OFFSET))
        raw = next(iter(self._session.run(cast("Tensor", blob)).values())).reshape(-1)
        length = float(np.linalg.norm(raw))
        return np.asarray(raw / max(length, 1e-9), dtype=np.float32)
