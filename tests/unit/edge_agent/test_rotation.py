"""The rotation of faces: cosines stay, keys do not mix, and epochs follow each other exactly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.ports.face import FaceReading
from edge_agent.recognition.guarded import GuardedEngine
from edge_agent.recognition.rotation import Rotation, between
from retail_core.texts.faults import FaultCode
from tests.fakes.camera import picture
from tests.fakes.face import FakeFaceEngine, seen

KEEPS = 2e-6
keys = st.binary(min_size=32, max_size=32)
seeds = st.integers(0, 1 << 32)


def unit(seed: int, size: int) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).normal(size=size)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


@settings(max_examples=20, deadline=None)
@given(keys, seeds, seeds, st.sampled_from([8, 33, 64]))
def test_lengths_and_cosines_stay(key: bytes, one: int, other: int, size: int) -> None:
    rotation = Rotation(key)
    left, right = unit(one, size), unit(other, size)
    turned = rotation.turn(left), rotation.turn(right)
    assert abs(float(turned[0] @ turned[1]) - float(left @ right)) < KEEPS
    assert abs(float(turned[0] @ turned[0]) - 1.0) < KEEPS


@settings(max_examples=10, deadline=None)
@given(keys)
def test_it_is_orthogonal_to_float_precision(key: bytes) -> None:
    matrix = Rotation(key).matrix(64)
    assert np.abs(matrix @ matrix.T - np.eye(64)).max() < 1e-12


@settings(max_examples=15, deadline=None)
@given(keys, keys, seeds)
def test_an_epoch_is_turned_into_the_next_without_a_new_capture(
    old_key: bytes, new_key: bytes, seed: int
) -> None:
    old, new = Rotation(old_key), Rotation(new_key, 2)
    face = unit(seed, 64)
    turned = old.turn(face) @ between(old, new, 64)
    assert np.abs(turned - new.turn(face)).max() < 1e-5


def test_one_person_under_two_keys_looks_like_two() -> None:
    one, other = Rotation(bytes([1]) * 32), Rotation(bytes([2]) * 32)
    faces = [unit(seed, 256) for seed in range(40)]
    scores = [float(one.turn(face) @ other.turn(face)) for face in faces]
    assert abs(np.mean(scores)) < 0.05
    assert max(map(abs, scores)) < 0.35


def test_the_same_key_gives_the_same_rotation_for_ever() -> None:
    first = Rotation(bytes(range(32))).matrix(4)
    known = Rotation(bytes(range(32))).matrix(4)
    assert np.array_equal(first, known)
    assert not np.allclose(first, Rotation(bytes(32)).matrix(4))
    with pytest.raises(ValueError, match="31 bytes"):
        Rotation(bytes(31))


def test_the_door_is_shut_without_leave_and_turns_what_comes_out() -> None:
    inner = FakeFaceEngine({3: seen(1.0, 0.5), 4: FaceReading(None, FaultCode.FACE_BLURRED)})
    open_ = [False]
    door = GuardedEngine(inner, Rotation(bytes(32)), lambda: open_[0])
    assert door.model_id == inner.model_id
    assert door.read(picture(3)).refused_by is FaultCode.FACE_DISABLED
    assert inner.calls == 0
    open_[0] = True
    reading = door.read(picture(3))
    assert reading.embedding is not None
    assert np.allclose(reading.embedding, Rotation(bytes(32)).turn(seen(1.0, 0.5).embedding))  # type: ignore[arg-type]
    assert door.read(picture(4)).refused_by is FaultCode.FACE_BLURRED
