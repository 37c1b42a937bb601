"""The detector on one frame of 640 x 480, beside OpenCV's own runner on the same weights."""

import time
from statistics import median

import cv2

from edge_agent.drivers.face_onnx.engine import FaceModels
from edge_agent.drivers.face_onnx.manifest import read_manifest
from tools import build_models
from tools.bench.counter import HEIGHT, WIDTH, on_frame, photo
from tools.bench.report import Row

SCORE, OVERLAP = 0.7, 0.3


def measure_detector(rounds: int) -> Row:
    """Return the median of ours, one thread, with the peer's beside it."""
    frame = on_frame(photo("1"))
    models = FaceModels.load(build_models.MODELS)
    file = build_models.MODELS / read_manifest(build_models.MODELS).models["yunet"].file
    peer = cv2.FaceDetectorYN.create(str(file), "", (WIDTH, HEIGHT), SCORE, OVERLAP)
    cv2.setNumThreads(1)
    ours, theirs = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        models.detector.detect(frame)
        between = time.perf_counter()
        peer.detect(frame)
        ours.append((between - began) * 1_000)
        theirs.append((time.perf_counter() - between) * 1_000)
    ratio = median(ours) / median(theirs)
    told = f"cv2.FaceDetectorYN {median(theirs):.2f} ms, ratio {ratio:.2f}"
    return Row("detector 640×480, one thread p50", median(ours), "ms", None, peer=told)
