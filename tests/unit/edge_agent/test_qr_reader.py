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
from edge_agent.drivers.qr import variants
from edge_agent.drivers.qr.decoders import PAYLOAD_BYTES_MAX, is_sane, load_zbar, zbar
from edge_agent.drivers.qr.reader import EMPTY_EVERY, QrCascade
from edge_agent.drivers.qr.sightings import Sighting, merged
from edge_agent.drivers.qr.sim import Look, jpeg, render
from edge_agent.drivers.qr.variants import VARIANTS
from retail_core.identity import digit_code
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


def test_digits_are_read_where_a_signed_code_is_lost() -> None:
    digits = digit_code.make(bytes(20), bytes(16), 1_800_000_000)
    blurred = Look(blur=2.5)
    assert QrCascade().read(render(digits, blurred)) == (digits.encode(),)
    assert QrCascade().read(render(CODE, blurred)) == ()


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
    for _ in range(EMPTY_EVERY * len(VARIANTS)):
        assert reader.read(random.integers(0, 255, (300, 400, 3), np.uint8)) == ()


# ---- the other looks ----------------------------------------------------------------------------


def square(left: float, top: float, side: float, payload: bytes | None = None) -> Sighting:
    """A sighting without any slant."""
    right, bottom = left + side, top + side
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Sighting(corners, "test", payload)


UNREAD = square(10, 10, 160)


class BlindToAll:
    """What the first look would be on a code that only another look can read."""

    def __init__(self, *, sighted: bool) -> None:
        self.sighted = sighted

    def __call__(self, _grey: Picture) -> list[Sighting]:
        return [UNREAD] if self.sighted else []


def test_every_look_reads_a_plain_code_where_it_is() -> None:
    grey = cv2.cvtColor(drawn("member"), cv2.COLOR_BGR2GRAY)
    rim = np.full((grey.shape[0] + 60, grey.shape[1] + 200), 255, np.uint8)
    rim[30:-30, 150:-50] = grey
    clue = square(174, 54, grey.shape[0] - 48)
    look = variants.Look(rim, [clue], load_zbar())
    for name, variant in VARIANTS.items():
        (one,) = variant(look)
        assert one.payload == b"member", name
        assert one.is_place_of(clue), name


def test_the_looks_take_turns_at_what_was_sighted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascade, "zxing", BlindToAll(sighted=True))
    reader = QrCascade()
    assert [reader.read(drawn("member")) for _ in VARIANTS] == [(b"member",)] * len(VARIANTS)


def test_another_look_at_some_empty_pictures_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cascade, "zxing", BlindToAll(sighted=False))
    reader = QrCascade()
    found = [bool(reader.read(drawn("member"))) for _ in range(EMPTY_EVERY * 2)]
    assert found == ([True] + [False] * (EMPTY_EVERY - 1)) * 2


def test_large_pictures_are_made_smaller_for_zbar() -> None:
    large = drawn("member", scale=60)
    (one,) = VARIANTS["sharpened_zbar"](variants.Look(large[:, :, 0], [], load_zbar()))
    assert one.payload == b"member"
    assert max(x for x, _ in one.corners) > variants.ZBAR_SIDE_MAX


def test_a_lone_picture_gets_every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def look(name: str) -> variants.Variant:
        def seen(_look: variants.Look) -> list[Sighting]:
            asked.append(name)
            return []

        return seen

    monkeypatch.setattr(cascade, "VARIANTS", {name: look(name) for name in VARIANTS})
    assert QrCascade().look_hard(picture(0)) == []
    assert asked == list(VARIANTS)
    asked.clear()
    (one,) = QrCascade().look_hard(drawn("member"))
    assert (one.payload, one.text, asked) == (b"member", "member", [])
    assert QrCascade().look_hard(np.zeros((0, 0), np.uint8)) == []


def test_zbars_guesses_at_characters_are_not_believed() -> None:
    grey = cv2.cvtColor(drawn("会员".encode("shift_jis", "replace")), cv2.COLOR_BGR2GRAY)
    assert zbar(np.asarray(grey, np.uint8), load_zbar()) == []
    assert not is_sane(b"")
    assert not is_sane(bytes(PAYLOAD_BYTES_MAX + 1))


def test_one_place_is_read_once_and_a_smaller_code_inside_is_another() -> None:
    whole, again = square(0, 0, 100, b"a"), square(2, 1, 99, b"b")
    inner, clue = square(40, 40, 20, b"c"), square(1, 1, 98)
    assert merged([], [whole, again, inner, clue]) == [whole, inner]
    assert merged([clue], [whole]) == [whole]
    assert merged([clue], [square(0, 0, 8), square(200, 0, 50)]) == [clue, square(200, 0, 50)]


def test_the_simulator_draws_any_member_code() -> None:
    frame = render("A" * 200)
    assert frame.shape == (480, 640, 3)
    assert len(CODE) < PAYLOAD_BYTES_MAX
