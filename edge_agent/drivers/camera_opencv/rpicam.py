"""The Pi's own camera: `rpicam-vid` as a child that writes YUV420 frames into a pipe.

libcamera's cameras are no V4L2 devices that OpenCV could read, and its Python binding comes from
one distribution only; a program with a pipe is found on every Raspberry Pi OS, and can be killed.
"""

import os
import select
import shutil
import subprocess
import time
from contextlib import suppress

from edge_agent.domain.camera_source import RPICAM_PROGRAMS, CameraSource
from edge_agent.drivers.camera_opencv.picture_source import Gone, Picture
from edge_agent.drivers.camera_opencv.planar import frame_bytes, unpadded

# Starting libcamera and the sensor takes a second or two; afterwards silence means it is stuck.
FIRST_FRAME_S = 4.0
NEXT_FRAME_S = 0.7


def program() -> str | None:
    """Return the program's path, None when it is not installed."""
    return next((found for name in RPICAM_PROGRAMS if (found := shutil.which(name))), None)


def command(source: CameraSource, fps: float, path: str) -> list[str]:
    """Return what is started; should we be killed, the kernel kills it too."""
    leash = shutil.which("setpriv")
    return [
        *([leash, "--pdeathsig", "KILL", "--"] if leash else []),
        path,
        *("--camera", source.where, "--timeout", "0", "--nopreview", "--codec", "yuv420"),
        *("--width", str(source.width), "--height", str(source.height)),
        *("--framerate", f"{fps:g}", "--flush", "--output", "-"),
    ]


class RpicamSource:
    """Frames off the pipe; planar."""

    paced = True

    def __init__(self, source: CameraSource, fps: float) -> None:
        path = program()
        if path is None:
            raise Gone("rpicam-vid is not installed")
        self._size = (source.width, source.height)
        self._frame = bytearray(frame_bytes(*self._size))
        self._patience_s = FIRST_FRAME_S
        self._child = subprocess.Popen(  # noqa: S603 -- a list, no shell; numbers only in it
            command(source, fps, path),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        assert self._child.stdout is not None  # noqa: S101 -- asked for above
        self._pipe = self._child.stdout
        os.set_blocking(self._pipe.fileno(), False)

    def read(self) -> Picture:
        """Return the next frame; raises Gone when it does not come in time."""
        until = time.monotonic() + self._patience_s
        rest = memoryview(self._frame)
        while rest:
            left_s = until - time.monotonic()
            if left_s <= 0 or not select.select([self._pipe], [], [], left_s)[0]:
                raise Gone("rpicam-vid is silent")
            count = os.readv(self._pipe.fileno(), [rest])
            if not count:
                raise Gone("rpicam-vid has ended")
            rest = rest[count:]
        self._patience_s = NEXT_FRAME_S
        return unpadded(self._frame, *self._size)

    def close(self) -> None:
        """Kill the child: it is asked for nothing, and it may be stuck."""
        self._pipe.close()
        with suppress(ProcessLookupError):
            self._child.kill()
        self._child.wait()
