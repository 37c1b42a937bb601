"""`make bench-face DATA=DIR`: how well faces are told apart, on photos from outside the project.

DIR holds photos and `labels.csv` with the columns `file` and `identity`. Nothing of it is kept.
Three questions: are faces found and let through the gates; how far apart are one person's photos
and two persons' (true and false match rates); and what happens at a till: everybody with two photos
is enrolled with all but the last, the last one comes to the till, and each person comes once more
as a stranger, with their own templates taken away.

`--degraded` asks a fourth, in some minutes: does the sharpness gate refuse what the embedder could
not match anyway, and only that? The last photo of each person is made small, blurred and noisy.
"""

import argparse
import csv
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import get_args
from uuid import UUID

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.engine import FaceModels, FaceOnnx
from edge_agent.drivers.face_onnx.gates import ENROLMENT_GATES, GateLimits
from edge_agent.drivers.face_onnx.pictures import decode_picture
from edge_agent.drivers.face_onnx.yunet import Picture
from edge_agent.ports.face import FaceReading
from edge_agent.ports.gallery_store import Template
from edge_agent.recognition.enrol import lookalike, plan_enrolment
from edge_agent.recognition.faces import LIVE_MIN
from edge_agent.recognition.gallery import Gallery
from retail_core.errors import Fault
from retail_core.identity.face_match import Accept, Ask, Decision, FacePolicy, decide, threshold_for
from retail_core.identity.model_card import Profile
from retail_core.texts.faults import FaultCode
from tools import build_models
from tools.bench.report import Bench, Row

