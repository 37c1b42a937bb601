"""The face engine: detection, quality gates, liveness hint and embedding of one picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from edge_agent.ports.arrays import Float32s, UInt8s
from retail_core.texts.faults import FaultCode

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class FaceReading:
    """What one picture gave: an embedding, or the gate that refused it.

    `embedding` is float32, L2-normalised, shape (dimension,); `box` is (x, y, width, height) px.
    `points` of the one face, in picture order: eye left, eye right, nose, mouth left, mouth right.
    `fields` is what the refusal's text names, where no gate but the engine itself refuses.
    """

    embedding: Float32s | None
    refused_by: FaultCode | None
    box: tuple[float, float, float, float] | None = None
    liveness: float | None = None
    quality: dict[str, float] = field(default_factory=dict)
    stage_ms: dict[str, float] = field(default_factory=dict)
    points: Points | None = None
    fields: Mapping[str, object] = field(default_factory=dict)


class FaceEngine(Protocol):
    """Turns a picture into a reading; `model_id` names the embedder and its hash."""

    model_id: str

    def read(self, image: UInt8s) -> FaceReading:
        """Run the pipeline on one BGR picture; never raises for what the picture shows."""
        ...

    def count(self, image: UInt8s) -> int:
        """Return how many faces stand in the zone, near enough to be read; 0 where none may be.

        Nothing is computed of any of them.
        """
        ...


class SecondLook(Protocol):
    """Another embedder, beside the acting one, for faces that were found already."""

    model_id: str

    def embed(self, image: UInt8s, points: Points) -> Float32s | None:
        """Return the embedding of the face with these five points; None while it cannot."""
        ...
