"""The rotating member code: its bytes, its life, its one use."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.identity import base45
from retail_core.identity.member_code import (
    MemberCode,
    key_id_of,
    mint,
    parse,
    verify,
)
from retail_core.texts.faults import FaultCode

# RFC 8032 §7.1, TEST 1 and TEST 2
PRIVATE = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
OTHER_PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
KEY_ID = bytes.fromhex("21fe31dfa154a261")  # the first bytes of SHA-256 of the public key
NONCE = bytes(range(8))
NOW_S = 1_795_000_000


def fresh(issued_at_s: int = NOW_S, ttl_s: int = 60, nonce: bytes = NONCE) -> str:
    return mint(PRIVATE, KEY_ID, issued_at_s, ttl_s, nonce)


def refused(code: MemberCode, public_key: bytes, now_s: int, quality: TimeQuality) -> FaultCode:
    with pytest.raises(Fault) as caught:
        verify(code, public_key, now_s, quality)
    return caught.value.code


def test_the_keys_are_those_of_the_rfc() -> None:
    own = Ed25519PrivateKey.from_private_bytes(PRIVATE)
    assert own.public_key() == Ed25519PublicKey.from_public_bytes(PUBLIC)
    assert own.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a")
    assert key_id_of(PUBLIC) == KEY_ID


def test_the_bytes_of_a_code() -> None:
    text = fresh()
    assert text.startswith("M1:")
    assert len(text) == 132
    raw = base45.decode(text[3:])
    assert raw[:22].hex() == "01" + KEY_ID.hex() + "6afd86c0" + "3c" + NONCE.hex()
    key = Ed25519PublicKey.from_public_bytes(PUBLIC)
    key.verify(raw[22:], b"regulars-m1" + raw[:22])


@given(st.integers(0, (1 << 32) - 1), st.integers(1, 120), st.binary(min_size=8, max_size=8))
def test_a_minted_code_is_parsed_and_believed(issued_at_s: int, ttl_s: int, nonce: bytes) -> None:
    text = mint(PRIVATE, KEY_ID, issued_at_s, ttl_s, nonce)
    code = parse(text)
    assert (code.key_id, code.issued_at_s, code.ttl_s, code.nonce) == (
        KEY_ID, issued_at_s, ttl_s, nonce,
    )  # fmt: skip
    assert parse(text.encode()) == code
    verify(code, PUBLIC, issued_at_s, TimeQuality.SYNCED)
    verify(code, PUBLIC, issued_at_s, TimeQuality.HOLDOVER)


@pytest.mark.parametrize("ttl_s", [0, -1, 121])
def test_a_life_out_of_bounds_is_not_minted(ttl_s: int) -> None:
    with pytest.raises(ValueError, match=f"^ttl_s {ttl_s}$"):
        fresh(ttl_s=ttl_s)


@pytest.mark.parametrize(("key_id", "nonce"), [(b"short", NONCE), (KEY_ID, b"123456789")])
def test_sizes_out_of_bounds_are_not_minted(key_id: bytes, nonce: bytes) -> None:
    with pytest.raises(ValueError, match=rf"^key id of {len(key_id)} bytes, nonce of {len(nonce)}"):
        mint(PRIVATE, key_id, NOW_S, 60, nonce)


# ---- what is not ours ---------------------------------------------------------------------------


def raw_of(text: str) -> bytearray:
    return bytearray(base45.decode(text.removeprefix("M1:")))


def as_text(raw: bytes) -> str:
    return "M1:" + base45.encode(raw)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "M1:",
        "https://example.invalid/",
        fresh()[:-1],
        fresh() + "0",
        "M2:" + fresh()[3:],
        "m1:" + fresh()[3:],
        fresh().lower(),
        fresh()[:-3] + ":::",
        fresh()[:-1] + "é",
        b"\xff\xfe",
        fresh().encode()[:-1] + b"\xff",
        as_text(bytes([2]) + raw_of(fresh())[1:]),
        as_text(bytes([0]) + raw_of(fresh())[1:]),
    ],
)
def test_what_has_not_our_form_is_foreign(text: str | bytes) -> None:
    with pytest.raises(Fault) as caught:
        parse(text)
    assert caught.value.code == FaultCode.QR_FOREIGN


@pytest.mark.parametrize(("ttl_s", "ours"), [(0, 0), (1, 1), (120, 1), (121, 0), (255, 0)])
def test_a_code_that_would_live_too_long_is_foreign(ttl_s: int, ours: int) -> None:
    raw = raw_of(fresh())
    raw[13] = ttl_s
    if ours:
        assert parse(as_text(bytes(raw))).ttl_s == ttl_s
    else:
        with pytest.raises(Fault) as caught:
            parse(as_text(bytes(raw)))
        assert caught.value.code == FaultCode.QR_FOREIGN


@given(st.text(max_size=140) | st.binary(max_size=140))
def test_anything_scanned_is_judged_without_an_error(text: str | bytes) -> None:
    with pytest.raises(Fault) as caught:
        parse(text)
    assert caught.value.code == FaultCode.QR_FOREIGN


# ---- what is not believed -----------------------------------------------------------------------


@pytest.mark.parametrize("at", range(1, 86))
def test_a_code_with_any_byte_changed_is_not_believed(at: int) -> None:
    raw = raw_of(fresh())
    raw[at] ^= 1
    code = parse(as_text(bytes(raw)))
    assert refused(code, PUBLIC, NOW_S, TimeQuality.SYNCED) == FaultCode.QR_SIGNATURE


@pytest.mark.parametrize("public_key", [OTHER_PUBLIC, bytes(31), b""])
def test_another_key_does_not_believe_it(public_key: bytes) -> None:
    code = parse(fresh())
    assert refused(code, public_key, NOW_S, TimeQuality.SYNCED) == FaultCode.QR_SIGNATURE


def test_a_signature_for_another_purpose_is_not_believed() -> None:
    signed = bytes(raw_of(fresh())[:22])
    for domain in (b"", b"regulars-m2"):
        signature = Ed25519PrivateKey.from_private_bytes(PRIVATE).sign(domain + signed)
        code = parse(as_text(signed + signature))
        assert refused(code, PUBLIC, NOW_S, TimeQuality.SYNCED) == FaultCode.QR_SIGNATURE


@pytest.mark.parametrize(
    ("now_s", "wanted"),
    [
        (NOW_S - 31, FaultCode.QR_EXPIRED),
        (NOW_S - 30, None),
        (NOW_S, None),
        (NOW_S + 60, None),
        (NOW_S + 90, None),
        (NOW_S + 91, FaultCode.QR_EXPIRED),
    ],
)
def test_a_code_lives_its_time_and_the_clocks_skew(now_s: int, wanted: FaultCode | None) -> None:
    code = parse(fresh())
    if wanted is None:
        verify(code, PUBLIC, now_s, TimeQuality.SYNCED)
    else:
        assert refused(code, PUBLIC, now_s, TimeQuality.SYNCED) == wanted


def test_a_clock_that_was_never_set_believes_nothing() -> None:
    code = parse(fresh())
    assert refused(code, PUBLIC, NOW_S, TimeQuality.UNKNOWN) == FaultCode.QR_CLOCK_UNKNOWN


def test_a_forged_code_is_told_before_the_clock_is_asked() -> None:
    code = parse(fresh())
    assert refused(code, OTHER_PUBLIC, 0, TimeQuality.UNKNOWN) == FaultCode.QR_SIGNATURE


def test_two_codes_have_two_proofs() -> None:
    codes = {parse(fresh()).proof, parse(fresh(nonce=bytes(8))).proof}
    codes.add(parse(mint(PRIVATE, bytes(8), NOW_S, 60, NONCE)).proof)
    assert {len(proof) for proof in codes} == {32}
    assert len(codes) == 3


def test_no_clock_takes_a_code_after_it_is_dead() -> None:
    code = parse(fresh())
    assert code.dead_after_s == NOW_S + 90
    verify(code, PUBLIC, NOW_S + 90, TimeQuality.SYNCED)
    assert refused(code, PUBLIC, NOW_S + 91, TimeQuality.SYNCED) == FaultCode.QR_EXPIRED
