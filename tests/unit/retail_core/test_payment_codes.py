"""Codes that pay are told apart from all others while they are typed, and never kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.checkout.payment_codes import PREFIXES, begins_payment_code, is_payment_code

WECHAT = [(str(begin), 18) for begin in range(10, 16)]
ALIPAY = [(str(begin), length) for begin in range(25, 31) for length in range(16, 25)]
LENGTHS = [*WECHAT, *ALIPAY, ("62", 19)]


def of(begin: str, length: int) -> str:
    return begin + "0" * (length - len(begin))


@pytest.mark.parametrize("begin", ["10", "11", "12", "13", "14", "15"])
def test_wechat_codes_have_eighteen_digits(begin: str) -> None:
    lengths = [length for length in range(2, 30) if is_payment_code(of(begin, length))]
    assert lengths == [18]


@pytest.mark.parametrize("begin", ["25", "26", "27", "28", "29", "30"])
def test_alipay_codes_have_sixteen_to_twenty_four(begin: str) -> None:
    lengths = [length for length in range(2, 30) if is_payment_code(of(begin, length))]
    assert lengths == list(range(16, 25))


def test_unionpay_codes_have_nineteen() -> None:
    assert [length for length in range(2, 30) if is_payment_code(of("62", length))] == [19]


@pytest.mark.parametrize("length", [16, 18, 19, 24])
def test_no_other_beginning_pays(length: int) -> None:
    paying = {begin for n in range(100) if is_payment_code(of(begin := f"{n:02}", length))}
    wechat = {"10", "11", "12", "13", "14", "15"} if length == 18 else set()
    unionpay = {"62"} if length == 19 else set()
    assert paying == {"25", "26", "27", "28", "29", "30"} | wechat | unionpay
    assert paying <= PREFIXES


@pytest.mark.parametrize(
    "text", ["", "13x000000000000000", "１３0000000000000000", "²80000000000000000", " " * 18]
)
def test_what_is_no_row_of_ascii_digits_is_none_and_begins_none(text: str) -> None:
    assert not is_payment_code(text)
    assert not begins_payment_code(text)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("1", True),
        ("2", True),
        ("3", True),
        ("6", True),
        ("0", False),
        ("4", False),
        ("5", False),
        ("16", False),
        ("24", False),
        ("31", False),
        ("61", False),
        ("63", False),
        (of("15", 17), True),
        (of("15", 18), False),
        (of("28", 16), True),
        (of("28", 23), True),
        (of("28", 24), False),
        (of("62", 18), True),
        (of("62", 19), False),
    ],
)
def test_whether_more_digits_could_make_one(text: str, *, begins: bool) -> None:
    assert begins_payment_code(text) is begins


@given(st.sampled_from(LENGTHS), st.text("0123456789", min_size=24, max_size=24))
def test_whatever_leads_up_to_a_code_begins_one(shape: tuple[str, int], tail: str) -> None:
    begin, length = shape
    code = (begin + tail)[:length]
    assert is_payment_code(code)
    for end in range(1, length):
        assert begins_payment_code(code[:end])
