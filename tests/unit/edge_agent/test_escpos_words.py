"""Words and numbers of receipts, one habit at a time."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.till_escpos.amounts import (
    NumberFormat,
    find_format,
    parse_number,
    without_dates,
)
from edge_agent.drivers.till_escpos.word_index import normal
from edge_agent.drivers.till_escpos.words import Meaning, Vocabulary

WORDS = Vocabulary()
EURO = NumberFormat(",")
PESO = NumberFormat(",", 0, grouped=True)


@pytest.mark.parametrize(
    ("label", "meaning"),
    [
        ("合计", Meaning.TOTAL),
        ("合    计:", Meaning.TOTAL),
        ("合计(5件)", Meaning.TOTAL),
        ("应收金额", Meaning.DUE),
        ("小计", Meaning.SUBTOTAL),
        ("会员优惠", Meaning.DISCOUNT),
        ("抹零", Meaning.ROUNDING),
        ("您已节省", Meaning.SAVED),
        ("微信支付", Meaning.TENDER),
        ("找零", Meaning.CHANGE),
        ("TOTAL EUR", Meaning.TOTAL),
        ("Sub-Total", Meaning.SUBTOTAL),
        ("Net à payer", Meaning.DUE),
        ("NET A PAYER", Meaning.DUE),
        ("RÜCKGELD", Meaning.CHANGE),
        ("Total Repair Shampoo", None),
        ("totally nuts", None),
        ("可口可乐", None),
        ("Copy paper A4", None),
        ("12.00", None),
        ("", None),
    ],
)
def test_a_label_means_what_most_of_it_says(label: str, meaning: Meaning | None) -> None:
    assert WORDS.meaning(label) is meaning


def test_a_profile_adds_words_and_takes_none_away() -> None:
    mine = Vocabulary({Meaning.TOTAL: ["拢总", "all in all"]})
    assert mine.meaning("拢总") is Meaning.TOTAL
    assert mine.meaning("ALL IN ALL") is Meaning.TOTAL
    assert mine.meaning("合计") is Meaning.TOTAL
    assert WORDS.meaning("拢总") is None


def test_a_question_may_be_narrowed() -> None:
    assert WORDS.meaning("合计数量", among=frozenset({Meaning.TOTAL})) is Meaning.TOTAL
    assert WORDS.meaning("合计", among=frozenset({Meaning.TENDER})) is None


def test_a_word_may_be_found_inside_a_title() -> None:
    assert WORDS.mentions("商品销售统计表", Meaning.REPORT)
    assert not WORDS.mentions("老街便利店", Meaning.REPORT)


@given(st.text(max_size=60))
def test_any_label_has_an_answer(label: str) -> None:
    WORDS.meaning(label)
    assert normal(normal(label)) == normal(label)


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["1.299,00", "5,00"], EURO),
        (["1,299.00"], NumberFormat(".")),
        (["$1.500", "$3.000"], PESO),
        (["1,500"], NumberFormat(".", 0, grouped=True)),
        (["4", "12"], NumberFormat(".", 0, plain=True)),
        (["¥4", "¥12"], NumberFormat(".", 0)),
        (["6.5", "4"], NumberFormat(".", 1)),
        (["2026-11-22 12:31", "22.11.2026", "6.50"], NumberFormat(".")),
    ],
)
def test_the_format_is_told_from_the_numbers(texts: list[str], form: NumberFormat) -> None:
    assert find_format(texts) == form


def test_the_profile_tells_the_decimal_mark() -> None:
    assert find_format(["1.500"], ",") == NumberFormat(",", 0)
    assert find_format(["6,50"], ",") == EURO


@pytest.mark.parametrize(
    ("word", "form", "value", "is_money"),
    [
        ("6.50", NumberFormat(), "6.50", True),
        ("¥6.50", NumberFormat(), "6.50", True),
        ("6.50元", NumberFormat(), "6.50", True),
        ("-6.50", NumberFormat(), "-6.50", True),
        ("6.50-", NumberFormat(), "-6.50", True),
        ("￥-6.50", NumberFormat(), "-6.50", True),
        ("=6.50", NumberFormat(), "6.50", True),
        ("1,299.00", NumberFormat(), "1299.00", True),
        ("1.299,00", EURO, "1299.00", True),
        ("0,752", EURO, "0.752", False),
        ("$1.500", PESO, "1500", True),
        ("2", NumberFormat(), "2", False),
        ("0.752kg", NumberFormat(), "0.752", False),
        ("3件", NumberFormat(), "3", False),
        ("5%", NumberFormat(), "5", False),
        ("4", NumberFormat(".", 0, plain=True), "4", True),
    ],
)
def test_numbers_are_read(word: str, form: NumberFormat, value: str, *, is_money: bool) -> None:
    number = parse_number(word, form)
    assert number is not None
    assert (number.value, number.is_money) == (Decimal(value), is_money)


@pytest.mark.parametrize(
    "word", ["", "abc", "330ml", "8,35", "1.2.3", "12:31", "x4", "1,23,456.00"]
)
def test_what_is_no_number_is_none(word: str) -> None:
    assert parse_number(word, NumberFormat()) is None


@given(st.integers(min_value=0, max_value=10**10), st.sampled_from([".", ","]))
def test_any_amount_survives_printing(fen: int, mark: str) -> None:
    group = "," if mark == "." else "."
    printed = f"{fen // 100:,}".replace(",", group) + f"{mark}{fen % 100:02d}"
    number = parse_number(printed, NumberFormat(mark))
    assert number is not None
    assert number.is_money
    assert number.fen == fen


def test_dates_are_blanked_in_place() -> None:
    assert without_dates("a 2026-11-22 12:31 b") == "a" + " " * 18 + "b"
