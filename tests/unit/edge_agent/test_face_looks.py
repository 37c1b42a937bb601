"""The detector's looks: how large a copy is searched, and that a second look lands where it should.

The net is played: its face is a white rectangle, so that truth is known.
"""

from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.align import TEMPLATE
from edge_agent.drivers.face_onnx.closer import PLACES, SIDE, settled, upright
from edge_agent.drivers.face_onnx.session import Session
from edge_agent.drivers.face_onnx.yunet import STRIDES, Detector, Face

HEIGHT, WIDTH = 480, 640
Picture = NDArray[np.uint8]


class WhiteRectangles:
    """Finds what is white; `sides` are the widths of the pictures it was shown."""

    def __init__(self) -> None:
        self.sides: list[int] = []
        self.blind = False

    def run(self, blob: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Answer as the net does, with one anchor at the middle of what is white."""
        _, _, height, width = blob.shape
        self.sides.append(width)
        outputs = {
            f"{head}_{stride}": np.zeros((1, (width // stride) * (height // stride), values))
            for stride in STRIDES
            for head, values in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
        }
        rows, columns = np.nonzero(blob[0, 0] > 127)
        if rows.size and not self.blind:
            low = np.array([columns.min(), rows.min()], float)
            high = np.array([columns.max() + 1, rows.max() + 1], float)
            cell = (low + high) / 2 // 8
            index = int(cell[1]) * (width // 8) + int(cell[0])
            corners = [low, (high[0], low[1]), (low + high) / 2, (low[0], high[1]), high]
            outputs["cls_8"][0, index] = outputs["obj_8"][0, index] = 0.9
            outputs["bbox_8"][0, index, :2] = (low + high) / 2 / 8 - cell
            outputs["bbox_8"][0, index, 2:] = np.log((high - low) / 8)
            outputs["kps_8"][0, index] = (np.array(corners) / 8 - cell).reshape(-1)
        return {name: value.astype(np.float32) for name, value in outputs.items()}


def detector() -> tuple[Detector, WhiteRectangles]:
    """A detector over the played net."""
    net = WhiteRectangles()
    return Detector(cast("Session", net), score=0.7, overlap=0.3), net


def picture(x: int, y: int, width: int, height: int) -> Picture:
    """A white rectangle on black."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[y : y + height, x : x + width] = 255
    return image


def test_a_near_face_is_found_at_a_glance_and_a_far_one_is_looked_for_closely() -> None:
    found, net = detector()
    assert found.detect(picture(200, 100, 160, 200), hasty=True)
    assert net.sides == [320]
    # 60 px: one that is 24 px wide beside it would be a rival, and 12 px in the copy are too few.
    assert found.detect(picture(200, 100, 60, 80), hasty=True)
    assert net.sides[1:] == [320, 480]
    assert not found.detect(picture(0, 0, 0, 0), hasty=True)
    assert net.sides[3:] == [320, 480]
    assert found.detect(picture(200, 100, 160, 200))
    assert net.sides[5:] == [480]


def test_a_frame_whose_copy_is_no_smaller_is_searched_once() -> None:
    found, net = detector()
    found.detect(np.zeros((200, 300, 3), np.uint8), hasty=True)
    found.detect(np.zeros((720, 1280, 3), np.uint8), hasty=True)
    assert net.sides == [320, 480]


def test_in_a_large_photo_a_face_that_fills_it_is_looked_for_in_a_small_copy_too() -> None:
    found, net = detector()
    image = np.zeros((3_000, 4_000, 3), np.uint8)
    image[300:2_700, 1_000:3_000] = 255
    (face,) = found.detect(image)
    assert net.sides == [1_504, 480]
    assert face.box == pytest.approx((1_000, 300, 2_000, 2_400), abs=20)
    assert face.points[2] == pytest.approx((2_000, 1_500), abs=10)


@given(
    angle=st.floats(-0.9, 0.9),
    scale=st.floats(0.5, 6.0),
    dx=st.floats(150, 450),
    dy=st.floats(120, 360),
)
def test_a_second_look_stands_upright_and_leads_back(
    angle: float, scale: float, dx: float, dy: float
) -> None:
    """A landscape of brightness is read off at the right places, whatever the face's size."""
    columns, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    image = np.stack([columns * 255 / WIDTH, rows * 255 / HEIGHT, rows * 0], axis=2)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = ((TEMPLATE - TEMPLATE.mean(axis=0)) @ turn.T + (dx, dy)).astype(np.float32)
    face = Face((dx, dy, 60.0 * scale, 60.0 * scale), points, 0.9)
    near, back = upright(image.astype(np.uint8), face)
    assert near.shape == (SIDE, SIDE, 3)
    for place, point in zip(PLACES, points, strict=True):
        assert back @ (*place, 1.0) == pytest.approx(point, abs=0.01)
        column, row = np.rint(place).astype(int)
        seen = back @ (column, row, 1.0)
        # a pixel of the look is a mean over so many of the picture's; at the edge some are black
        edge = 2 + float(np.linalg.norm(back[:, 0]))
        if (seen > edge).all() and (seen < np.subtract((WIDTH, HEIGHT), edge + 1)).all():
            expected = seen * (255 / WIDTH, 255 / HEIGHT)
            assert near[row, column, :2] == pytest.approx(expected, abs=2.0)


def test_the_points_are_those_of_the_second_look() -> None:
    found, net = detector()
    image = picture(200, 100, 160, 160)
    (first,) = found.detect(image)
    # The played net says corners and middle; a first look that was off is put right by the second.
    off = Face(first.box, (TEMPLATE * 2 + (168, 40)).astype(np.float32), first.score)
    again = settled(found, image, off)
    assert net.sides[-1] == SIDE
    corners = [(200, 100), (360, 100), (280, 180), (200, 260), (360, 260)]
    assert np.abs(again.points - np.array(corners)).max() < 4.0
    assert again.box == pytest.approx((200, 100, 160, 160), abs=4.0)
    assert again.score == first.score


def test_a_second_look_that_finds_nothing_changes_nothing() -> None:
    image = picture(200, 100, 160, 200)
    found, net = detector()
    (first,) = found.detect(image)
    net.blind = True
    assert settled(found, image, first) is first


@pytest.mark.parametrize("at", [(-500.0, 10.0), (639.0, 479.0), (5_000.0, 5_000.0)])
@pytest.mark.parametrize("scale", [0.0, 0.2, 9.0])
def test_a_face_beyond_the_edge_is_left_as_it_is(at: tuple[float, float], scale: float) -> None:
    found, _net = detector()
    points = (TEMPLATE * scale + at).astype(np.float32)
    face = Face((*at, 60.0, 60.0), points, 0.8)
    assert settled(found, picture(0, 0, 0, 0), face) is face
