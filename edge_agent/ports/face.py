"""The face engine: detection, quality gates, liveness hint and embedding of one picture."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retail_core.texts.faults import FaultCode


@dataclass(frozen=True, slots=True)
class FaceReading:
    """What one picture gave: an embedding, or the gate that refused it.

    `embedding` is float32, L2-normalised, shape (dimension,); `box` is (x, y, width, height) px.
    `points` of the one face, in picture order: eye left, eye right, nose, mouth left, mouth right.
    """

    embedding: NDArray[np.float32] | None
    refused_by: FaultCode | None
    box: tuple[float, float, float, float] | None = None
    liveness: float | None = None
    quality: dict[str, float] = field(default_factory=dict)
    stage_ms: dict[str, float] = field(default_factory=dict)
    points: tuple[tuple[float, float], ...] | None = None


class FaceEngine(Protocol):
    """Turns a picture into a reading; `model_id` names the embedder and its hash."""

    model_id: str

    def read(self, image: NDArray[np.uint8]) -> FaceReading:
        """Run the pipeline on one BGR picture; never raises for what the picture shows."""
        ...
