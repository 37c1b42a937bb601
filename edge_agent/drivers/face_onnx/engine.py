"""The face engine: detect, pick, align, gate, liveness hint, embed; each stage timed."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.align import align
from edge_agent.drivers.face_onnx.closer import settled
from edge_agent.drivers.face_onnx.embedder import Embedder
from edge_agent.drivers.face_onnx.gates import GateLimits, in_zone, judge, measure, pick, pose_of
from edge_agent.drivers.face_onnx.liveness import Liveness
from edge_agent.drivers.face_onnx.manifest import read_manifest
from edge_agent.drivers.face_onnx.session import Session
from edge_agent.drivers.face_onnx.tilt import tilt_gain
from edge_agent.drivers.face_onnx.yunet import Detector, Face
from edge_agent.ports.face import FaceReading, Points
from retail_core.errors import Fault
from retail_core.identity.face_match import FacePolicy
from retail_core.identity.model_card import ModelCard, Profile, by_role, model_id
from retail_core.texts.faults import FaultCode

CHANNELS = 3


@dataclass(frozen=True, slots=True)
class FaceModels:
    """The loaded nets; several engines with different gates may share them."""

    model_id: str
    policy: FacePolicy
    detector: Detector
    embedder: Embedder
    liveness: Liveness | None

    @classmethod
    def load(
        cls,
        models_dir: Path,
        *,
        liveness: bool = False,
        embedder: Profile = "mobilefacenet",
        cards: Mapping[str, ModelCard] | None = None,
    ) -> "FaceModels":
        """Load what the cards name (those of the manifest when none are given).

        Faults MODEL_MISSING, MODEL_HASH, MODEL_SHAPE. OpenCV is held to one thread from here on: a
        pool for 1 ms of work only makes frames wait.
        """
        cv2.setNumThreads(1)
        known = dict(read_manifest(models_dir).models if cards is None else cards)
        detector_name, detector = by_role(known, "detector")
        hint = None
        if liveness:
            name, card = by_role(known, "liveness")
            hint = Liveness(Session(name, models_dir, card))
        acting = LoadedEmbedder.load(models_dir, embedder, known)
        return cls(
            acting.model_id,
            acting.policy,
            Detector(
                Session(detector_name, models_dir, detector),
                score=detector.thresholds["score"],
                overlap=detector.thresholds["overlap"],
            ),
            acting.embedder,
            hint,
        )


@dataclass(slots=True)
class LoadedEmbedder:
    """An embedder alone: beside the acting one it works on frames whose face is found already."""

    model_id: str
    policy: FacePolicy
    embedder: Embedder

    @classmethod
    def load(
        cls, models_dir: Path, profile: Profile, cards: Mapping[str, ModelCard]
    ) -> "LoadedEmbedder":
        """Load one embedder; Faults MODEL_MISSING, MODEL_HASH, MODEL_SHAPE."""
        name, card = by_role(dict(cards), "embedder", profile)
        if card.policy is None:
            raise Fault(FaultCode.MODEL_MISSING, name=f"{name}: policy")
        embedder = Embedder(Session(name, models_dir, card), profile)
        return cls(model_id(name, card), card.policy, embedder)

    def embed(self, image: NDArray[np.uint8], points: Points) -> NDArray[np.float32]:
        """Return the embedding of the face with these five points."""
        return self.embedder.embed(self.embedder.crop(image, np.array(points, np.float32)))


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
            faces = self._models.detector.detect(image, hasty=self._limits.hasty)
        face = pick(faces, image.shape[1], image.shape[0], self._limits)
        if isinstance(face, Face):
            return self._read_face(image, face, stage_ms)
        box = faces[0].box if faces else None
        quality = {"faces": float(len(faces))}
        return FaceReading(None, face, box=box, quality=quality, stage_ms=stage_ms)

    def count(self, image: NDArray[np.uint8]) -> int:
        """Return how many faces stand in the zone, near enough to be read."""
        if image.ndim != CHANNELS or image.shape[2] != CHANNELS or image.size == 0:
            return 0
        faces = self._models.detector.detect(image, hasty=self._limits.hasty)
        inside = in_zone(faces, image.shape[1], image.shape[0], self._limits)
        return sum(face.box[2] >= self._limits.width_px_min for face in inside)

    def _read_face(
        self, image: NDArray[np.uint8], face: Face, stage_ms: dict[str, float]
    ) -> FaceReading:
        if self._limits.hasty:
            with _timed(stage_ms, "settle"):
                face = settled(self._models.detector, image, face)
        with _timed(stage_ms, "align"):
            crop = align(image, face.points)
            quality = measure(crop, pose_of(face.points))
            quality |= {"width_px": face.box[2], "score": face.score}
        points = tuple((float(x), float(y)) for x, y in face.points)
        refused_by = judge(quality, self._limits)
        most = self._limits.tilt_gain_max
        if refused_by is None and most is not None:
            with _timed(stage_ms, "tilt"):
                quality["tilt_gain"] = tilt_gain(self._models.detector, image, face)
            refused_by = FaultCode.FACE_POSE if quality["tilt_gain"] > most else None
        if refused_by is not None:
            return FaceReading(None, refused_by, face.box, None, quality, stage_ms, points)
        live: float | None = None
        if self._models.liveness is not None:
            with _timed(stage_ms, "liveness"):
                live = self._models.liveness.live(image, face)
        with _timed(stage_ms, "embed"):
            embedder = self._models.embedder
            embedding = embedder.embed(embedder.crop(image, face.points))
        return FaceReading(embedding, None, face.box, live, quality, stage_ms, points)


@contextmanager
def _timed(stage_ms: dict[str, float], stage: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    stage_ms[stage] = (time.perf_counter() - began) * 1000
