"""The capture process: dies, hangs and is replaced; the caller never hangs with it."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.drivers.camera_opencv.driver import CameraOpenCv, CameraTiming
from edge_agent.drivers.camera_opencv.sim import MjpegServer
from edge_agent.ports.camera import Frame
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from tests.factories.waiting import PATIENCE_MS, comes_about
from tests.fakes.camera import key_of, picture

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

IMPATIENT = CameraTiming(stalled_after_ms=400, watch_every_ms=30, restart_first_ms=30)


def jpeg(key: int) -> bytes:
    """A picture as a camera would send it."""
    done, content = cv2.imencode(".jpg", picture(key))
    assert done
    return content.tobytes()


def sees(camera: CameraOpenCv, key: int) -> bool:
    """Whether the newest frames show this picture."""
    return comes_about(lambda: abs(key_of(frame_of(camera).image) - key) <= 3)


def frame_of(camera: CameraOpenCv, after_seq: int = 0) -> Frame:
    frame = camera.newest(after_seq=after_seq, timeout_ms=PATIENCE_MS)
    assert frame is not None
    return frame


def child_of(camera: CameraOpenCv) -> int:
    pid = camera.capture_pid()
    assert pid is not None
    return pid


@contextmanager
def running(source: str, tally: FaultTally | None = None) -> Iterator[CameraOpenCv]:
    camera = CameraOpenCv("lane", source, fps=30, tally=tally, timing=IMPATIENT)
    camera.start()
    try:
        yield camera
    finally:
        camera.stop()


@pytest.fixture
def view(tmp_path: Path) -> Path:
    """A link to what the camera sees."""
    cv2.imwrite(str(tmp_path / "1.png"), picture(50))
    link = tmp_path / "view"
    link.symlink_to(tmp_path / "1.png")
    return link


def test_the_newest_frame_wins_over_a_slow_reader(view: Path) -> None:
    with running(f"file:{view}") as camera:
        first = frame_of(camera)
        newest = camera._frames
        assert newest is not None
        assert comes_about(lambda: newest.counters().newest >= first.seq + 4)
        later = frame_of(camera, first.seq)
        assert later.seq >= first.seq + 4
        assert later.captured_mono_ms > first.captured_mono_ms


def test_what_lies_behind_the_link_is_what_is_seen(view: Path, tmp_path: Path) -> None:
    with running(f"file:{view}") as camera:
        assert sees(camera, 50)
        cv2.imwrite(str(tmp_path / "2.png"), picture(200))
        (tmp_path / "next").symlink_to(tmp_path / "2.png")
        (tmp_path / "next").replace(view)
        assert sees(camera, 200)


def test_a_killed_process_is_replaced_and_frames_go_on_counting(view: Path) -> None:
    tally = FaultTally()
    with running(f"file:{view}", tally) as camera:
        before = frame_of(camera)
        os.kill(child_of(camera), signal.SIGKILL)
        time.sleep(0.1)
        newest = frame_of(camera).seq
        assert frame_of(camera, newest).seq > before.seq
        assert comes_about(lambda: camera.state() == "ok")
    assert tally.snapshot()[FaultCode.CAMERA_STALLED.value] >= 1


def test_a_hanging_process_is_replaced_and_nobody_waits_for_it(view: Path) -> None:
    with running(f"file:{view}") as camera:
        frame = frame_of(camera)
        hung = child_of(camera)
        os.kill(hung, signal.SIGSTOP)
        assert comes_about(lambda: camera.state() == "stalled")
        frame_of(camera)
        assert camera.newest(after_seq=frame.seq + 1_000, timeout_ms=20) is None
        assert comes_about(lambda: child_of(camera) != hung)
        assert frame_of(camera, frame_of(camera).seq).seq > frame.seq
    assert not Path(f"/proc/{hung}").exists()


def test_the_process_ends_when_its_parent_is_killed(view: Path) -> None:
    program = f"""
        import time
        from edge_agent.drivers.camera_opencv.driver import CameraOpenCv
        camera = CameraOpenCv("lane", "file:{view}")
        camera.start()
        assert camera.newest(after_seq=0, timeout_ms={PATIENCE_MS})
        print(camera._child.pid, flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert Path(f"/proc/{child}").exists()
        parent.kill()
    assert comes_about(lambda: not alive(child))


def alive(pid: int) -> bool:
    """Whether a process still runs; a zombie waiting for init does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_broken_pictures_are_counted_and_the_good_ones_shown(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(b"\xff\xd8 broken")
    cv2.imwrite(str(tmp_path / "2.png"), picture(77))
    tally = FaultTally()
    with running(f"file:{tmp_path}", tally) as camera:
        assert sees(camera, 77)
        counted = FaultCode.FACE_IMAGE_BROKEN.value
        assert comes_about(lambda: tally.snapshot().get(counted, 0) >= 2)


def test_a_source_that_appears_later_is_found(tmp_path: Path) -> None:
    tally = FaultTally()
    with running(f"file:{tmp_path / 'later'}", tally) as camera:
        assert comes_about(lambda: camera.state() == "gone")
        assert comes_about(lambda: FaultCode.CAMERA_OPEN.value in tally.snapshot())
        (tmp_path / "later").mkdir()
        cv2.imwrite(str(tmp_path / "later" / "1.png"), picture(60))
        assert sees(camera, 60)
        assert comes_about(lambda: camera.state() == "ok")


# ---- MJPEG over HTTP ----------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with MjpegServer([jpeg(100)]) as server:
        yield server


def test_a_network_camera_is_watched(server: MjpegServer) -> None:
    with running(f"mjpeg:{server.url}") as camera:
        assert sees(camera, 100)
        server.show([jpeg(30)])
        assert sees(camera, 30)


def test_a_stream_that_stops_sending_stalls_and_comes_back(server: MjpegServer) -> None:
    with running(f"mjpeg:{server.url}") as camera:
        frame = frame_of(camera)
        server.mood = "stall"
        assert comes_about(lambda: camera.state() in {"stalled", "gone"})
        assert camera.newest(after_seq=frame.seq + 1_000, timeout_ms=20) is None
        server.mood = "play"
        assert comes_about(lambda: camera.state() == "ok")


def test_a_server_that_refuses_is_gone_and_comes_back(server: MjpegServer) -> None:
    with running(f"mjpeg:{server.url}") as camera:
        assert sees(camera, 100)
        server.mood = "cut"
        assert comes_about(lambda: camera.state() == "gone")
        server.mood = "play"
        assert comes_about(lambda: camera.state() == "ok")


def test_garbage_on_the_line_is_no_frame_and_no_crash(server: MjpegServer) -> None:
    with running(f"mjpeg:{server.url}") as camera:
        assert sees(camera, 100)
        server.mood = "garbage"
        time.sleep(0.5)
        server.mood = "play"
        server.show([jpeg(160)])
        assert sees(camera, 160)


def test_a_frame_is_never_a_mixture_of_two(tmp_path: Path) -> None:
    big = [np.full((900, 900, 3), key, np.uint8) for key in (10, 240)]
    for number, image in enumerate(big):
        cv2.imwrite(str(tmp_path / f"{number}.bmp"), image)
    with running(f"file:{tmp_path}") as camera:
        seq = 0
        for _ in range(40):
            frame = frame_of(camera, seq)
            seq = frame.seq
            assert frame.image.min() == frame.image.max()
