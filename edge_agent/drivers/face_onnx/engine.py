"""The face engine: detect, pick, align, gate, liveness hint, embed; each stage timed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.align import align
from edge_agent.drivers.face_onnx.embedder import Embedder
from edge_agent.drivers.face_onnx.gates import GateLimits, judge, measure, pick, pose_of
from edge_agent.drivers.face_onnx.liveness import Liveness
from edge_agent.drivers.face_onnx.manifest import model_id, read_manifest
from edge_agent.drivers.face_onnx.session import Session
from edge_agent.drivers.face_onnx.yunet import Detector, Face
from edge_agent.ports.face import FaceReading
from retail_core.texts.faults import FaultCode

CHANNELS = 3


@dataclass(frozen=True, slots=True)
class FaceModels:
    """The loaded nets; several engines with different gates may share them."""

    model_id: str
    detector: Detector
    embedder: Embedder
    liveness: Liveness | None

    @classmethod
    def load(cls, models_dir: Path, *, liveness: bool = False) -> "FaceModels":
        """Load what the manifest names; Faults MODEL_MISSING, MODEL_HASH, MODEL_SHAPE.

        OpenCV is held to one thread from here on: a pool for 1 ms of work only makes frames wait.
        """
        cv2.setNumThreads(1)
        manifest = read_manifest(models_dir)
        detector_name, detector = manifest.by_role("detector")
        embedder_name, embedder = manifest.by_role("embedder")
        hint = None
        if liveness:
            name, model = manifest.by_role("liveness")
            hint = Liveness(Session(name, models_dir, model))
        return cls(
            model_id(embedder_name, embedder),
            Detector(
                Session(detector_name, models_dir, detector),
                score=detector.thresholds["score"],
                overlap=detector.thresholds["overlap"],
            ),
            Embedder(Session(embedder_name, models_dir, embedder)),
            hint,
        )


class FaceOnnx:
    """The FaceEngine port; usable from several threads."""

    def __init__(self, models: FaceModels, limits: GateLimits | None = None) -> None:
        self.model_id = models.model_id
        self._models = models
        self._limits = limits or GateLimits()

    def read(self, image: NDArray[np.uint8]) -> FaceReading:
        """Run the pipeline on one BGR picture; never raises for what the picture shows."""
        if image.ndim != CHANNELS or image.shape[2] != CHANNELS or image.size == 0:
            return FaceReading(None, FaultCode.FACE_IMAGE_BROKEN)
        stage_ms: dict[str, float] = {}
        with _timed(stage_ms, "detect"):
            faces = self._models.detector.detect(image)
        face = pick(faces, image.shape[1], image.shape[0], self._limits)
        if isinstance(face, Face):
            return self._read_face(image, face, stage_ms)
        box = faces[0].box if faces else None
        quality = {"faces": float(len(faces))}
        return FaceReading(None, face, box=box, quality=quality, stage_ms=stage_ms)

    def _read_face(
        self, image: NDArray[np.uint8], face: Face, stage_ms: dict[str, float]
    ) -> FaceReading:
        with _timed(stage_ms, "align"):
            crop = align(image, face.points)
            quality = measure(crop, pose_of(face.points))
            quality |= {"width_px": face.box[2], "score": face.score}
        points = tuple((float(x), float(y)) for x, y in face.points)
        refused_by = judge(quality, self._limits)
        if refused_by is not None:
            return FaceReading(None, refused_by, face.box, None, quality, stage_ms, points)
        live: float | None = None
        if self._models.liveness is not None:
            with _timed(stage_ms, "liveness"):
                live = self._models.liveness.live(image, face)
        with _timed(stage_ms, "embed"):
            embedding = self._models.embedder.embed(crop)
        return FaceReading(embedding, None, face.box, live, quality, stage_ms, points)


@contextmanager
def _timed(stage_ms: dict[str, float], stage: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    stage_ms[stage] = (time.perf_counter() - began) * 1000
