"""Decoding, overlap, alignment and the liveness crop: laws that hold for any face."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.align import CROP_SIDE, TEMPLATE, align, similarity
from edge_agent.drivers.face_onnx.liveness import surroundings
from edge_agent.drivers.face_onnx.yunet import STRIDES, decode, suppress

Outputs = dict[str, NDArray[np.float32]]
WIDTH, HEIGHT = 64, 32


def empty_outputs() -> Outputs:
    """What the net gives for a wall."""
    outputs: Outputs = {}
    for stride in STRIDES:
        anchors = (WIDTH // stride) * (HEIGHT // stride)
        for head, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            outputs[f"{head}_{stride}"] = np.zeros((1, anchors, width), np.float32)
    return outputs


def test_a_wall_has_no_faces() -> None:
    rows = decode(empty_outputs(), WIDTH, 0.5)
    assert rows.shape == (0, 15)
    assert suppress(rows, 0.3).shape == (0, 15)


def test_an_anchor_is_decoded_where_it_stands() -> None:
    outputs = empty_outputs()
    row, column, stride = 1, 3, 16
    index = row * (WIDTH // stride) + column
    outputs["cls_16"][0, index], outputs["obj_16"][0, index] = 0.81, 1.0
    outputs["bbox_16"][0, index] = (0.5, 0.25, np.log(2), np.log(3))
    outputs["kps_16"][0, index] = np.arange(10) / 10
    (found,) = decode(outputs, WIDTH, 0.5)
    assert found[0] == pytest.approx(0.9)
    width, height = 2 * stride, 3 * stride
    centre = ((column + 0.5) * stride, (row + 0.25) * stride)
    assert found[1:5] == pytest.approx(
        [centre[0] - width / 2, centre[1] - height / 2, width, height]
    )
    assert found[5:7] == pytest.approx([(column + 0.0) * stride, (row + 0.1) * stride])
    assert found[13:15] == pytest.approx([(column + 0.8) * stride, (row + 0.9) * stride])


def boxes(*boxes_: tuple[float, float, float, float, float]) -> NDArray[np.float32]:
    """Rows of score, x, y, width, height; points do not matter."""
    return np.array([(*box, *([0.0] * 10)) for box in boxes_], np.float32)


def test_of_two_boxes_on_one_face_the_surer_stays() -> None:
    rows = boxes((0.8, 0, 0, 10, 10), (0.9, 1, 1, 10, 10), (0.7, 40, 0, 10, 10))
    assert list(suppress(rows, 0.3)[:, 0]) == pytest.approx([0.9, 0.7])


@given(
    st.lists(
        st.tuples(*(st.floats(0, 1, width=32), *([st.floats(1, 50, width=32)] * 4))), max_size=12
    )
)
def test_what_stays_does_not_overlap_and_nothing_is_invented(
    found: list[tuple[float, float, float, float, float]],
) -> None:
    rows = boxes(*found) if found else np.zeros((0, 15), np.float32)
    kept = suppress(rows, 0.3)
    assert len(kept) <= len(rows)
    assert len(suppress(kept, 0.3)) == len(kept)
    if len(rows):
        assert kept[0, 0] == rows[:, 0].max()


coordinates = st.floats(-200, 200)


@given(angle=st.floats(-3.1, 3.1), scale=st.floats(0.1, 8), dx=coordinates, dy=coordinates)
def test_a_turned_scaled_moved_face_is_brought_back(
    angle: float, scale: float, dx: float, dy: float
) -> None:
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    seen = (TEMPLATE @ turn.T + (dx, dy)).astype(np.float32)
    matrix = similarity(seen, TEMPLATE)
    back = seen @ matrix[:, :2].T + matrix[:, 2]
    assert np.allclose(back, TEMPLATE, atol=0.05)


def test_points_that_fall_together_do_not_divide_by_zero() -> None:
    assert np.isfinite(similarity(np.full((5, 2), 7, np.float32), TEMPLATE)).all()


def test_alignment_agrees_with_opencvs() -> None:
    random = np.random.default_rng(3)
    image = cv2.GaussianBlur(random.integers(0, 255, (200, 200, 3), np.uint8), (0, 0), 2)
    points = (TEMPLATE * 1.2 + 20 + random.uniform(-3, 3, (5, 2))).astype(np.float32)
    ours = align(np.asarray(image, np.uint8), points)
    matrix, _ = cv2.estimateAffinePartial2D(points, TEMPLATE.astype(np.float32), method=cv2.LMEDS)
    assert ours.shape == (CROP_SIDE, CROP_SIDE, 3)
    assert matrix is not None
    assert np.allclose(similarity(points, TEMPLATE)[:, :2], matrix[:, :2], atol=0.1)


@given(
    x=st.floats(-20, 600),
    y=st.floats(-20, 440),
    width=st.floats(4, 600),
    height=st.floats(4, 440),
)
def test_the_liveness_crop_stays_inside_the_frame(
    x: float, y: float, width: float, height: float
) -> None:
    left, top, wide, high = surroundings((x, y, width, height), 640, 480)
    assert left >= 0
    assert top >= 0
    assert wide > 0
    assert high > 0
    assert left + wide <= 640
    assert top + high <= 480
