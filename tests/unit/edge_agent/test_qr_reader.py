"""The cascade reads what a shop's camera sees, and hostile pictures do it no harm."""

import io

import cv2
import numpy as np
import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.drivers.qr import reader as cascade
from edge_agent.drivers.qr.reader import PAYLOAD_BYTES_MAX, SECOND_EVERY, QrCascade
from edge_agent.drivers.qr.sim import Look, jpeg, render
from retail_core.identity.member_code import key_id_of, mint, parse
from tests.fakes.camera import picture

Picture = NDArray[np.uint8]
CODE = mint(b"k" * 32, key_id_of(b"p" * 32), 1_800_000_000, 60, b"12345678")


def drawn(content: str | bytes, scale: int = 6) -> Picture:
    """A clean code on paper."""
    file = io.BytesIO()
    segno.make(content, micro=False).save(file, kind="png", scale=scale, border=4)
    image = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8)


@pytest.mark.parametrize(
    "look",
    [
        Look(),
        Look(blur=1.2, perspective=0.15, turn=-12, seed=3),
        Look(code_px=200, blur=1.6, noise=6, seed=4),
        Look(turn=90, perspective=0.0, seed=5),
        Look(brightness=0.45, noise=8, seed=6),
    ],
    ids=["held up", "askew", "far", "sideways", "dim"],
)
def test_a_phone_held_to_the_camera_is_read(look: Look) -> None:
    (payload,) = QrCascade().read(render(CODE, look))
    assert parse(payload).nonce == b"12345678"


def test_a_jpeg_frame_is_read_too() -> None:
    content = np.frombuffer(jpeg(render(CODE)), np.uint8)
    image = cv2.imdecode(content, cv2.IMREAD_COLOR)
    assert image is not None
    assert QrCascade().read(np.asarray(image, np.uint8)) == (CODE.encode(),)


def test_two_codes_in_view_are_both_given_once() -> None:
    left, right = drawn("one"), drawn("two")
    both = np.hstack([left, right, left])
    assert set(QrCascade().read(np.asarray(both, np.uint8))) == {b"one", b"two"}
    assert len(QrCascade().read(np.asarray(both, np.uint8))) == 2


def test_binary_payloads_come_as_their_bytes() -> None:
    raw = bytes(range(256))
    assert QrCascade().read(drawn(raw)) == (raw,)


@settings(max_examples=15, deadline=None)
@given(st.binary(min_size=1, max_size=60))
def test_any_payload_is_bytes_never_a_crash(content: bytes) -> None:
    found = QrCascade().read(drawn(content))
    assert all(isinstance(payload, bytes) for payload in found)


@pytest.mark.parametrize(
    "image",
    [
        picture(0),
        picture(255),
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((3, 2000), np.uint8),
        np.zeros((0, 5, 3), np.uint8),
    ],
)
def test_nothing_is_read_where_nothing_is(image: Picture) -> None:
    assert QrCascade().read(image) == ()


def test_noise_holds_no_code() -> None:
    random = np.random.default_rng(2)
    reader = QrCascade()
    for _ in range(SECOND_EVERY * 2):
        assert reader.read(random.integers(0, 255, (300, 400, 3), np.uint8)) == ()


# ---- the second opinion -------------------------------------------------------------------------


class BlindToAll:
    """What the first reader would be on a code only the second can read."""

    def __init__(self, *, sighted: bool) -> None:
        self.sighted = sighted
        self.asked = 0

    def __call__(self, _grey: Picture) -> tuple[list[bytes], bool]:
        self.asked += 1
        return [], self.sighted


def test_zbar_reads_what_zxing_only_sighted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascade, "_first", BlindToAll(sighted=True))
    reader = QrCascade()
    assert [reader.read(drawn("member")) for _ in range(3)] == [(b"member",)] * 3


def test_zbar_is_asked_of_some_empty_pictures_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascade, "_first", BlindToAll(sighted=False))
    reader = QrCascade()
    found = [bool(reader.read(drawn("member"))) for _ in range(SECOND_EVERY * 2)]
    assert found == ([True] + [False] * (SECOND_EVERY - 1)) * 2


def test_large_pictures_are_made_smaller_for_zbar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascade, "_first", BlindToAll(sighted=True))
    assert QrCascade().read(drawn("member", scale=60)) == (b"member",)


def test_without_a_second_opinion_nothing_more_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascade, "_first", BlindToAll(sighted=True))
    assert QrCascade(second_opinion=False).read(drawn("member")) == ()


def test_the_simulator_draws_any_member_code() -> None:
    frame = render("A" * 200)
    assert frame.shape == (480, 640, 3)
    assert len(CODE) < PAYLOAD_BYTES_MAX
