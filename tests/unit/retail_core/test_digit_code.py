"""The digit code: RFC 6238's vectors, our own for the page's JavaScript, and what is refused."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core import limits
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.identity import digit_code
from retail_core.texts.faults import FaultCode

GOLDEN = json.loads(
    (Path(__file__).parents[2] / "golden" / "digit_code.json").read_text(encoding="utf-8")
)
SECRET = bytes.fromhex(GOLDEN["secret"])
MEMBER = UUID(GOLDEN["member_id"]).bytes
NOW = 1_795_327_200
RFC_6238_SHA256 = {
    59: "46119246",
    1_111_111_109: "68084774",
    1_111_111_111: "67062674",
    1_234_567_890: "91819424",
    2_000_000_000: "90698825",
    20_000_000_000: "77737706",
}


def checked(text: str, now_s: int, secret: bytes = SECRET) -> digit_code.DigitUse:
    seen = digit_code.parse(text)
    return digit_code.verify(seen, [(MEMBER, secret)], now_s, TimeQuality.SYNCED)


def refused(text: str, now_s: int = NOW, secret: bytes = SECRET) -> FaultCode:
    with pytest.raises(Fault) as fault:
        checked(text, now_s, secret)
    return fault.value.code


@pytest.mark.parametrize(("unix_s", "expected"), RFC_6238_SHA256.items())
def test_rfc_6238_appendix_b(unix_s: int, expected: str) -> None:
    secret = b"12345678901234567890123456789012"
    assert digit_code.hotp(secret, unix_s // 30, 8) == expected


@pytest.mark.parametrize("vector", GOLDEN["codes"])
def test_golden(vector: dict[str, int | str]) -> None:
    assert digit_code.make(SECRET, MEMBER, int(vector["unix_s"])) == vector["code"]
    assert digit_code.reference_of(MEMBER) == GOLDEN["reference"]


def test_luhn_of_a_known_number() -> None:
    assert digit_code.luhn("7992739871") == "3"


@given(
    st.binary(min_size=20, max_size=20), st.binary(min_size=16, max_size=16), st.integers(0, 2**34)
)
def test_twenty_digits_that_no_payment_code_begins_with(
    secret: bytes, member: bytes, unix_s: int
) -> None:
    code = digit_code.make(secret, member, unix_s)
    assert len(code) == digit_code.DIGITS
    assert code.isdigit()
    assert code[0] == "8"
    seen = digit_code.parse(code.encode())
    assert seen.reference == digit_code.reference_of(member)
    used = digit_code.verify(seen, [(member, secret)], unix_s, TimeQuality.SYNCED)
    assert used.member_id == member
    assert used.step <= unix_s // 30 + 1


@given(st.integers(-200, 200))
def test_it_holds_for_its_step_and_the_skew_of_clocks(late_s: int) -> None:
    step = NOW // digit_code.STEP_S
    code = digit_code.make(SECRET, MEMBER, NOW)
    begins, ends = step * 30 - limits.CLOCK_SKEW_S_MAX, step * 30 + 29 + limits.CLOCK_SKEW_S_MAX
    if begins <= NOW + late_s <= ends:
        used = checked(code, NOW + late_s)
        assert (used.step, used.dead_after_s) == (step, ends)
    else:
        assert refused(code, NOW + late_s) == FaultCode.QR_DIGITS_WRONG


def test_another_secret_or_none_refuses() -> None:
    code = digit_code.make(SECRET, MEMBER, NOW)
    assert refused(code, secret=bytes(20)) == FaultCode.QR_DIGITS_WRONG
    assert refused(code, secret=b"") == FaultCode.QR_DIGITS_WRONG


def test_two_members_with_one_reference_are_told_apart() -> None:
    seen = digit_code.parse(digit_code.make(SECRET, MEMBER, NOW))
    held = [(bytes(16), bytes(20)), (MEMBER, SECRET)]
    assert digit_code.verify(seen, held, NOW, TimeQuality.SYNCED).member_id == MEMBER


def test_a_clock_that_was_never_set_believes_nothing() -> None:
    seen = digit_code.parse(digit_code.make(SECRET, MEMBER, NOW))
    with pytest.raises(Fault) as fault:
        digit_code.verify(seen, [(MEMBER, SECRET)], NOW, TimeQuality.UNKNOWN)
    assert fault.value.code == FaultCode.QR_CLOCK_UNKNOWN


def test_a_clock_before_1970_is_no_crash() -> None:
    assert refused(digit_code.make(SECRET, MEMBER, NOW), now_s=-5) == FaultCode.QR_DIGITS_WRONG


@given(st.integers(0, 19), st.integers(1, 9))
def test_one_wrong_digit_is_foreign(place: int, by: int) -> None:
    code = digit_code.make(SECRET, MEMBER, NOW)
    wrong = code[:place] + str((int(code[place]) + by) % 10) + code[place + 1 :]
    assert refused(wrong) == FaultCode.QR_FOREIGN


@pytest.mark.parametrize(
    "text",
    ["", "8" * 19, "8" * 21, "134567890123456789", "28763443825664394", "８" * 20, "M1:ABC"],
)
def test_what_is_not_ours_is_foreign(text: str) -> None:
    assert refused(text) == FaultCode.QR_FOREIGN


def test_a_secret_of_another_size_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="19 bytes"):
        digit_code.make(bytes(19), MEMBER, NOW)
