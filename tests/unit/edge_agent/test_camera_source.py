"""How a camera is written in the config file."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.camera_source import KINDS, CameraSource


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("file:/a/b", CameraSource("file", "/a/b")),
        ("file:/a/b?jitter=1&hold=3", CameraSource("file", "/a/b", jitter=True, hold=3)),
        ("file:/a/b?hold=0", CameraSource("file", "/a/b", hold=1)),
        ("mjpeg:http://cam/x?y=1", CameraSource("mjpeg", "http://cam/x?y=1")),
        ("rtsp://u:p@cam:8554/1?sub=0", CameraSource("rtsp", "rtsp://u:p@cam:8554/1?sub=0")),
        ("v4l2:/dev/video0", CameraSource("v4l2", "/dev/video0")),
        ("rpicam:", CameraSource("rpicam", "0")),
        ("rpicam:1?width=1280&height=720", CameraSource("rpicam", "1", width=1280, height=720)),
    ],
)
def test_a_source_is_read_as_written(text: str, source: CameraSource) -> None:
    assert CameraSource.parse(text) == source


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "file:PATH"),
        ("file:", "file:PATH"),
        ("/dev/video0", "file:PATH"),
        ("http://cam/x", "file:PATH"),
        ("mjpeg:cam/x", "file:PATH"),
        ("mjpeg:file:///etc/passwd", "file:PATH"),
        ("rtsp:///x", "file:PATH"),
        ("file:/a?jitter=1&shake=2", "unknown option shake"),
        ("file:/a?hold=many", "hold: need a number"),
        ("rpicam:a", "camera: need a number from 0 to 9"),
        ("rpicam:0?width=641", "even"),
        ("rpicam:0?width=4096", "width: need a number from 64 to 1920"),
        ("rpicam:0?fps=30", "unknown option fps"),
    ],
)
def test_what_is_no_source_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        CameraSource.parse(text)


@given(st.sampled_from(KINDS), st.text(max_size=40))
def test_any_text_is_a_source_or_a_value_error(kind: str, rest: str) -> None:
    with suppress(ValueError):
        assert CameraSource.parse(f"{kind}:{rest}").kind == kind


def test_a_password_in_an_address_is_not_shown() -> None:
    assert CameraSource.parse("rtsp://u:secret@cam:554/1").shown == "rtsp://cam:554/1"
    assert CameraSource.parse("v4l2:/dev/video0").shown == "v4l2:/dev/video0"
