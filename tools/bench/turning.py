"""A photo turned before a camera: as the flat picture it is, or laid over the relief of a head.

The relief is a plain ellipsoid with a ridge for the nose, the same for everybody: enough to ask
whether landmarks found in real skin move as a head's do. It is no measurement of people turning.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Grid = NDArray[np.float64]

WIDTH, HEIGHT, FOCAL_PX = 640, 480, 600.0
WALL = (110, 120, 115)
GRID_PX = 400
# In distances between the eyes.
HEAD_HALF_WIDTH, HEAD_HALF_HEIGHT, HEAD_DEPTH = 1.25, 1.75, 1.35
NOSE_HEIGHT, NOSE_HALF_WIDTH, NOSE_TOP, NOSE_TIP = 0.22, 0.16, 0.0, 0.62


@dataclass(frozen=True, slots=True)
class Pose:
    """How something is held before the camera: degrees, and metres in eye distances."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    distance: float = 9.0

    def matrix(self) -> Grid:
        """Return the rotation: roll after pitch after yaw."""
        yaw, pitch, roll = np.radians([self.yaw, self.pitch, self.roll])
        about_y = np.array(
            [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
        )
        about_x = np.array(
            [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
        )
        about_z = np.array(
            [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
        )
        return np.asarray(about_z @ about_x @ about_y)


@dataclass(frozen=True, slots=True)
class Portrait:
    """A photo with a face, its origin between the eyes, its unit the eyes' distance in pixels."""

    image: Picture
    centre: tuple[float, float]
    eyes_px: float

    @classmethod
    def of(cls, image: Picture, points: Grid) -> "Portrait":
        """Cut a photo to the face's surroundings; `points` has shape (5, 2)."""
        eyes_px = float(np.hypot(*(points[1] - points[0])))
        scale = GRID_PX / (6 * eyes_px)
        resized = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        x, y = (float(value) for value in (points[0] + points[1]) / 2 * scale)
        left, top = max(0, int(x - GRID_PX / 2)), max(0, int(y - GRID_PX / 2))
        cut = resized[top : int(y + GRID_PX / 2), left : int(x + GRID_PX / 2)]
        return cls(np.asarray(cut, np.uint8), (x - left, y - top), eyes_px * scale)

    def flat(self, pose: Pose, bend: float = 0.0) -> Picture:
        """Show it as a picture on paper; `bend` is the curvature about the upright axis."""
        return self._splat(pose, bent(self._across(), bend))

    def head(self, pose: Pose, nose: float = 1.0) -> Picture:
        """Show it as the skin of a head; `nose` scales the ridge."""
        across = self._across()
        return self._splat(pose, np.dstack((across, relief(across, nose))))

    def _across(self) -> Grid:
        rows, columns = self.image.shape[:2]
        y, x = np.mgrid[0:rows, 0:columns]
        return np.dstack(((x - self.centre[0]) / self.eyes_px, (y - self.centre[1]) / self.eyes_px))

    def _splat(self, pose: Pose, places: Grid) -> Picture:
        """Throw every point of the photo onto the sensor, the nearest last."""
        colours = self.image.reshape(-1, 3)
        seen = places.reshape(-1, 3) @ pose.matrix().T
        depth = seen[:, 2] + pose.distance
        x = np.rint(WIDTH / 2 + FOCAL_PX * seen[:, 0] / depth).astype(int)
        y = np.rint(HEIGHT / 2 + FOCAL_PX * seen[:, 1] / depth).astype(int)
        keep = (x >= 0) & (x < WIDTH) & (y >= 0) & (y < HEIGHT)
        order = np.argsort(-depth[keep], kind="stable")
        frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        filled = np.zeros((HEIGHT, WIDTH), np.uint8)
        frame[y[keep][order], x[keep][order]] = colours[keep][order]
        filled[y[keep], x[keep]] = 1
        grown = cv2.dilate(frame, np.ones((3, 3), np.uint8))
        around = cv2.morphologyEx(filled, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        whole = np.where(filled[..., None] == 1, frame, grown)
        return np.asarray(np.where(around[..., None] == 1, whole, WALL), np.uint8)


def bent(across: Grid, bend: float) -> Grid:
    """Bend a sheet about the upright axis, its middle towards the camera."""
    if bend == 0:
        return np.dstack((across, np.zeros(across.shape[:2])))
    angle = np.clip(across[..., 0] * bend, -np.pi / 2, np.pi / 2)
    return np.dstack((np.sin(angle) / bend, across[..., 1], (1 - np.cos(angle)) / bend))


def relief(across: Grid, nose: float) -> Grid:
    """Return how far each point lies behind the plane of eyes and mouth; the nose before it."""
    x, y = across[..., 0], across[..., 1]
    round_ = 1 - (x / HEAD_HALF_WIDTH) ** 2 - ((y - 0.5) / HEAD_HALF_HEIGHT) ** 2
    level = 1 - (0.45 / HEAD_HALF_WIDTH) ** 2 - (0.5 / HEAD_HALF_HEIGHT) ** 2
    bow = HEAD_DEPTH * (np.sqrt(level) - np.sqrt(np.clip(round_, 0.0, None)))
    along = np.clip((y - NOSE_TOP) / (NOSE_TIP - NOSE_TOP), 0, 1)
    below = np.clip((y - NOSE_TIP) / 0.12, 0, 1)
    ridge = along * (1 - below) * np.exp(-((x / NOSE_HALF_WIDTH) ** 2))
    return np.asarray(bow - nose * NOSE_HEIGHT * ridge)
