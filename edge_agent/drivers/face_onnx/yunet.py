"""The YuNet detector: anchor-free, five landmarks, three strides."""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.session import Session, Tensor

STRIDES = (8, 16, 32)
SIDE_MULTIPLE = 32
# Detecting costs by the pixel. At 480 a face 60 px wide in a 1280 px frame is still found and its
# points are good enough (docs/reference/recognition.md); larger frames are shrunk no further.
SIDE = 480
SHRINK_MIN = 0.375
# A face wider than some 500 pixels of a copy is not found: beside a copy larger than this, which
# only a photo has and no camera's frame, one of 480 is searched too.
LARGE_COPY = 960
CANDIDATES_MAX = 400
# In haste 320 are searched. A face 20 px wide in the copy is missed once in sixty, a smaller one
# often: that is enough beside a face of 50 px, since one 0.4 times as wide is a rival.
HASTY_SIDE = 320
HASTY_WIDTH_MIN = 50.0

Picture = NDArray[np.uint8]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Face:
    """A face in picture coordinates.

    `box` is (x, y, width, height); `points` has shape (5, 2): the eye on the picture's left, the
    eye on its right, nose, mouth corner left, mouth corner right.
    """

    box: tuple[float, float, float, float]
    points: Points
    score: float


class Detector:
    """Finds faces in a BGR picture, working on a smaller copy."""

    def __init__(self, session: Session, *, score: float, overlap: float) -> None:
        self._session = session
        self._score = score
        self._overlap = overlap

    def detect(self, image: Picture, *, hasty: bool = False) -> list[Face]:
        """Return faces, widest first; `hasty` looks closely only where a glance is not enough."""
        shrink = _shrink(image, SIDE)
        glance = _shrink(image, HASTY_SIDE)
        if hasty and glance < shrink:
            faces = self._found(image, glance)
            if faces and faces[0].box[2] * glance >= HASTY_WIDTH_MIN:
                return faces
        longest = max(image.shape[:2])
        if longest * shrink > LARGE_COPY:
            return self._found(image, shrink, SIDE / longest)
        return self._found(image, shrink)

    def rows(self, image: Picture) -> Tensor:
        """Return what the net sees in the picture as it is, as `decode` gives it."""
        return decode(self._session.run(_blob(image)), _padded(image.shape[1]), self._score)

    def _found(self, image: Picture, *shrinks: float) -> list[Face]:
        looks = [self._look(image, shrink) for shrink in shrinks]
        faces = [_face(row) for row in suppress(np.concatenate(looks), self._overlap)]
        return sorted(faces, key=lambda face: face.box[2], reverse=True)

    def _look(self, image: Picture, shrink: float) -> Tensor:
        rows = self.rows(_smaller(image, shrink))
        rows[:, 1:] /= shrink
        return rows


def _shrink(image: Picture, side: int) -> float:
    longest: int = max(image.shape[:2])
    return min(1.0, max(side / longest, SHRINK_MIN))


def _smaller(image: Picture, shrink: float) -> Picture:
    if shrink >= 1:
        return image
    size = (max(1, round(image.shape[1] * shrink)), max(1, round(image.shape[0] * shrink)))
    return cast("Picture", cv2.resize(image, size, interpolation=cv2.INTER_LINEAR))


def _padded(side: int) -> int:
    return -(-side // SIDE_MULTIPLE) * SIDE_MULTIPLE


def _blob(image: Picture) -> Tensor:
    height, width = image.shape[:2]
    below, right = _padded(height) - height, _padded(width) - width
    if below or right:
        padded = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(0, 0, 0))
        image = cast("Picture", padded)
    return cast("Tensor", cv2.dnn.blobFromImage(image))


def decode(outputs: dict[str, Tensor], width: int, score_min: float) -> Tensor:
    """Turn the net's outputs into rows (score, x, y, w, h, 5 x (x, y)); `width` is the padded one.

    score = sqrt(cls * obj); centre = (column + dx, row + dy) * stride; size = exp(d) * stride;
    landmark = (column + kx, row + ky) * stride.
    """
    found = []
    for stride in STRIDES:
        scores = np.sqrt(outputs[f"cls_{stride}"][0, :, 0] * outputs[f"obj_{stride}"][0, :, 0])
        index = np.flatnonzero(scores >= score_min)
        if index.size == 0:
            continue
        columns = width // stride
        cell = np.stack((index % columns, index // columns), axis=1).astype(np.float32)
        box = outputs[f"bbox_{stride}"][0, index]
        centre = (cell + box[:, :2]) * stride
        size = np.exp(box[:, 2:]) * stride
        points = outputs[f"kps_{stride}"][0, index].reshape(-1, 5, 2)
        points = (points + cell[:, None]) * stride
        parts = (scores[index, None], centre - size / 2, size, points.reshape(-1, 10))
        found.append(np.concatenate(parts, axis=1))
    rows = np.concatenate(found) if found else np.zeros((0, 15))
    return np.ascontiguousarray(rows, dtype=np.float32)


def suppress(rows: Tensor, overlap_max: float) -> Tensor:
    """Keep the best-scored row of each heap of overlapping boxes (greedy, by IoU)."""
    rows = rows[np.argsort(-rows[:, 0], kind="stable")][:CANDIDATES_MAX]
    kept = []
    while rows.size:
        best, rows = rows[0], rows[1:]
        kept.append(best)
        rows = rows[_overlap(best, rows) <= overlap_max]
    return np.array(kept, dtype=np.float32).reshape(-1, 15)


def _overlap(one: Tensor, many: Tensor) -> Tensor:
    low = np.maximum(one[1:3], many[:, 1:3])
    high = np.minimum(one[1:3] + one[3:5], many[:, 1:3] + many[:, 3:5])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    area = np.prod(one[3:5]) + np.prod(many[:, 3:5], axis=1) - shared
    return np.asarray(shared / np.maximum(area, 1e-6), dtype=np.float32)


def _face(row: Tensor) -> Face:
    return Face(_box(row[1:5]), row[5:].reshape(5, 2).copy(), float(row[0]))


def _box(sides: NDArray[np.floating]) -> tuple[float, float, float, float]:
    x, y, width, height = sides.tolist()
    return x, y, width, height
