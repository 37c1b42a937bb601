"""`make bench-turn DATA=DIR`: is a head told from a photo of one by the challenge.

DIR holds photos and `labels.csv` (`file`, `identity`). One photo a person is shown to the real
detector and embedder as a sheet that is swung, as a sheet bent round a drum, and laid over the
relief of a head (`tools/bench/turning.py`); each does what the challenge asks. People who really
turn are not in such folders, so the heads' figure is about the landmarks, not about people.
"""

import argparse
import csv
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from edge_agent.drivers.face_onnx.engine import FaceModels, FaceOnnx
from edge_agent.drivers.face_onnx.gates import GateLimits
from edge_agent.drivers.face_onnx.pictures import decode_picture
from retail_core.identity.head_turn import Glimpse, HeadTurn, Phase, Side, TurnPlan
from tools import build_models
from tools.bench.report import Bench, Row
from tools.bench.turning import Picture, Portrait, Pose

FRAME_MS = 100.0
SWING = (0, 0, 0, 5, 10, 15, 20, 25, 30, 35, 40, 40, 35, 30, 25, 20, 15, 10, 5, 0, 0)
WIDE_SWING = (0, 0, 0, *range(6, 61, 6), *range(54, -1, -6), 0)
BENDS = {"sheet": 0.0, "drum": 0.5}
NOISE = 3.0
SIDE_MAX = 900


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--people", type=int, default=12)
    given = parser.parse_args()
    if not (given.data / "labels.csv").is_file():
        print("DATA=DIR is needed: a folder with photos and labels.csv", file=sys.stderr)
        return 2
    if build_models.main(["--quiet"]):
        return 1
    engine = FaceOnnx(FaceModels.load(build_models.MODELS), GateLimits(hasty=False))
    bench = Bench("turn")
    counted: Counter[tuple[str, str]] = Counter()
    for number, portrait in enumerate(_portraits(given.data, engine, given.people)):
        side = Side.LEFT if number % 2 else Side.RIGHT
        for kind in ("head", *BENDS):
            counted[kind, _ended(engine, portrait, kind, side, np.random.default_rng(number))] += 1
    for kind in ("head", *BENDS):
        total = sum(count for (which, _), count in counted.items() if which == kind)
        passed = counted[kind, "passed"]
        bar = (0.8, "higher") if kind == "head" else (0.05, "lower")
        name = f"{kind}: passed of {total}"
        bench.add(Row(name, passed / max(total, 1), "share", bar[0], bar[1]))  # type: ignore[arg-type]
        for (which, how), count in sorted(counted.items()):
            if which == kind and how != "passed":
                bench.add(Row(f"{kind}: {how}", count, "tries"))
    return bench.finish()


def _portraits(folder: Path, engine: FaceOnnx, people: int) -> list[Portrait]:
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        first = {row["identity"]: row["file"] for row in reversed(list(csv.DictReader(file)))}
    found = []
    for name in sorted(first.values()):
        image = decode_picture((folder / name).read_bytes())
        scale = SIDE_MAX / max(image.shape[:2])
        image = np.asarray(cv2.resize(image, None, fx=scale, fy=scale), np.uint8)
        reading = engine.read(image)
        if reading.points is not None:
            found.append(Portrait.of(image, np.array(reading.points)))
    return found[:: max(1, len(found) // people)][:people]


def _ended(
    engine: FaceOnnx, portrait: Portrait, kind: str, side: Side, rng: np.random.Generator
) -> str:
    """Show one try and return how it ended."""
    turn = HeadTurn(TurnPlan((side,), (200,)))
    pitch, roll, distance = rng.uniform(-6, 6), rng.uniform(-6, 6), rng.uniform(6, 10)
    sign = -1 if side is Side.LEFT else 1
    first = None
    yaws = SWING if kind == "head" else WIDE_SWING
    for number, yaw in enumerate(yaws):
        pose = Pose(sign * yaw, pitch, roll, distance)
        reading = engine.read(_noisy(_shown(portrait, kind, pose), rng))
        first = reading.embedding if first is None else first
        known = reading.embedding is not None and first is not None
        alike = float(first @ reading.embedding) if known else None  # type: ignore[operator]
        turn = turn.add(Glimpse(number * FRAME_MS, reading.points, alike))
        if turn.over:
            break
    if turn.phase is Phase.PASSED:
        return "passed"
    return turn.phase.value if turn.reason is None else turn.reason.name.lower()


def _shown(portrait: Portrait, kind: str, pose: Pose) -> Picture:
    return portrait.head(pose) if kind == "head" else portrait.flat(pose, BENDS[kind])


def _noisy(image: Picture, rng: np.random.Generator) -> Picture:
    soft = cv2.GaussianBlur(image, (3, 3), 0)
    return np.asarray(np.clip(soft + rng.normal(0, NOISE, soft.shape), 0, 255), np.uint8)


if __name__ == "__main__":
    raise SystemExit(main())
