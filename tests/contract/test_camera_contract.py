"""What every `Camera` promises, shown on the fake and on OpenCV's."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.drivers.camera_opencv.driver import CameraOpenCv
from edge_agent.ports.camera import Camera
from tests.factories.waiting import PATIENCE_MS
from tests.fakes.camera import FakeCamera, picture


class CameraContract:
    @pytest.fixture
    def camera(self) -> Iterator[Camera]:
        raise NotImplementedError

    def test_is_gone_before_it_is_started(self, camera: Camera) -> None:
        assert camera.state() == "gone"
        assert camera.newest(after_seq=0, timeout_ms=1) is None

    def test_gives_newer_and_newer_frames(self, camera: Camera) -> None:
        camera.start()
        first = camera.newest(after_seq=0, timeout_ms=PATIENCE_MS)
        assert first is not None
        second = camera.newest(after_seq=first.seq, timeout_ms=PATIENCE_MS)
        assert second is not None
        assert second.seq > first.seq
        assert second.captured_mono_ms >= first.captured_mono_ms
        assert camera.state() == "ok"
        assert camera.looks() > 0

    def test_frames_are_bgr_and_the_callers_own(self, camera: Camera) -> None:
        camera.start()
        frame = camera.newest(after_seq=0, timeout_ms=PATIENCE_MS)
        assert frame is not None
        assert frame.image.dtype == np.uint8
        assert frame.image.shape == (48, 64, 3)
        assert abs(int(frame.image[24, 32, 0]) - 90) <= 2

    def test_gives_none_when_nothing_newer_comes(self, camera: Camera) -> None:
        camera.start()
        assert camera.newest(after_seq=1 << 40, timeout_ms=30) is None or camera.name == "fake"

    def test_may_be_started_and_stopped_twice(self, camera: Camera) -> None:
        camera.start()
        camera.start()
        camera.stop()
        camera.stop()
        assert camera.state() == "gone"
        assert camera.newest(after_seq=0, timeout_ms=1) is None


class TestFakeCamera(CameraContract):
    @pytest.fixture
    def camera(self) -> Iterator[Camera]:
        camera = FakeCamera(picture(90))
        yield camera
        camera.stop()


@pytest.mark.integration
class TestCameraOpenCv(CameraContract):
    @pytest.fixture
    def camera(self, tmp_path: Path) -> Iterator[Camera]:
        cv2.imwrite(str(tmp_path / "grey.png"), picture(90))
        camera = CameraOpenCv("lane", f"file:{tmp_path}", fps=30)
        yield camera
        camera.stop()
