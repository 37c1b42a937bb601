"""Which lines of a receipt a printed return is about."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.checkout.taken_back import Back, SoldLine, folded, match_lines

EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "60"))
SOAP = SoldLine(1, "玫瑰香皂", 2_000, shelf_fen=3_980, net_fen=3_582, left_milli=2_000)
MASK = SoldLine(2, "补水面膜", 3_000, shelf_fen=1_000, net_fen=1_000, left_milli=3_000)


def test_a_return_may_show_the_price_of_the_shelf_or_the_one_paid() -> None:
    assert match_lines([SOAP, MASK], [Back("玫瑰香皂", 2_000, 3_980)]) == ((1, 2_000),)
    assert match_lines([SOAP, MASK], [Back("玫瑰香皂", 2_000, 3_582)]) == ((1, 2_000),)
    assert match_lines([SOAP, MASK], [Back("玫瑰香皂", 2_000, 3_800)]) is None


@pytest.mark.parametrize(("fen", "fits"), [(332, False), (333, True), (334, True), (335, False)])
def test_a_part_of_a_line_may_be_off_by_what_rounding_takes(fen: int, *, fits: bool) -> None:
    found = match_lines([MASK], [Back("补水面膜", 1_000, fen)])
    assert found == (((2, 1_000),) if fits else None), "a third of 10.00 is 3.33 or 3.34"


@pytest.mark.parametrize(
    ("fen", "fits"), [(998, False), (999, True), (1_001, True), (1_002, False)]
)
def test_a_whole_line_may_be_off_by_one_fen(fen: int, *, fits: bool) -> None:
    assert (match_lines([MASK], [Back("补水面膜", 3_000, fen)]) is not None) is fits


@pytest.mark.parametrize(
    ("qty", "fits"), [(-1_000, False), (0, False), (1, True), (2_000, True), (2_001, False)]
)
def test_no_more_comes_back_than_is_left(qty: int, *, fits: bool) -> None:
    line = SoldLine(4, "散称", 5_000, shelf_fen=5_000, net_fen=5_000, left_milli=2_000)
    assert match_lines([line], [Back("散称", qty, qty)]) == (((4, qty),) if fits else None)


def test_what_came_back_already_is_gone_and_parts_add_up() -> None:
    one = Back("玫瑰香皂", 1_000, 1_990)
    assert match_lines([SOAP], [one, one]) == ((1, 2_000),)
    assert match_lines([SOAP], [one, one, one]) is None


def test_the_next_line_of_the_same_article_takes_what_the_first_cannot() -> None:
    again = SoldLine(3, "玫瑰香皂", 1_000, shelf_fen=1_990, net_fen=1_791, left_milli=1_000)
    one = Back("玫瑰香皂", 1_000, 1_990)
    assert match_lines([again, MASK, SOAP], [one, one, one]) == ((1, 2_000), (3, 1_000))


def test_one_thing_that_was_not_sold_so_spoils_the_whole() -> None:
    assert match_lines([SOAP], [Back("玫瑰香皂", 1_000, 1_990), Back("牙膏", 1_000, 500)]) is None
    assert match_lines([SOAP, MASK], []) is None
    assert match_lines([], [Back("玫瑰香皂", 1_000, 1_990)]) is None


def test_names_are_compared_without_widths_case_and_blanks() -> None:
    assert folded(" ＡＢＣ　皂 x ") == folded("abc皂X") == "abc皂x"
    line = SoldLine(1, "Rose 香皂 100G", 1_000, 500, 500, 1_000)
    assert match_lines([line], [Back("ｒｏｓｅ香皂１００ｇ", 1_000, 500)]) == ((1, 1_000),)
    assert match_lines([line], [Back("Rose 香皂 200G", 1_000, 500)]) is None


lines = st.lists(
    st.tuples(st.sampled_from("甲乙丙"), st.integers(1, 5), st.integers(0, 999)),
    min_size=1,
    max_size=5,
)


@settings(max_examples=EXAMPLES)
@given(lines, st.data())
def test_what_was_sold_so_always_comes_back_and_never_more_than_is_left(
    drawn: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    sold = [
        SoldLine(nth, name, pieces * 1_000, pieces * fen, pieces * fen, pieces * 1_000)
        for nth, (name, pieces, fen) in enumerate(drawn, start=1)
    ]
    one = data.draw(st.sampled_from(sold))
    whole = match_lines(sold, [Back(one.name, one.qty_milli, one.net_fen)])
    assert whole is not None
    assert sum(qty for _, qty in whole) == one.qty_milli
    assert all(0 < qty <= sold[line - 1].left_milli for line, qty in whole)
    assert all(sold[line - 1].name == one.name for line, _ in whole)
