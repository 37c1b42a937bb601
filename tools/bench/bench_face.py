"""`make bench-face DATA=DIR`: how well faces are told apart, on photos from outside the project.

DIR holds photos and `labels.csv`; the figures are those of `edge-agent evaluate faces`, as rows
with their bars. `--degraded` asks one thing more, in some minutes: does the sharpness gate refuse
what the embedder could not match anyway, and only that? The last photo of each person is made
small, blurred and noisy.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import get_args

import cv2
import numpy as np

from edge_agent.drivers.face_onnx.engine import FaceModels, FaceOnnx
from edge_agent.drivers.face_onnx.gates import GateLimits
from edge_agent.drivers.face_onnx.pictures import decode_picture
from edge_agent.drivers.face_onnx.yunet import Picture
from edge_agent.evaluate.face_photos import Photo
from retail_core.errors import Fault
from retail_core.identity.model_card import Profile
from tools import build_models
from tools.bench.accuracy import report_on, rows_of
from tools.bench.report import Bench, Row

WIDTHS_PX = (60, 90, 150)
BLURS = (0.0, 0.015, 0.03, 0.045, 0.06, 0.08)  # of the face's width
NOISES = (0.0, 4.0)
GOOD, LOST = 0.60, 0.45  # cosine to the person's first photo
NO_GATES = GateLimits(
    width_px_min=0,
    sharpness_min=0,
    grey_mean_min=0,
    grey_mean_max=255,
    grey_deviation_min=0,
    roll_max=180,
    yaw_max=9,
    pitch_min=-9,
    pitch_max=9,
)


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--embedder", choices=get_args(Profile), default="mobilefacenet")
    parser.add_argument("--degraded", action="store_true", help="measure the sharpness gate too")
    given = parser.parse_args()
    if build_models.main(["--quiet"]):
        return 1
    try:
        report = report_on(given.data, given.embedder)
    except Fault as fault:
        print(f"{fault.code} {fault.text('zh')} / {fault.text('en')}", file=sys.stderr)
        return 2
    bench = Bench("face")
    for row in rows_of(report, given.embedder):
        bench.add(row)
    if given.degraded:
        models = FaceModels.load(build_models.MODELS, embedder=given.embedder)
        _degraded(bench, given.data, report.gathered.usable, models)
    return bench.finish()


def _degraded(bench: Bench, folder: Path, photos: Sequence[Photo], models: FaceModels) -> None:
    """Compare the gate's word with what the embedder makes of the same picture."""
    ungated, random = FaceOnnx(models, NO_GATES), np.random.default_rng(1)
    shots: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        shots[photo.person].append(photo)
    matched, sharp = [], []
    for own in (taken for taken in shots.values() if len(taken) > 1):
        image = decode_picture((folder / own[-1].file).read_bytes())
        box, reference = own[-1].at_till.box, own[0].at_till.embedding
        if box is None or reference is None:
            continue
        for width, blur, noise in product(WIDTHS_PX, BLURS, NOISES):
            reading = ungated.read(_spoiled(image, width / box[2], blur * width, noise, random))
            if reading.embedding is not None:
                matched.append(float(reading.embedding @ reference))
                sharp.append(reading.quality["sharpness"])
    scores, quality = np.array(matched), np.array(sharp)
    lost, good = scores < LOST, scores > GOOD
    refused = quality < GateLimits().sharpness_min
    bench.add(Row("spoiled pictures", len(scores), "", better="higher"))
    above = np.mean(quality[good][:, None] > quality[lost][None, :])
    bench.add(Row("sharpness tells good from lost, AUC", float(above), "", None, "higher"))
    bench.add(Row("lost ones the gate refuses", 100 * float(refused[lost].mean()), "%"))
    bench.add(Row("good ones the gate refuses", 100 * float(refused[good].mean()), "%"))


def _spoiled(
    image: Picture, scale: float, blur: float, noise: float, random: np.random.Generator
) -> Picture:
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if blur:
        small = cv2.GaussianBlur(small, (0, 0), blur)
    spoiled = small + random.normal(0, noise, small.shape) if noise else small
    return np.asarray(np.clip(spoiled, 0, 255), np.uint8)


if __name__ == "__main__":
    sys.exit(main())
