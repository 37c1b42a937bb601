"""YUV420 as the Pi's camera writes it, and the clock that simulated cameras show."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.camera_source import CameraSource
from edge_agent.drivers.camera_opencv import rpicam, sim_clock, sim_rpicam
from edge_agent.drivers.camera_opencv.colour import grey_of, to_bgr
from edge_agent.drivers.camera_opencv.planar import frame_bytes, row_bytes, unpadded
from edge_agent.drivers.camera_opencv.sim_rtsp import packets, parse_jpeg
from edge_agent.ports.camera import Frame


@pytest.mark.parametrize(("width", "row"), [(64, 64), (66, 128), (640, 640), (1080, 1088)])
def test_rows_are_padded_to_64_bytes(width: int, row: int) -> None:
    assert row_bytes(width) == row
    assert frame_bytes(width, 48) == row * 72


@given(st.integers(32, 200).map(lambda half: half * 2), st.integers(0, (1 << 32) - 1))
def test_the_padding_never_shows(width: int, ms: int) -> None:
    raw = bytearray(sim_rpicam.frame(width, 64, ms))
    assert len(raw) == frame_bytes(width, 64)
    planar = unpadded(raw, width, 64)
    assert planar.shape == (96, width)
    assert not (planar == sim_rpicam.PADDING).any()
    assert sim_clock.read(to_bgr(planar)) == ms


def planes_of(colour: tuple[int, int, int]) -> np.ndarray:
    """A planar picture of one colour (BGR), made by OpenCV's full-range conversion."""
    pixel = np.full((4, 64, 3), colour, np.uint8)
    luma, red, blue = cv2.split(cv2.cvtColor(pixel, cv2.COLOR_BGR2YCrCb))
    parts = (luma.ravel(), blue[:2, :32].ravel(), red[:2, :32].ravel())
    return np.concatenate(parts).reshape(6, 64)


@pytest.mark.parametrize(
    "colour", [(0, 0, 0), (255, 255, 255), (200, 40, 40), (40, 200, 40), (40, 40, 200)]
)
def test_colours_span_the_whole_range_and_are_not_swapped(colour: tuple[int, int, int]) -> None:
    back = to_bgr(planes_of(colour))
    assert back.shape == (4, 64, 3)
    assert np.abs(back.astype(int) - colour).max() <= 2


def test_grey_is_at_hand_and_colour_is_made_once_when_asked_for() -> None:
    planar = planes_of((200, 40, 40))
    asked: list[int] = []

    def colour() -> np.ndarray:
        asked.append(1)
        return to_bgr(planar)

    frame = Frame(1, 2, colour, grey_of(planar))
    assert frame.grey is not None
    assert frame.grey.shape == (4, 64)
    assert asked == []
    assert frame.image.shape == (4, 64, 3)
    assert frame.image is frame.image
    assert asked == [1]


def test_a_torn_or_empty_picture_shows_no_moment() -> None:
    early, late = sim_clock.draw(640, 480, 1_000), sim_clock.draw(640, 480, 1_033)
    torn = np.concatenate((early[:180], late[180:]))
    assert sim_clock.read(early) == 1_000
    assert sim_clock.read(torn) is None
    assert sim_clock.read(np.zeros((480, 640, 3), np.uint8)) is None


def test_the_program_is_asked_for_raw_frames_at_once() -> None:
    source = CameraSource.parse("rpicam:1?width=1280&height=720")
    line = " ".join(rpicam.command(source, 30, "/usr/bin/rpicam-vid"))
    assert "/usr/bin/rpicam-vid --camera 1 --timeout 0 --nopreview --codec yuv420" in line
    assert line.endswith("--width 1280 --height 720 --framerate 30 --flush --output -")


def test_a_picture_over_rtp_is_cut_and_its_last_part_marked() -> None:
    content = cv2.imencode(".jpg", sim_clock.draw(640, 480, 7))[1].tobytes()
    jpeg = parse_jpeg(content)
    parts = list(packets(jpeg, 65_535, 9))
    assert (jpeg.width8, jpeg.height8) == (80, 60)
    assert [part[1] >> 7 for part in parts] == [0] * (len(parts) - 1) + [1]
    assert [int.from_bytes(part[2:4], "big") for part in parts[:2]] == [65_535, 0]
