"""Each gate of enrolment refuses the picture it is for, and the customer is told what to change."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.engine import FaceModels, FaceOnnx
from edge_agent.drivers.face_onnx.gates import ENROLMENT_GATES, GateLimits
from edge_agent.drivers.face_onnx.pictures import decode_picture
from edge_agent.recognition.enrol import EnrolFrame, plan_enrolment
from edge_agent.recognition.gallery import Gallery
from retail_core.identity.head_turn import Glimpse, HeadTurn, Phase, Side, TurnPlan
from retail_core.texts.faults import FAULTS, FaultCode
from tests.factories.faces import POLICY
from tools.bench.turning import Portrait, Pose

pytestmark = [pytest.mark.integration]

Picture = NDArray[np.uint8]
FRAME_MS = 100.0


@pytest.fixture(scope="module")
def engine(face_models: FaceModels) -> FaceOnnx:
    return FaceOnnx(face_models, ENROLMENT_GATES)


@pytest.fixture(scope="module")
def person(photos: Path) -> Picture:
    return decode_picture((photos / "person-a" / "1.jpg").read_bytes())


@pytest.fixture(scope="module")
def portrait(engine: FaceOnnx, person: Picture) -> Portrait:
    points = engine.read(person).points
    assert points is not None
    return Portrait.of(person, np.array(points))


def judged(engine: FaceOnnx, image: Picture) -> EnrolFrame:
    reading = engine.read(image)
    (frame,) = plan_enrolment([reading], Gallery(engine.model_id), POLICY).frames
    return frame


def scaled(factor: float) -> Callable[[Picture], Picture]:
    def spoil(image: Picture) -> Picture:
        return np.asarray(cv2.resize(image, None, fx=factor, fy=factor), np.uint8)

    return spoil


def rolled(degrees: float) -> Callable[[Picture], Picture]:
    def spoil(image: Picture) -> Picture:
        rows, columns = image.shape[:2]
        turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, 0.8)
        return np.asarray(cv2.warpAffine(image, turn, (columns, rows)), np.uint8)

    return spoil


GATES: dict[str, tuple[Callable[[Picture], Picture], FaultCode]] = {
    "too small": (scaled(0.2), FaultCode.FACE_SMALL),
    "blurred": (
        lambda image: np.asarray(cv2.GaussianBlur(image, (0, 0), 10), np.uint8),
        FaultCode.FACE_BLURRED,
    ),
    "dark": (lambda image: (image // 10).astype(np.uint8), FaultCode.FACE_EXPOSURE),
    "overexposed": (
        lambda image: np.clip(image.astype(int) + 130, 0, 255).astype(np.uint8),
        FaultCode.FACE_EXPOSURE,
    ),
    # The landmarks of these two look nearly upright: only the second look at them tells.
    "tilted left": (rolled(40), FaultCode.FACE_POSE),
    "tilted right": (rolled(-40), FaultCode.FACE_POSE),
    "two people": (lambda image: np.hstack([image, image]), FaultCode.FACE_SEVERAL),
    "nobody": (lambda image: np.full_like(image, 120), FaultCode.FACE_NONE),
}


@pytest.mark.parametrize("lean", [0, -8, 8])
def test_the_picture_itself_is_good(engine: FaceOnnx, person: Picture, lean: float) -> None:
    assert judged(engine, rolled(lean)(person)).ok


@pytest.mark.parametrize("name", GATES)
def test_each_gate_refuses_and_says_why(engine: FaceOnnx, person: Picture, name: str) -> None:
    spoil, code = GATES[name]
    frame = judged(engine, spoil(person))
    assert (frame.ok, frame.code) == (False, code)
    assert frame.hint_zh == FAULTS[code].zh.format(count=2)
    assert frame.hint_en == FAULTS[code].en.format(count=2)


@pytest.mark.parametrize("colour", [(200, 160, 120), (225, 225, 225), (40, 40, 40)])
def test_a_mask_is_refused(engine: FaceOnnx, person: Picture, colour: tuple[int, int, int]) -> None:
    points = engine.read(person).points
    assert points is not None
    eyes, mouth = np.mean(points[:2], axis=0), np.mean(points[3:], axis=0)
    across, down = np.subtract(points[1], points[0]), mouth - eyes
    top, low = eyes + 0.4 * down, eyes + 1.9 * down
    corners = (top - 0.95 * across, top + 0.95 * across, low + 0.7 * across, low - 0.7 * across)
    masked = person.copy()
    cv2.fillConvexPoly(masked, np.array(corners, np.int32), colour, cv2.LINE_AA)
    frame = judged(engine, masked)
    assert (frame.ok, frame.code) == (False, FaultCode.FACE_COVERED)


@pytest.mark.parametrize("yaw", [-52.0, 52.0])
def test_a_turned_head_is_refused(engine: FaceOnnx, portrait: Portrait, yaw: float) -> None:
    assert judged(engine, portrait.head(Pose())).ok
    assert judged(engine, portrait.head(Pose(yaw))).code is FaultCode.FACE_POSE


# ---- the challenge on real skin -----------------------------------------------------------------


def ended(engine: FaceOnnx, show: Callable[[Pose], Picture], side: Side) -> HeadTurn:
    """Show one turn there and back as frames, and judge it as a counter does."""
    turn = HeadTurn(TurnPlan((side,), (200,)))
    sign = -1 if side is Side.LEFT else 1
    first = None
    for number, yaw in enumerate([0, 0, 0, *range(4, 41, 4), *range(36, -1, -4), 0]):
        reading = engine.read(show(Pose(sign * float(yaw))))
        first = reading.embedding if first is None else first
        known = first is not None and reading.embedding is not None
        alike = float(np.dot(first, reading.embedding)) if known else None  # type: ignore[arg-type]
        turn = turn.add(Glimpse(number * FRAME_MS, reading.points, alike))
    return turn


@pytest.mark.parametrize("side", Side)
def test_a_head_passes_and_a_photo_swung_alike_does_not(
    face_models: FaceModels, portrait: Portrait, side: Side
) -> None:
    engine = FaceOnnx(face_models, GateLimits(hasty=False))
    assert ended(engine, portrait.head, side).phase is Phase.PASSED
    assert ended(engine, portrait.flat, side).phase is not Phase.PASSED
