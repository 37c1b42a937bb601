"""`make bench-camera`: how old a picture is when looked at, and what a blocked camera costs.

Each camera shows a clock. The peer is the loop that one writes first: read a frame, work on it,
read the next. Blocked means that every stream under way goes silent for good; hung, that the
process which reads it stops (as in a driver that never returns). V4L2 needs a kernel that has it.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from edge_agent.domain.camera_source import CameraSource
from edge_agent.drivers.camera_opencv.driver import OPENCV, CameraOpenCv
from edge_agent.drivers.camera_opencv.sim_clock import draw, now_ms, read
from edge_agent.ports.camera import Frame
from tools.bench.camera_peers import HEIGHT, WIDTH, Peer, gst_missing, gst_peer, peer_of
from tools.bench.report import Bench, Row, percentile

FPS = 30
FRAMES = 80
WORK_S = 0.08
ROUNDS = 5
STALL_BAR_MS = 3_000.0
PATIENT_MS = 20_000
AHEAD_MS = 30.0

Opened = Callable[[], AbstractContextManager[Peer]]


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    bench = Bench("camera")
    for row in (*measure_latency(), *measure_stall(rounds)):
        bench.add(row)
    return bench.finish()


def peers() -> dict[str, Opened]:
    """Name the cameras there are on this machine."""
    found: dict[str, Opened] = {
        "MJPEG": partial(peer_of, "mjpeg", FPS),
        "RTSP JPEG": partial(peer_of, "rtsp", FPS),
        "rpicam YUV420": partial(peer_of, "rpicam", FPS),
    }
    if not gst_missing():
        found["RTSP JPEG, GStreamer"] = partial(gst_peer, "jpeg", FPS)
        found["RTSP H.264, GStreamer"] = partial(gst_peer, "h264", FPS)
    return found


def measure_latency() -> list[Row]:
    """Return each camera's latency, and how far a working consumer and a naive loop fall behind."""
    rows: list[Row] = []
    for name, opened in peers().items():
        with opened() as peer:
            rows += _latency(name, peer)
    if why := gst_missing():
        rows.append(Row("camera RTSP H.264, GStreamer", None, "ms", why=why))
    if not list(Path("/dev").glob("video*")):
        why = "no /dev/video* on this machine (its kernel has no V4L2)"
        rows.append(Row("camera V4L2", None, "ms", why=why))
    return rows


def measure_stall(rounds: int = ROUNDS) -> list[Row]:
    """Return how long blocked cameras and hung processes take to give new frames, at worst."""
    rows: list[Row] = []
    for name, opened in peers().items():
        with opened() as peer:
            rows.append(_stall(f"camera {name} blocked → new frames", peer, rounds, peer.block))
    for name, opened in (*peers().items(), ("file", _file_peer)):
        with opened() as peer:
            rows.append(_stall(f"camera {name}, process hung → new frames", peer, rounds, None))
    return rows


@contextmanager
def _file_peer() -> Iterator[Peer]:
    with tempfile.TemporaryDirectory(prefix="regulars-camera-") as folder:
        cv2.imwrite(str(Path(folder) / "clock.png"), draw(WIDTH, HEIGHT, now_ms()))
        yield Peer(f"file:{folder}", lambda: None)


@contextmanager
def _watched(peer: Peer) -> Iterator[CameraOpenCv]:
    camera = CameraOpenCv("bench", peer.source, fps=FPS)
    camera.start()
    try:
        yield camera
    finally:
        camera.stop()


def _frame(camera: CameraOpenCv, after_seq: int) -> Frame:
    frame = camera.newest(after_seq=after_seq, timeout_ms=PATIENT_MS)
    if frame is None:
        raise RuntimeError(f"no frame came: {camera.state()}")
    return frame


def _latency(name: str, peer: Peer) -> list[Row]:
    with _watched(peer) as camera:
        began = time.monotonic()
        frame = _frame(camera, 0)
        opened_s = time.monotonic() - began
        ages: list[float] = []
        working: list[float] = []
        for work_s, noted in ((0.0, ages), (WORK_S, working)):
            for _ in range(FRAMES):
                frame = _frame(camera, frame.seq)
                noted.append(_age_ms(frame))
                time.sleep(work_s)
    rows = [Row(f"camera {name}: first frame", opened_s, "s")]
    rows += [Row(f"camera {name}: latency p{n}", percentile(ages, n), "ms") for n in (50, 95)]
    naive = None if CameraSource.parse(peer.source).kind == "rpicam" else _naive_ms(peer)
    told = "" if naive is None else f"naive loop {naive:,.0f} ms behind after {FRAMES} frames"
    behind = percentile(working, 95)
    rows.append(Row(f"camera {name}: consumer of 80 ms p95", behind, "ms", peer=told))
    return rows


def _age_ms(frame: Frame) -> float:
    shown = read(frame.image)
    if shown is None:
        raise RuntimeError("the clock cannot be read")
    return float(now_ms() - shown)


def _naive_ms(peer: Peer) -> float:
    """Return how old the last frame of the loop that one writes first is."""
    os.environ.update(OPENCV)
    capture = cv2.VideoCapture(CameraSource.parse(peer.source).where, cv2.CAP_FFMPEG)
    shown = None
    for _ in range(FRAMES):
        _there, picture = capture.read()
        shown = read(np.asarray(picture, np.uint8))
        time.sleep(WORK_S)
    capture.release()
    return float("nan") if shown is None else now_ms() - shown - WORK_S * 1000


def _stall(name: str, peer: Peer, rounds: int, block: Callable[[], None] | None) -> Row:
    """Measure from the moment it blocks to the first frame captured after it in the hand."""
    took: list[float] = []
    for _ in range(rounds):
        with _watched(peer) as camera:
            seq = _frame(camera, 0).seq
            time.sleep(AHEAD_MS / 1000 * 5)
            began = time.monotonic()
            if block is None:
                os.kill(_process_of(camera), signal.SIGSTOP)
            else:
                block()
            blocked_ms = int(began * 1000)
            while (frame := _frame(camera, seq)).captured_mono_ms <= blocked_ms + AHEAD_MS:
                seq = frame.seq
            # What was already on the way when it blocked is no new frame.
            if block is not None and (shown := read(frame.image)) is not None:
                while shown <= blocked_ms:
                    frame = _frame(camera, frame.seq)
                    shown = read(frame.image) or 0
            took.append((time.monotonic() - began) * 1000)
    return Row(name, max(took), "ms", STALL_BAR_MS, peer=f"median {percentile(took, 50):,.0f} ms")


def _process_of(camera: CameraOpenCv) -> int:
    pid = camera.capture_pid()
    if pid is None:
        raise RuntimeError("no capture process")
    return pid


if __name__ == "__main__":
    sys.exit(main())
