"""The one door to the embedder: shut while the shop may not, and what comes out is turned.

Everything behind this door (vote, gallery, enrolment) sees rotated embeddings only, and nothing is
computed from a picture while HQ has not enabled faces for this shop.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from edge_agent.ports.arrays import UInt8s
from edge_agent.ports.face import FaceEngine, FaceReading
from edge_agent.recognition.rotation import Rotation
from retail_core.texts.faults import FaultCode


@dataclass(slots=True)
class GuardedEngine:
    """A `FaceEngine` around another; `allowed` is asked before every picture."""

    inner: FaceEngine
    rotation: Rotation
    allowed: Callable[[], bool]
    model_id: str = ""

    def __post_init__(self) -> None:
        """Speak in the name of the engine inside."""
        self.model_id = self.inner.model_id

    def read(self, image: UInt8s) -> FaceReading:
        """Run the pipeline where it is allowed; R110 otherwise, without a look at the picture."""
        if not self.allowed():
            return FaceReading(None, FaultCode.FACE_DISABLED)
        reading = self.inner.read(image)
        if reading.embedding is None:
            return reading
        return replace(reading, embedding=self.rotation.turn(reading.embedding))

    def count(self, image: UInt8s) -> int:
        """Count faces where that is allowed; 0 otherwise, without a look at the picture."""
        return self.inner.count(image) if self.allowed() else 0