FMRS = (1e-2, 1e-3)
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


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo and what the two gates made of it: at the till and at enrolment."""

    person: str
    file: str
    at_till: FaceReading
    at_enrolment: FaceReading


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--embedder", choices=get_args(Profile), default="mobilefacenet")
    parser.add_argument("--degraded", action="store_true", help="measure the sharpness gate too")
    given = parser.parse_args()
    folder = given.data
    if not (folder / "labels.csv").is_file():
        print("DATA=DIR is needed: a folder with photos and labels.csv", file=sys.stderr)
        return 2
    if build_models.main(["--quiet"]):
        return 1
    photos = read_photos(folder, given.embedder)
    bench = Bench("face")
    _gates(bench, photos)
    _pairs(bench, photos)
    models = FaceModels.load(build_models.MODELS, embedder=given.embedder)
    _till(bench, photos, models)
    if given.degraded:
        _degraded(bench, folder, photos, models)
    return bench.finish()


def read_photos(folder: Path, embedder: Profile) -> list[Photo]:
    """Run both pipelines over the folder."""
    models = FaceModels.load(build_models.MODELS, liveness=True, embedder=embedder)
    at_till, at_enrolment = FaceOnnx(models), FaceOnnx(models, ENROLMENT_GATES)
    photos = []
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            try:
                image = decode_picture((folder / row["file"]).read_bytes())
            except Fault:
                broken = FaceReading(None, FaultCode.FACE_IMAGE_BROKEN)
                photos.append(Photo(row["identity"], row["file"], broken, broken))
                continue
            readings = (at_till.read(image), at_enrolment.read(image))
            photos.append(Photo(row["identity"], row["file"], *readings))
    return photos


def _gates(bench: Bench, photos: list[Photo]) -> None:
    bench.add(Row("photos", len(photos), "", better="higher"))
    bench.add(Row("people", len({photo.person for photo in photos}), "", better="higher"))
    missed = sum(photo.at_till.refused_by is FaultCode.FACE_NONE for photo in photos)
    bench.add(Row("no face found", missed, "photos", 0))
    for where in ("at_till", "at_enrolment"):
        refused = Counter(getattr(photo, where).refused_by for photo in photos)
        codes = {code: count for code, count in refused.items() if code is not None}
        told = ", ".join(f"{code.value} {count}" for code, count in codes.items())
        bench.add(
            Row(f"refused {where.replace('_', ' ')}", sum(codes.values()), "photos", peer=told)
        )
    live = [p.at_till.liveness for p in photos if p.at_till.liveness is not None]
    if live:
        asked = 100 * sum(value < LIVE_MIN for value in live) / len(live)
        bench.add(Row("real photos the liveness hint would ask about", asked, "%"))


def _pairs(bench: Bench, photos: list[Photo]) -> None:
    used = [photo for photo in photos if photo.at_till.embedding is not None]
    vectors = np.stack([p.at_till.embedding for p in used if p.at_till.embedding is not None])
    people = np.array([photo.person for photo in used])
    scores = vectors @ vectors.T
    pair = np.triu(np.ones(scores.shape, bool), 1)
    same = people[:, None] == people[None, :]
    genuine, impostor = np.sort(scores[pair & same]), np.sort(scores[pair & ~same])
    bench.add(Row("pairs of one person", len(genuine), "", better="higher"))
    bench.add(Row("pairs of two people", len(impostor), "", better="higher"))
    bench.add(Row("equal error rate", 100 * _equal_error(genuine, impostor), "%"))
    for fmr in FMRS:
        threshold = float(impostor[-max(1, int(len(impostor) * fmr))])
        tar = 100 * float(np.mean(genuine > threshold))
        bench.add(
            Row(f"true matches at FMR {fmr:g} (cosine {threshold:.3f})", tar, "%", None, "higher")
        )
    bench.add(Row("farthest pair of one person", float(genuine[0]), "cosine", better="higher"))
    bench.add(Row("nearest pair of two people", float(impostor[-1]), "cosine"))


def _equal_error(genuine: NDArray[np.float32], impostor: NDArray[np.float32]) -> float:
    thresholds = np.concatenate((genuine, impostor))
    missed = np.searchsorted(genuine, thresholds) / len(genuine)
    passed = 1 - np.searchsorted(impostor, thresholds) / len(impostor)
    return float(np.min(np.maximum(missed, passed)))


def _till(bench: Bench, photos: list[Photo], models: FaceModels) -> None:
    """Enrol as the product does, then let everybody come to the till."""
    policy, model_id = models.policy, models.model_id
    by_person: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        by_person[photo.person].append(photo)
    regulars = {person: shots for person, shots in by_person.items() if len(shots) > 1}
    gallery, ids, warned = Gallery(model_id), dict[str, UUID](), 0
    for number, (person, shots) in enumerate(by_person.items(), 1):
        ids[person] = UUID(int=number)
        readings = [shot.at_enrolment for shot in (shots[:-1] or shots)]
        plan = plan_enrolment(readings, gallery, policy)
        warned += lookalike(plan.templates, gallery, policy) is not None
        for vector in plan.templates:
            gallery.add(Template(UUID(int=len(gallery)), ids[person], model_id, vector))
    threshold = threshold_for(gallery.members, policy.target_fpir_permille, policy)
    bench.add(Row(f"shipped threshold for {gallery.members} members", threshold, "cosine"))
    bench.add(Row("enrolments warned of a lookalike", warned, "people"))
    outcomes = Counter[str]()
    for person, shots in regulars.items():
        outcome = _outcome(_judged(gallery, shots[-1], policy), ids[person])
        outcomes[outcome] += 1
        if outcome != "right":
            print(f"{person}: {outcome} ({shots[-1].at_till.refused_by or 'passed the gates'})")
    count = len(regulars)
    bench.add(
        Row(f"recognised, of {count} with two photos", outcomes["right"], "people", count, "higher")
    )
    bench.add(Row("taken for somebody else", outcomes["wrong"], "people", 0))
    bench.add(Row("asked for another factor", outcomes["asked"], "people"))
    bench.add(Row("not recognised", outcomes["unknown"], "people"))
    _strangers(bench, gallery, by_person, ids, policy)


def _strangers(
    bench: Bench,
    gallery: Gallery,
    by_person: dict[str, list[Photo]],
    ids: dict[str, UUID],
    policy: FacePolicy,
) -> None:
    outcomes = Counter[str]()
    for person, shots in by_person.items():
        own = gallery.templates_of(ids[person])
        gallery.remove_member(ids[person])
        outcomes[_outcome(_judged(gallery, shots[-1], policy), ids[person])] += 1
        for vector in own:
            gallery.add(Template(UUID(int=0), ids[person], gallery.model_id, vector))
    of = f"of {len(by_person)} strangers, one frame"
    bench.add(Row(f"taken for a member, {of}", outcomes["wrong"], "people"))
    bench.add(Row(f"asked for another factor, {of}", outcomes["asked"], "people"))


def _degraded(bench: Bench, folder: Path, photos: list[Photo], models: FaceModels) -> None:
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


def _judged(gallery: Gallery, photo: Photo, policy: FacePolicy) -> Decision | None:
    if photo.at_till.embedding is None:
        return None
    best, second = gallery.search(photo.at_till.embedding)
    return decide(best, second, gallery.members, policy)


def _outcome(decision: Decision | None, person: UUID) -> str:
    if isinstance(decision, Accept):
        return "right" if decision.member_id == person else "wrong"
    return "asked" if isinstance(decision, Ask) else "unknown"


if __name__ == "__main__":
    sys.exit(main())
