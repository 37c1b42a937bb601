"""Quality gates: a face that would give a poor template or a poor comparison is refused, by name.

Every threshold stands in `GateLimits`. Sharpness is the variance of the Laplacian of the smoothed
aligned crop, over the crop's grey variance: over it, so that a pale face in poor light is not
called blurred; smoothed (sigma 1.5), because else a camera's noise and the rounding to whole grey
levels pass for detail. `make bench-face` with `--degraded` shows how well that tells faces the
embedder still matches from those it does not (docs/reference/recognition.md).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from edge_agent.drivers.face_onnx.yunet import Face, Picture, Points
from retail_core import limits
from retail_core.texts.faults import FaultCode

NO_LENGTH = 1e-6
SMOOTHED = 1.5
# Rows and columns of an aligned crop.
EYES = (slice(42, 62), slice(28, 84))
MOUTH = (slice(82, 104), slice(36, 76))


@dataclass(frozen=True, slots=True)
class GateLimits:
    """What is still good enough; angles in degrees, grey levels 0..255."""

    width_px_min: float = limits.FACE_WIDTH_PX_MIN
    # A second face this wide, relative to the first, could be the customer as well.
    rival_width_min: float = 0.40
    sharpness_min: float = 0.0013
    grey_mean_min: float = 35.0
    grey_mean_max: float = 225.0
    grey_deviation_min: float = 12.0
    roll_max: float = 35.0
    # How far the nose lies beside the middle of the eyes, in eye distances.
    yaw_max: float = 0.40
    # Where the nose lies between eyes (0) and mouth (1).
    pitch_min: float = 0.28
    pitch_max: float = 0.80
    # How much detail the mouth shows beside the eyes: a mask or a hand shows next to none.
    mouth_detail_min: float = 0.0
    # Part of the frame (left, top, right, bottom; 0..1) where a customer stands.
    zone: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    # Whether somebody waits: then a smaller copy is searched where that is enough, and the points
    # come from a second look at the face. That look draws a head which is turned away as if it
    # were less so: whoever asks how far it is turned takes the time.
    hasty: bool = True
    # How much surer the detector may be of the turned picture (see `tilt.py`); None: not asked.
    tilt_gain_max: float | None = None


ENROLMENT_GATES = GateLimits(
    width_px_min=70,
    sharpness_min=0.003,
    grey_mean_min=45.0,
    grey_mean_max=215.0,
    roll_max=25.0,
    yaw_max=0.32,
    pitch_min=0.34,
    pitch_max=0.74,
    mouth_detail_min=0.38,
    hasty=False,
    tilt_gain_max=0.010,
)


@dataclass(frozen=True, slots=True)
class Pose:
    """A head's turn as the five points show it; see `GateLimits` for the units."""

    roll: float
    yaw: float
    pitch: float


def in_zone(faces: list[Face], width: int, height: int, limits_: GateLimits) -> list[Face]:
    """Return the faces whose middle lies in the lane's zone."""
    left, top, right, bottom = limits_.zone
    return [
        face
        for face in faces
        if left * width <= face.box[0] + face.box[2] / 2 <= right * width
        and top * height <= face.box[1] + face.box[3] / 2 <= bottom * height
    ]


def pick(faces: list[Face], width: int, height: int, limits_: GateLimits) -> Face | FaultCode:
    """Return the one face in the lane's zone, or why there is none."""
    inside = in_zone(faces, width, height, limits_)
    if not inside:
        return FaultCode.FACE_NONE
    first = inside[0]
    if len(inside) > 1 and inside[1].box[2] >= limits_.rival_width_min * first.box[2]:
        return FaultCode.FACE_SEVERAL
    if first.box[2] < limits_.width_px_min:
        return FaultCode.FACE_SMALL
    return first


def pose_of(points: Points) -> Pose:
    """Read a head's turn off the five points; all measures are free of scale."""
    eye_left, eye_right, nose, mouth_left, mouth_right = points.astype(np.float64)
    across = eye_right - eye_left
    distance = max(float(np.hypot(across[0], across[1])), NO_LENGTH)
    unit = across / distance
    down = np.array([-unit[1], unit[0]])
    between = (eye_left + eye_right) / 2
    to_nose, to_mouth = nose - between, (mouth_left + mouth_right) / 2 - between
    length = float(to_mouth @ down)
    return Pose(
        roll=float(np.degrees(np.arctan2(across[1], across[0]))),
        yaw=float(to_nose @ unit) / distance,
        pitch=float(to_nose @ down) / length if length > NO_LENGTH else -1.0,
    )


def measure(crop: Picture, pose: Pose) -> dict[str, float]:
    """Return what the gates judge of an aligned BGR crop, by name."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(grey))
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), SMOOTHED)
    curved = cv2.Laplacian(smooth, cv2.CV_32F)
    edges = cv2.meanStdDev(curved)[1]
    sharpness = float(edges[0, 0]) ** 2 / max(deviation**2, 1.0)
    detail = [float(curved[part].std()) for part in (MOUTH, EYES)]
    return {
        "grey_mean": mean,
        "grey_deviation": deviation,
        "sharpness": sharpness,
        "mouth_detail": detail[0] / max(detail[1], NO_LENGTH),
        "roll": pose.roll,
        "yaw": pose.yaw,
        "pitch": pose.pitch,
    }


def judge(quality: dict[str, float], limits_: GateLimits) -> FaultCode | None:
    """Return the gate that refuses the face, or None; what the person can change comes first."""
    turned = (
        abs(quality["roll"]) > limits_.roll_max
        or abs(quality["yaw"]) > limits_.yaw_max
        or not limits_.pitch_min <= quality["pitch"] <= limits_.pitch_max
    )
    if turned:
        return FaultCode.FACE_POSE
    lit = limits_.grey_mean_min <= quality["grey_mean"] <= limits_.grey_mean_max
    if not lit or quality["grey_deviation"] < limits_.grey_deviation_min:
        return FaultCode.FACE_EXPOSURE
    if quality["sharpness"] < limits_.sharpness_min:
        return FaultCode.FACE_BLURRED
    return FaultCode.FACE_COVERED if quality["mouth_detail"] < limits_.mouth_detail_min else None
