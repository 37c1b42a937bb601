"""Each kind of camera on a peer that shows a clock: newest frame, blocked device, recovery."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_agent.drivers.camera_opencv import sim_rpicam
from edge_agent.drivers.camera_opencv.driver import CameraOpenCv
from edge_agent.drivers.camera_opencv.sim_clock import now_ms, read
from edge_agent.ports.camera import Frame
from tests.factories.waiting import PATIENCE_MS, comes_about
from tools.bench.camera_peers import Peer, gst_missing, gst_peer, peer_of

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

FPS = 15
KINDS = ("mjpeg", "rtsp", "rpicam")


@dataclass(frozen=True, slots=True)
class Watched:
    """A camera on its peer."""

    peer: Peer
    camera: CameraOpenCv

    def frame(self, after_seq: int = 0) -> Frame:
        found = self.camera.newest(after_seq=after_seq, timeout_ms=PATIENCE_MS)
        assert found is not None
        return found

    def moment(self, after_seq: int) -> int:
        """When the picture of a newer frame was taken."""
        shown = read(self.frame(after_seq).image)
        assert shown is not None
        return shown


@contextmanager
def watching(peer: Peer) -> Iterator[Watched]:
    camera = CameraOpenCv("lane", peer.source, fps=FPS)
    camera.start()
    try:
        yield Watched(peer, camera)
    finally:
        camera.stop()


@pytest.fixture(params=KINDS)
def watched(request: pytest.FixtureRequest) -> Iterator[Watched]:
    with ExitStack() as stack:
        peer = stack.enter_context(peer_of(request.param, FPS))
        yield stack.enter_context(watching(peer))


def test_a_slow_consumer_gets_the_newest_frame(watched: Watched) -> None:
    frame = watched.frame()
    behind = []
    for _ in range(8):
        time.sleep(0.3)  # four to five frames pass meanwhile
        later = watched.frame(frame.seq)
        behind.append(later.seq - frame.seq)
        shown = read(later.image)
        assert shown is not None
        # The peer drew it after the last one but two before it: nothing waits in a queue.
        assert later.captured_mono_ms >= shown
        frame = later
    assert max(behind) > 1


def test_a_blocked_camera_is_opened_anew(watched: Watched) -> None:
    before = watched.frame()
    watched.peer.block()
    blocked_ms = now_ms()
    assert comes_about(lambda: watched.moment(before.seq) > blocked_ms)
    assert comes_about(lambda: watched.camera.state() == "ok")


def test_a_device_that_hangs_the_process_costs_the_process(watched: Watched) -> None:
    before = watched.frame()
    hung = watched.camera.capture_pid()
    assert hung is not None
    os.kill(hung, signal.SIGSTOP)
    stopped_ms = now_ms()
    assert comes_about(lambda: watched.moment(before.seq) > stopped_ms)
    assert not Path(f"/proc/{hung}").exists()


def test_the_pi_cameras_program_ends_with_the_capture() -> None:
    with peer_of("rpicam", FPS) as peer, watching(peer) as watched:
        watched.frame()
        capture = watched.camera.capture_pid()
        assert capture is not None
        program = children_of(capture)
        assert len(program) == 1
        os.kill(capture, signal.SIGKILL)
        assert comes_about(lambda: not alive(program[0]))


def test_the_pis_camera_gives_grey_beside_colour() -> None:
    with peer_of("rpicam", FPS) as peer, watching(peer) as watched:
        frame = watched.frame()
        assert frame.grey is not None
        assert read(frame.grey) == read(frame.image)


def test_without_the_program_the_camera_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    with watching(Peer("rpicam:", lambda: None)) as watched:
        assert comes_about(lambda: watched.camera.state() == "gone")


def test_the_simulated_program_refuses_what_the_real_one_does_not_know(tmp_path: Path) -> None:
    program = sim_rpicam.install(tmp_path)
    strange = subprocess.run(
        [str(program), "--codec", "yuv420", "--output", "-", "--fps", "3"],
        capture_output=True,
        check=False,
    )
    assert strange.returncode != 0
    assert b"--fps" in strange.stderr


@pytest.mark.skipif(bool(gst_missing()), reason=gst_missing())
@pytest.mark.parametrize("codec", ["jpeg", "h264"])
def test_a_real_rtsp_server_is_watched_and_opened_anew(codec: str) -> None:
    with gst_peer(codec, FPS) as peer, watching(peer) as watched:
        before = watched.frame()
        peer.block()
        blocked_ms = now_ms()
        assert comes_about(lambda: watched.moment(before.seq) > blocked_ms)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Whether a process still runs; a zombie waiting for init does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
