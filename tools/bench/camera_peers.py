"""Cameras to measure against: each shows a clock, and can be made to block as real ones do."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import cv2

from edge_agent.drivers.camera_opencv import sim_rpicam
from edge_agent.drivers.camera_opencv.sim import MjpegServer
from edge_agent.drivers.camera_opencv.sim_clock import draw, now_ms
from edge_agent.drivers.camera_opencv.sim_rtsp import RtspServer

WIDTH, HEIGHT = 640, 480
JPEG_QUALITY = 85
SYSTEM_PYTHON = "/usr/bin/python3"
GST_PACKAGES = (
    "gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
    " gstreamer1.0-plugins-ugly"
)
_GST_PROBE = """
import gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
assert all(map(Gst.ElementFactory.find, ("jpegenc", "rtpjpegpay", "x264enc", "rtph264pay")))
"""
_READY_S = 20.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A camera at `source`; `block` stops every picture under way, a new connection gets new."""

    source: str
    block: Callable[[], None]


def clock_jpeg() -> bytes:
    """Return a picture of this moment."""
    picture = cv2.cvtColor(draw(WIDTH, HEIGHT, now_ms()), cv2.COLOR_GRAY2BGR)
    done, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise RuntimeError("no JPEG")
    return content.tobytes()


@contextmanager
def peer_of(kind: str, fps: float) -> Iterator[Peer]:
    """Run a camera of this kind: mjpeg, rtsp or rpicam."""
    match kind:
        case "mjpeg":
            with MjpegServer(clock_jpeg, fps) as server:
                yield Peer(f"mjpeg:{server.url}", server.hang)
        case "rtsp":
            with RtspServer(clock_jpeg, fps) as rtsp:
                yield Peer(rtsp.url, rtsp.hang)
        case "rpicam":
            with _rpicam() as peer:
                yield peer
        case _:
            raise ValueError(kind)


@contextmanager
def _rpicam() -> Iterator[Peer]:
    """Put the simulated program first on PATH; blocking leaves the running one stuck."""
    with tempfile.TemporaryDirectory(prefix="regulars-rpicam-") as folder:
        sim_rpicam.install(Path(folder))
        stall = Path(folder) / "stall"
        before = dict(os.environ)
        os.environ["PATH"] = os.pathsep.join((folder, before.get("PATH", os.defpath)))
        os.environ[sim_rpicam.STALL] = str(stall)

        def block() -> None:
            stall.touch()
            time.sleep(0.2)  # whoever writes a frame has looked by now
            stall.unlink()

        try:
            yield Peer("rpicam:0", block)
        finally:
            os.environ["PATH"] = before.get("PATH", os.defpath)
            del os.environ[sim_rpicam.STALL]


def gst_missing() -> str:
    """Say what keeps a real RTSP server from running here; empty when nothing does."""
    if not Path(SYSTEM_PYTHON).exists():
        return "needs Debian's own python3 with gst-rtsp-server"
    try:
        probe = subprocess.run(
            [SYSTEM_PYTHON, "-c", _GST_PROBE], capture_output=True, check=False, timeout=_READY_S
        )
    except subprocess.TimeoutExpired:
        return "gst-rtsp-server does not answer"
    return "" if probe.returncode == 0 else f"needs apt-get install {GST_PACKAGES}"


@contextmanager
def gst_peer(codec: str, fps: float) -> Iterator[Peer]:
    """Run GStreamer's RTSP server on a clock, `jpeg` or `h264`; blocking mutes its streams."""
    program = Path(__file__).with_name("gst_rtsp.py")
    with subprocess.Popen(
        [SYSTEM_PYTHON, str(program), codec, f"{fps:g}", str(WIDTH), str(HEIGHT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as server:
        if server.stdin is None or server.stdout is None:
            raise RuntimeError("no pipes")
        orders = server.stdin
        port = int(server.stdout.readline())
        try:
            yield Peer(f"rtsp://127.0.0.1:{port}/lane", lambda: _block(orders))
        finally:
            server.kill()


def _block(orders: IO[bytes]) -> None:
    orders.write(b"block\n")
