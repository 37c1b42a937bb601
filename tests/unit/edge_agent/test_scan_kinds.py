"""What was scanned, and above all what is never told of a payment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.scanner.kinds import MemberForms, ScanKinds
from retail_core.catalog.weighed import check_digit
from retail_core.checkout.payment_codes import is_payment_code
from retail_core.identity.card_number import card_pattern
from retail_core.identity.digit_code import luhn
from retail_core.identity.member_code import mint

TOKEN = mint(b"k" * 32, b"i" * 8, 1_700_000_000, 60, b"n" * 8)
DIGITS = f"8{'123456789' * 2}"
DIGIT_CODE = DIGITS + luhn(DIGITS)
CARD = "990012345678"
FORMS = MemberForms(("9900########",))
KINDS = ScanKinds("till", FORMS)
WECHAT, ALIPAY, UNIONPAY = "134567890123456789", "2876543210987654321", "6212345678901234567"


def weighed(body: str) -> str:
    return f"{body}{check_digit(body)}"


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("6901234567892", "article", "6901234567892"),
        ("]E06901234567892", "article", "6901234567892"),
        ("96385074", "article", "96385074"),
        ("10023", "article", "10023"),
        ("A-17", "article", "A-17"),
        (TOKEN, "member", TOKEN),
        (f"]Q1{TOKEN}", "member", TOKEN),
        (DIGIT_CODE, "member", DIGIT_CODE),
        (CARD, "member", CARD),
        (WECHAT, "payment", ""),
        (ALIPAY, "payment", ""),
        (f"]C1{ALIPAY}", "payment", ""),
        (UNIONPAY, "payment", ""),
        ("6901234567891", "other", ""),
        (f"6901234567892{WECHAT}", "other", ""),
        (WECHAT[:12], "other", ""),
        ("13812345678", "other", ""),
        (f"8{'1' * 19}", "other", ""),
        ("https://example.org/m/abc", "other", ""),
        (None, "other", ""),
    ],
)
def test_kinds(text: str | None, kind: str, code: str) -> None:
    event = KINDS.event(text, 7)
    assert (event.till, event.kind, event.code, event.mono_ms) == ("till", kind, code, 7)


def test_a_label_says_what_it_weighs_and_costs() -> None:
    by_weight = KINDS.event(weighed("200012300752"), 0)
    assert (by_weight.kind, by_weight.qty_milli, by_weight.amount_fen) == ("weighed", 752, None)
    by_price = KINDS.event(weighed("210012301940"), 0)
    assert (by_price.kind, by_price.qty_milli, by_price.amount_fen) == ("weighed", None, 1_940)


PAYMENTS = (
    st.tuples(st.sampled_from(range(10, 16)), st.integers(0, 10**16 - 1)).map(
        lambda one: f"{one[0]}{one[1]:016}"
    )
    | st.tuples(st.sampled_from(range(25, 31)), st.integers(14, 22), st.data()).map(
        lambda one: f"{one[0]}{one[2].draw(st.integers(0, 10 ** one[1] - 1)):0{one[1]}}"
    )
    | st.integers(0, 10**17 - 1).map(lambda one: f"62{one:017}")
)


@given(PAYMENTS)
def test_law_a_payment_code_is_told_without_its_digits_and_never_waits(text: str) -> None:
    assert is_payment_code(text)
    assert KINDS.event(text, 0).code == ""
    assert not any(FORMS.may_become(text[:end]) for end in range(1, len(text) + 1))


@given(PAYMENTS, st.integers(0, 24), st.integers(0, 24))
def test_law_no_long_piece_of_a_payment_code_is_told(text: str, start: int, size: int) -> None:
    piece = text[start : start + size]
    told = KINDS.event(piece, 0).code
    assert len(told) <= 14


@given(st.sampled_from([TOKEN, f"]Q1{TOKEN}", DIGIT_CODE, CARD]))
def test_law_a_members_code_waits_to_its_end(text: str) -> None:
    assert all(FORMS.may_become(text[:end]) for end in range(1, len(text) + 1))
    assert FORMS.are(text)
    assert not FORMS.may_become(f"{text}0" if text != CARD else f"{CARD}0")


@pytest.mark.parametrize("pattern", ["", "99", "12####", "28####", "62######", "9#", "9900x###"])
def test_patterns_that_could_be_a_payment_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"card number|payment"):
        card_pattern(pattern)


@given(st.text(max_size=40))
def test_law_anything_may_be_scanned(text: str) -> None:
    assert KINDS.event(text, 0).kind
