"""A phone held before a camera: a code rendered as the frame it would give."""

import io
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import segno
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

FRAME_WIDTH, FRAME_HEIGHT = 640, 480
SCREEN_MARGIN = 0.35
BACKGROUND = (92, 98, 104)
SCREEN = (250, 252, 252)


@dataclass(frozen=True, slots=True)
class Look:
    """How the phone is held and how good the camera is; lengths in pixels, angle in degrees."""

    code_px: int = 230
    blur: float = 0.8
    perspective: float = 0.10
    turn: float = 7.0
    noise: float = 4.0
    brightness: float = 0.9
    seed: int = 1


def render(text: str, look: Look | None = None) -> Picture:
    """Return a 640 x 480 BGR frame of a phone's screen that shows the code."""
    look = look or Look()
    random = np.random.default_rng(look.seed)
    phone = _phone(text, look.code_px)
    matrix = _placement(phone.shape[1], phone.shape[0], look, random)
    frame = np.full((FRAME_HEIGHT, FRAME_WIDTH, 3), BACKGROUND, np.uint8)
    size = (FRAME_WIDTH, FRAME_HEIGHT)
    seen = cv2.warpPerspective(phone, matrix, size, flags=cv2.INTER_AREA)
    inside = cv2.warpPerspective(np.full(phone.shape[:2], 255, np.uint8), matrix, size)
    frame = np.where(inside[..., None] > 0, seen, frame)
    return _camera(cast("Picture", frame), look, random)


def jpeg(frame: Picture, quality: int = 85) -> bytes:
    """Return a frame as a JPEG file."""
    done, content = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("the frame cannot be encoded")
    return content.tobytes()


def _phone(text: str, code_px: int) -> Picture:
    """Draw the code, its quiet zone of four modules and the screen around it."""
    file = io.BytesIO()
    segno.make(text, error="l", micro=False).save(file, kind="png", scale=8, border=4)
    code = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    if code is None:
        raise ValueError("the code cannot be drawn")
    code = cv2.resize(code, (code_px, code_px), interpolation=cv2.INTER_AREA)
    rim = int(code_px * SCREEN_MARGIN)
    return cast(
        "Picture",
        cv2.copyMakeBorder(code, rim, rim, rim // 3, rim // 3, cv2.BORDER_CONSTANT, value=SCREEN),
    )


def _placement(
    width: int, height: int, look: Look, random: np.random.Generator
) -> NDArray[np.float32]:
    """Return the homography that turns the phone and tilts it towards the camera."""
    angle = np.radians(look.turn)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([(-width, -height), (width, -height), (width, height), (-width, height)]) / 2
    squeeze = 1 - look.perspective * np.array([[0.0], [1.0], [1.0], [0.0]])
    middle = np.array([FRAME_WIDTH, FRAME_HEIGHT]) / 2 + random.uniform(-12, 12, 2)
    target = (corners * np.hstack((np.ones_like(squeeze), squeeze))) @ turn.T + middle
    source = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(source, target.astype(np.float32))
    return cast("NDArray[np.float32]", matrix)


def _camera(frame: Picture, look: Look, random: np.random.Generator) -> Picture:
    if look.blur > 0:
        frame = cast("Picture", cv2.GaussianBlur(frame, (0, 0), look.blur))
    noise = random.normal(0, look.noise, frame.shape) if look.noise > 0 else 0
    lit = frame.astype(np.float32) * look.brightness + noise
    return cast("Picture", np.clip(lit, 0, 255).astype(np.uint8))
