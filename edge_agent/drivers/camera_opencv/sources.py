"""Where pictures come from: files, network cameras, V4L2 devices. Runs in the child only."""

from collections import OrderedDict
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.domain.camera_source import CameraSource
from edge_agent.drivers.camera_opencv.picture_source import Broken, Gone, Picture
from edge_agent.drivers.camera_opencv.slot import SIDE_MAX

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
FILE_SIDE_MAX = 960
DECODED_KEPT = 8
# Silence that ends a stream: longer than between two frames of the slowest camera worth having.
READ_TIMEOUT_MS = 700
# H.264 shows nothing before its next key frame, which may be four seconds off, and FFmpeg does not
# resume a read that was given up. So a stream that falls silent later costs this process its life:
# the driver sees that it says nothing more.
KEY_FRAME_TIMEOUT_MS = 4_500
MJPEG_OPEN_TIMEOUT_MS = 1_000
# RTSP opens in four requests, and FFmpeg then looks at the stream itself.
RTSP_OPEN_TIMEOUT_MS = 3_000
V4L2_WIDTH, V4L2_HEIGHT = 1280, 720
JITTER_SHIFT_PX = 0.8
JITTER_GAIN = 0.03
JITTER_NOISE = 2.0
NOISE_ROLL = 64
NOISE_LIFT = 8


class FileSource:
    """A picture, or a folder of pictures in a loop; looked at anew for every frame.

    Whoever replaces the file, or the link that leads to it, changes what the camera sees.
    """

    paced = False

    def __init__(self, source: CameraSource) -> None:
        self._path = Path(source.where)
        self._hold = source.hold
        self._shake = Shaker() if source.jitter else None
        self._turn = 0
        self._decoded: OrderedDict[tuple[str, int, int, int], Picture] = OrderedDict()
        self._listing()

    def read(self) -> Picture:
        """Return the next picture of the loop."""
        paths = self._listing()
        path = paths[self._turn // self._hold % len(paths)]
        self._turn += 1
        picture = self._load(path)
        return self._shake(picture) if self._shake is not None else picture

    def close(self) -> None:
        """Forget decoded pictures."""
        self._decoded.clear()

    def _listing(self) -> list[Path]:
        try:
            if self._path.is_dir():
                found = [p for p in self._path.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES]
            else:
                found = [self._path] if self._path.exists() else []
        except OSError as error:
            raise Gone(str(error)) from error
        if not found:
            raise Gone(f"no picture in {self._path}")
        return sorted(found)

    def _load(self, path: Path) -> Picture:
        try:
            facts = path.stat()
            key = (str(path), facts.st_ino, facts.st_mtime_ns, facts.st_size)
            if key in self._decoded:
                self._decoded.move_to_end(key)
                return self._decoded[key]
            content = np.fromfile(path, np.uint8)
        except OSError as error:
            raise Broken(str(error)) from error
        picture = decode(content, FILE_SIDE_MAX)
        self._decoded[key] = picture
        while len(self._decoded) > DECODED_KEPT:
            self._decoded.popitem(last=False)
        return picture


class StreamSource:
    """A stream or device through cv2.VideoCapture, with time limits where OpenCV has them."""

    paced = True

    def __init__(self, source: CameraSource, fps: float) -> None:
        if source.kind == "v4l2":
            mjpg = cv2.VideoWriter.fourcc(*"MJPG")
            size = [cv2.CAP_PROP_FRAME_WIDTH, V4L2_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, V4L2_HEIGHT]
            options = [cv2.CAP_PROP_FOURCC, mjpg, *size, cv2.CAP_PROP_FPS, int(fps)]
            self._capture = cv2.VideoCapture(source.where, cv2.CAP_V4L2, options)
        else:
            rtsp = source.kind == "rtsp"
            opening = RTSP_OPEN_TIMEOUT_MS if rtsp else MJPEG_OPEN_TIMEOUT_MS
            reading = KEY_FRAME_TIMEOUT_MS if rtsp else READ_TIMEOUT_MS
            options = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, opening]
            options += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, reading]
            # One decoding thread: more of them hold a frame back each.
            options += [cv2.CAP_PROP_N_THREADS, 1]
            self._capture = cv2.VideoCapture(source.where, cv2.CAP_FFMPEG, options)
        if not self._capture.isOpened():
            self._capture.release()
            raise Gone(f"cannot open {source.kind}")

    def read(self) -> Picture:
        """Return the next frame of the stream."""
        there, picture = self._capture.read()
        if not there or picture is None:
            raise Gone("the stream ended or stalled")
        return fit(cast("Picture", picture), SIDE_MAX)

    def close(self) -> None:
        """Close the stream."""
        self._capture.release()


def decode(content: NDArray[np.uint8], side_max: int) -> Picture:
    """Return an encoded picture, at most so long a side; raises Broken."""
    try:
        picture = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    except cv2.error as error:
        raise Broken(str(error)) from error
    if picture is None:
        raise Broken("not a picture")
    return fit(cast("Picture", picture), side_max)


def fit(picture: Picture, side_max: int) -> Picture:
    """Shrink a picture so that neither side is longer than allowed."""
    longest = max(picture.shape[:2])
    if longest <= side_max:
        return picture
    ratio = side_max / longest
    size = (max(1, int(picture.shape[1] * ratio)), max(1, int(picture.shape[0] * ratio)))
    return cast("Picture", cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


class Shaker:
    """Makes a still act like a live camera: sub-pixel movement, exposure drift, sensor noise."""

    def __init__(self, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        shape = (FILE_SIDE_MAX + NOISE_ROLL, FILE_SIDE_MAX + NOISE_ROLL, 3)
        # Drawn once, lifted above zero so that bytes are added to bytes: each frame takes another
        # window of it.
        drawn = self._random.normal(NOISE_LIFT, JITTER_NOISE, shape)
        self._noise = np.clip(np.rint(drawn), 0, 2 * NOISE_LIFT).astype(np.uint8)

    def __call__(self, picture: Picture) -> Picture:
        """Return the picture as the next frame of a live camera would show it."""
        height, width = picture.shape[:2]
        top, left = self._random.integers(0, NOISE_ROLL, 2)
        dx, dy = self._random.uniform(0, JITTER_SHIFT_PX, 2)
        gain = 1 + self._random.uniform(-JITTER_GAIN, JITTER_GAIN)
        # Moving by less than a pixel is a weighted mean of four neighbours.
        weights = np.outer((1 - dy, dy), (1 - dx, dx))
        moved = cv2.filter2D(picture, -1, weights, borderType=cv2.BORDER_REPLICATE)
        noise = self._noise[top : top + height, left : left + width]
        lit = cv2.add(cv2.convertScaleAbs(moved, alpha=gain, beta=-NOISE_LIFT), noise)
        return cast("Picture", lit)
