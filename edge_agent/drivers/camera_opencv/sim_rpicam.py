"""A program that behaves as `rpicam-vid --codec yuv420 --output -` does, for machines without a Pi.

It takes the same options and refuses others, writes padded YUV420 frames that show a clock, and
stops for ever when the file named by RPICAM_SIM_STALL appears, as a stuck camera does.
`install(folder)` puts it there under the real program's name.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np

from edge_agent.drivers.camera_opencv.planar import row_bytes
from edge_agent.drivers.camera_opencv.sim_clock import draw, now_ms

STALL = "RPICAM_SIM_STALL"
NEUTRAL = 128
PADDING = 0xEE


def install(folder: Path) -> Path:
    """Write a `rpicam-vid` that runs this program; put its folder in front of PATH."""
    path = folder / "rpicam-vid"
    module = "edge_agent.drivers.camera_opencv.sim_rpicam"
    search = os.pathsep.join(entry for entry in sys.path if entry)
    path.write_text(
        f'#!/bin/sh\nPYTHONPATH="{search}" exec "{sys.executable}" -m {module} "$@"\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def frame(width: int, height: int, ms: int) -> bytes:
    """Return one frame as it is written, with what stands in the padding."""
    row = row_bytes(width)
    grey = np.full((height, row), PADDING, np.uint8)
    grey[:, :width] = draw(width, height, ms)
    colour = np.full((height, row // 2), PADDING, np.uint8)
    colour[:, : width // 2] = NEUTRAL
    return grey.tobytes() + colour.tobytes()


def main() -> int:
    """Write frames until nobody reads them."""
    parser = argparse.ArgumentParser(prog="rpicam-vid", allow_abbrev=False)
    for option in ("--camera", "--timeout", "--width", "--height"):
        parser.add_argument(option, type=int, default=0)
    parser.add_argument("--framerate", type=float, default=30.0)
    parser.add_argument("--codec", choices=["yuv420"], required=True)
    parser.add_argument("--output", choices=["-"], required=True)
    for flag in ("--nopreview", "--flush"):
        parser.add_argument(flag, action="store_true")
    asked = parser.parse_args()
    stall = os.environ.get(STALL)
    due = time.monotonic()
    while True:
        if stall and Path(stall).exists():
            time.sleep(3_600)
        try:
            sys.stdout.buffer.write(frame(asked.width, asked.height, now_ms()))
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            os._exit(0)
        due = max(due + 1 / asked.framerate, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    sys.exit(main())
