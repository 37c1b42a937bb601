"""The shipped pipeline over a folder of photos: at the till, at enrolment, and as a short visit.

A camera sees a visitor more than once. From one photo the other frames are made as the camera of a
counter would: the face with its surroundings, shifted, in other light and with the sensor's noise.
Frames of one photo agree almost always: the vote guards against a passing error, no lookalike.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.engine import FaceModels, FaceOnnx
from edge_agent.drivers.face_onnx.gates import ENROLMENT_GATES
from edge_agent.drivers.face_onnx.pictures import any_picture
from edge_agent.drivers.face_onnx.yunet import Picture
from edge_agent.evaluate.face_folder import Labelled, Labels
from edge_agent.ports.face import FaceReading
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

VISIT_FRAMES = 4
# Three faces wide and no larger than a counter's camera gives.
SURROUNDINGS = 1.0
SIDE_MAX = 640
SHIFT_OF_WIDTH = 0.02
BRIGHTER = 6.0
NOISE = 3.0

Embedding = NDArray[np.float32]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo and what the pipeline made of it; `visit` holds the frames that passed."""

    person: str
    file: str
    at_till: FaceReading
    at_enrolment: FaceReading
    visit: tuple[Embedding, ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Every photo that could be read, and the files that could not.

    `two_names`: one picture given to two people; one label is wrong, so neither is believed.
    """

    photos: tuple[Photo, ...]
    missing: tuple[str, ...]
    unreadable: tuple[str, ...]
    same_picture: tuple[str, ...]
    two_names: tuple[str, ...]

    @property
    def usable(self) -> tuple[Photo, ...]:
        """The photos that gave an embedding at the till."""
        return tuple(photo for photo in self.photos if photo.at_till.embedding is not None)


def gather(folder: Path, labels: Labels, models: FaceModels, progress: Progress) -> Gathered:
    """Run the pipeline over the folder; what cannot be read is told, never raised."""
    pipeline = _Pipeline(models)
    photos: dict[bytes, Photo] = {}
    missing, unreadable, same = list[str](), list[str](), list[str]()
    two_names: dict[bytes, list[str]] = {}
    for done, row in enumerate(labels.rows, 1):
        try:
            content = (folder / row.file).read_bytes()
            fingerprint = sha256(content).digest()
            known = photos.get(fingerprint)
            if known is None:
                photos[fingerprint] = pipeline.run(row, any_picture(content))
            elif known.person == row.identity:
                # One picture twice would be a perfect match of nothing.
                same.append(row.file)
            else:
                two_names.setdefault(fingerprint, [known.file]).append(row.file)
        except OSError:
            missing.append(row.file)
        except Fault:
            unreadable.append(row.file)
        progress(done, len(labels.rows))
    believed = tuple(photo for mark, photo in photos.items() if mark not in two_names)
    doubtful = tuple(dict.fromkeys(file for files in two_names.values() for file in files))
    return Gathered(believed, tuple(missing), tuple(unreadable), tuple(same), doubtful)


class _Pipeline:
    """The same nets behind the till's gates and behind those of enrolment."""

    def __init__(self, models: FaceModels) -> None:
        self._till = FaceOnnx(models)
        self._enrolment = FaceOnnx(models, ENROLMENT_GATES)

    def run(self, row: Labelled, image: Picture) -> Photo:
        at_till = self._till.read(image)
        at_enrolment, visit = at_till, list[Embedding]()
        if at_till.embedding is not None:
            # Its gates are the stricter ones: what the till refuses, it refuses.
            at_enrolment = self._enrolment.read(image)
            visit.append(at_till.embedding)
            readings = (self._till.read(frame) for frame in _moved(image, at_till.box))
            visit += [one.embedding for one in readings if one.embedding is not None]
        return Photo(row.identity, row.file, at_till, at_enrolment, tuple(visit))


def no_face(photo: Photo) -> bool:
    """Tell whether the detector missed the face."""
    return photo.at_till.refused_by is FaultCode.FACE_NONE


def _moved(image: Picture, box: tuple[float, float, float, float] | None) -> list[Picture]:
    random = np.random.default_rng(1)
    view = _view(image, box) if box is not None else image
    height, width = view.shape[:2]
    frames = []
    for _ in range(VISIT_FRAMES - 1):
        x, y = random.uniform(-SHIFT_OF_WIDTH, SHIFT_OF_WIDTH, 2) * width
        shift = np.array([[1, 0, x], [0, 1, y]], np.float32)
        moved = cv2.warpAffine(view, shift, (width, height), borderMode=cv2.BORDER_REPLICATE)
        light = float(random.uniform(-BRIGHTER, BRIGHTER))
        noise = random.normal(size=moved.shape) * NOISE + light
        frames.append(np.asarray(np.clip(moved + noise, 0, 255), np.uint8))
    return frames


def _view(image: Picture, box: tuple[float, float, float, float]) -> Picture:
    left, top, width, height = box
    aside, above = SURROUNDINGS * width, SURROUNDINGS * height
    rows = slice(max(0, int(top - above)), int(top + height + above))
    view = image[rows, max(0, int(left - aside)) : int(left + width + aside)]
    scale = SIDE_MAX / max(view.shape[:2])
    if scale >= 1:
        return view
    return np.asarray(cv2.resize(view, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
