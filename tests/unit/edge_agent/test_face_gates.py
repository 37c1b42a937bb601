"""Each gate refuses what it is for, and lets an ordinary face through."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.drivers.face_onnx.align import TEMPLATE
from edge_agent.drivers.face_onnx.gates import (
    ENROLMENT_GATES,
    GateLimits,
    judge,
    measure,
    pick,
    pose_of,
)
from edge_agent.drivers.face_onnx.yunet import Face
from retail_core.texts.faults import FaultCode

POINTS = TEMPLATE.astype(np.float32)
GOOD = {
    "grey_mean": 120.0,
    "grey_deviation": 50.0,
    "sharpness": 0.1,
    "roll": 0.0,
    "yaw": 0.0,
    "pitch": 0.55,
    "mouth_detail": 0.8,
}


def face(x: float, y: float, width: float) -> Face:
    """A face whose box is square."""
    return Face((x, y, width, width), POINTS, 0.9)


def test_one_face_is_picked() -> None:
    one = face(100, 100, 120)
    assert pick([one], 640, 480, GateLimits()) is one


def test_somebody_small_in_the_background_does_not_matter() -> None:
    near, far = face(100, 100, 200), face(400, 50, 70)
    assert pick([near, far], 640, 480, GateLimits()) is near


@pytest.mark.parametrize(
    ("faces", "code"),
    [
        ([], FaultCode.FACE_NONE),
        ([face(0, 0, 200), face(300, 0, 90)], FaultCode.FACE_SEVERAL),
        ([face(0, 0, 59)], FaultCode.FACE_SMALL),
    ],
)
def test_who_cannot_be_picked_is_told_why(faces: list[Face], code: FaultCode) -> None:
    assert pick(faces, 640, 480, GateLimits()) is code


def test_only_the_lanes_zone_counts() -> None:
    limits = GateLimits(zone=(0.25, 0.0, 0.75, 1.0))
    passer_by, customer = face(0, 100, 150), face(260, 100, 100)
    assert pick([passer_by, customer], 640, 480, limits) is customer
    assert pick([passer_by], 640, 480, limits) is FaultCode.FACE_NONE


def test_an_ordinary_face_passes_both_gates() -> None:
    assert judge(GOOD, GateLimits()) is None
    assert judge(GOOD, ENROLMENT_GATES) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"grey_mean": 20.0}, FaultCode.FACE_EXPOSURE),
        ({"grey_mean": 240.0}, FaultCode.FACE_EXPOSURE),
        ({"grey_deviation": 5.0}, FaultCode.FACE_EXPOSURE),
        ({"sharpness": 0.0005}, FaultCode.FACE_BLURRED),
        ({"roll": -50.0}, FaultCode.FACE_POSE),
        ({"yaw": 0.6}, FaultCode.FACE_POSE),
        ({"yaw": -0.6}, FaultCode.FACE_POSE),
        ({"pitch": 0.1}, FaultCode.FACE_POSE),
        ({"pitch": 0.95}, FaultCode.FACE_POSE),
    ],
)
def test_each_gate_names_itself(change: dict[str, float], code: FaultCode) -> None:
    assert judge({**GOOD, **change}, GateLimits()) is code


def test_a_mouth_without_detail_is_covered_which_only_enrolment_minds() -> None:
    covered = {**GOOD, "mouth_detail": 0.2}
    assert judge(covered, ENROLMENT_GATES) is FaultCode.FACE_COVERED
    assert judge(covered, GateLimits()) is None


def test_detail_of_the_mouth_is_measured_against_that_of_the_eyes() -> None:
    random = np.random.default_rng(2)
    crop = cv2.GaussianBlur(random.integers(0, 255, (112, 112, 3), np.uint8), (0, 0), 2)
    bare = measure(np.asarray(crop, np.uint8), pose_of(POINTS))["mouth_detail"]
    dim = measure(np.asarray(crop // 3, np.uint8), pose_of(POINTS))["mouth_detail"]
    crop[66:] = crop[66:].mean(axis=(0, 1))
    masked = measure(np.asarray(crop, np.uint8), pose_of(POINTS))["mouth_detail"]
    assert bare == pytest.approx(1.0, abs=0.25)
    assert dim == pytest.approx(bare, abs=0.05)
    assert masked < 0.05


@given(st.sampled_from(sorted(GOOD)), st.floats(-100, 300))
def test_what_enrolment_takes_the_till_takes_too(measure_: str, value: float) -> None:
    quality = {**GOOD, measure_: value}
    if judge(quality, ENROLMENT_GATES) is None:
        assert judge(quality, GateLimits()) is None


def test_a_straight_face_is_straight() -> None:
    pose = pose_of(POINTS)
    assert pose.roll == pytest.approx(0, abs=1)
    assert pose.yaw == pytest.approx(0, abs=0.02)
    assert 0.4 < pose.pitch < 0.6


@given(st.floats(-80, 80))
def test_a_tilted_head_shows_its_angle_and_nothing_else(angle: float) -> None:
    radians = np.radians(angle)
    turn = np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
    straight, tilted = pose_of(POINTS), pose_of((TEMPLATE @ turn.T).astype(np.float32))
    assert tilted.roll == pytest.approx(straight.roll + angle, abs=0.1)
    assert tilted.yaw == pytest.approx(straight.yaw, abs=0.01)
    assert tilted.pitch == pytest.approx(straight.pitch, abs=0.01)


def test_a_nose_beside_the_eyes_is_a_turned_head() -> None:
    turned = POINTS.copy()
    turned[2, 0] += 20
    assert pose_of(turned).yaw > 0.4


def test_a_face_without_height_is_no_pose() -> None:
    flat = POINTS.copy()
    flat[:, 1] = 50
    assert judge({**GOOD, "pitch": pose_of(flat).pitch}, GateLimits()) is FaultCode.FACE_POSE


def texture(blur: float, contrast: float = 1.0) -> NDArray[np.uint8]:
    """A crop with structure at every scale."""
    random = np.random.default_rng(5)
    coarse = cv2.resize(random.uniform(0, 255, (28, 28)), (112, 112))
    noise = coarse * 0.8 + random.uniform(0, 255, (112, 112)) * 0.2
    grey = 128 + (noise - noise.mean()) * contrast
    if blur:
        grey = cv2.GaussianBlur(grey, (0, 0), blur)
    return np.asarray(cv2.merge([np.clip(grey, 0, 255).astype(np.uint8)] * 3), np.uint8)


def test_blur_lowers_sharpness_and_pale_light_does_not() -> None:
    pose = pose_of(POINTS)
    sharp, blurred = measure(texture(0), pose), measure(texture(6), pose)
    pale = measure(texture(0, contrast=0.4), pose)
    assert blurred["sharpness"] < sharp["sharpness"] / 5
    assert pale["sharpness"] == pytest.approx(sharp["sharpness"], rel=0.35)


def test_a_cameras_noise_is_no_detail() -> None:
    pose, random = pose_of(POINTS), np.random.default_rng(6)
    blurred = texture(6)
    noisy = np.clip(blurred + random.normal(0, 4, blurred.shape), 0, 255).astype(np.uint8)
    sharp = measure(texture(0), pose)["sharpness"]
    assert measure(noisy, pose)["sharpness"] < sharp / 4
