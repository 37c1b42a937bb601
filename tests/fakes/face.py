"""A face engine that knows pictures by their key."""

import numpy as np
from numpy.typing import NDArray

from edge_agent.ports.face import FaceReading, Points
from retail_core.texts.faults import FaultCode
from tests.fakes.camera import key_of

CHANNELS = 3
DIMENSION = 8
POINTS = 5


class FakeFaceEngine:
    """Fulfils `FaceEngine`; `readings` says what each picture gives, `crowds` how many stand in it.

    `calls` counts the pictures read, `counts` those in which faces were only counted.
    """

    model_id = "fake@000000000000"

    def __init__(self, readings: dict[int, FaceReading] | None = None) -> None:
        self.readings = readings or {}
        self.crowds: dict[int, int] = {}
        self.calls = 0
        self.counts = 0

    def read(self, image: NDArray[np.uint8]) -> FaceReading:
        self.calls += 1
        if image.ndim != CHANNELS or image.size == 0:
            return FaceReading(None, FaultCode.FACE_IMAGE_BROKEN)
        return self.readings.get(key_of(image), FaceReading(None, FaultCode.FACE_NONE))

    def count(self, image: NDArray[np.uint8]) -> int:
        self.counts += 1
        if image.ndim != CHANNELS or image.size == 0:
            return 0
        reading = self.readings.get(key_of(image))
        return 0 if reading is None else self.crowds.get(key_of(image), 1)


class FakeSecondLook:
    """Fulfils `SecondLook`: `views` says what each picture gives; None for any other."""

    def __init__(self, views: dict[int, NDArray[np.float32]], model_id: str = "fake@1") -> None:
        self.model_id = model_id
        self.views = views

    def embed(self, image: NDArray[np.uint8], points: Points) -> NDArray[np.float32] | None:
        assert len(points) == POINTS
        return self.views.get(key_of(image))


def unit(*values: float) -> NDArray[np.float32]:
    """A vector of length one that begins with these values."""
    vector = np.zeros(DIMENSION, np.float32)
    vector[: len(values)] = values
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def seen(*values: float, liveness: float | None = None) -> FaceReading:
    """A reading of somebody whose embedding begins with these values."""
    return FaceReading(unit(*values), None, (0.0, 0.0, 80.0, 80.0), liveness)
