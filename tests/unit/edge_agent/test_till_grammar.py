"""Columns of a profile: what it may say, and how lines are read by it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from edge_agent.domain.tapped_receipt import ReceiptLine
from edge_agent.drivers.profiles import TillProfile, load_file
from edge_agent.drivers.profiles.text import profile_text
from edge_agent.drivers.profiles.till import Items
from edge_agent.drivers.till_escpos.amounts import NumberFormat
from edge_agent.drivers.till_escpos.item_rows import item_row
from edge_agent.drivers.till_escpos.layout import Line, Segment, Sheet
from edge_agent.drivers.till_escpos.receipt import Rules, read_receipt
from edge_agent.drivers.till_escpos.words import Meaning, Vocabulary
from tools.profile_reference import PAGE, render

FORM = NumberFormat()
FOUR = Items.model_validate(
    {
        "columns": [
            {"kind": "name", "end": 14},
            {"kind": "qty", "start": 14, "end": 18},
            {"kind": "price", "start": 18, "end": 25},
            {"kind": "amount", "start": 25, "always": True},
        ],
        "wrap": True,
        "begin": ["品项"],
        "end": ["会员"],
    }
)


def line(*parts: tuple[int, str]) -> Line:
    return Line(tuple(Segment(column, text) for column, text in parts))


def row(name: str, qty: str, price: str, amount: str) -> Line:
    figures = [(18 - len(qty), qty), (25 - len(price), price), (32 - len(amount), amount)]
    return line(*([(0, name)] if name else []), *(each for each in figures if each[1]))


def receipt(*lines: Line, **words: tuple[str, ...]) -> tuple[list[ReceiptLine], int | None]:
    vocabulary = Vocabulary({Meaning(key): each for key, each in words.items()})
    rules = replace(Rules(), vocabulary=vocabulary, items=FOUR)
    read = read_receipt(Sheet((line((0, "品项表")), *lines), cut=True), rules)
    return list(read.lines), read.total_fen


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ({"columns": [{"kind": "name"}]}, "an article needs"),
        ({"columns": [{"kind": "qty"}, {"kind": "qty"}], "by": "order"}, "twice"),
        ({"columns": [{"kind": "amount", "start": 9, "end": 9}]}, "ends before"),
        ({"columns": [{"kind": "name"}, {"kind": "amount"}]}, "overlap"),
        ({"columns": [{"kind": "amount", "end": 200}]}, "less than"),
        ({"colums": []}, "Extra"),
    ],
)
def test_columns_nobody_could_read_by_are_refused(items: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Items.model_validate(items)


def test_figures_belong_to_the_column_they_stand_in() -> None:
    found = item_row(row("Eggs 12", "2", "3.50", "7.00"), FOUR, FORM)
    assert found is not None
    assert (found.name, found.qty_milli, found.amount_fen) == ("Eggs 12", 2_000, 700)
    assert found.certain
    no_qty = item_row(row("可乐", "", "3.50", "7.00"), FOUR, FORM)
    assert no_qty is not None
    assert (no_qty.qty_milli, no_qty.certain) == (2_000, False)
    assert item_row(row("可乐", "2", "3.50", ""), FOUR, FORM) is None  # the amount is always there


def test_figures_without_places_are_told_by_their_order() -> None:
    kinds = ("qty", "name", "price", "amount")
    columns = [{"kind": kind} for kind in kinds]
    order = Items.model_validate({"columns": columns, "by": "order"})
    found = item_row(line((0, "2 x Flat white 4.20 = 8.40")), order, FORM)
    assert found is not None
    assert (found.name, found.qty_milli, found.amount_fen) == ("Flat white", 2_000, 840)
    assert item_row(line((0, "Flat white 8.40")), order, FORM) is None


def test_a_receipt_is_read_from_the_first_article_to_the_end() -> None:
    lines, total = receipt(
        row("手工黑芝麻核", "", "", ""),
        row("桃软糕", "2", "3.50", "7.00"),
        line((2, "批号:A20260418")),
        row("茶", "1", "2.00", "2.00"),
        line((0, "会员价已享"), (28, "9.99")),
        line((0, "拢总"), (28, "9.00")),
        total=("拢总",),
    )
    assert lines == [ReceiptLine("手工黑芝麻核桃软糕", 2_000, 700), ReceiptLine("茶", 1_000, 200)]
    assert total == 900


def test_a_tills_own_word_wins_over_the_usual_meaning() -> None:
    lines, total = receipt(
        row("茶", "1", "2.00", "2.00"),
        line((0, "合计"), (28, "5.00")),  # of the day, this till means
        line((0, "拢总"), (28, "2.00")),
        total=("拢总",),
        note=("合计",),
    )
    assert (lines, total) == ([ReceiptLine("茶", 1_000, 200)], 200)


def test_a_refund_with_a_minus_everywhere_reads_like_what_was_sold() -> None:
    back = [row("茶", "-1", "2.00", "-2.00"), line((0, "合计"), (27, "-2.00"))]
    rules = replace(Rules(), items=FOUR)
    read = read_receipt(Sheet((line((0, "品项")), *back), cut=True), rules)
    assert (read.kind, read.total_fen) == ("refund", 200)
    assert list(read.lines) == [ReceiptLine("茶", 1_000, 200)]


def test_what_the_columns_do_not_fit_is_read_as_without_them() -> None:
    lines = (line((0, "Tea  2.00")), line((0, "TOTAL  2.00")), line((0, "CASH  2.00")))
    wrong = Items.model_validate({"columns": [{"kind": "amount", "start": 60, "end": 70}]})
    read = read_receipt(Sheet(lines, cut=True), replace(Rules(), items=wrong))
    assert (read.total_fen, read.fault) == (200, None)


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@settings(max_examples=30)
@given(st.lists(texts, max_size=4), texts)
def test_a_written_profile_loads_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], title: str
) -> None:
    told = {
        "kind": "till_escpos", "name": "mine", "title_zh": title, "title_en": title,
        "words": {"total": words}, "paper": {"code_pages": {"7": "cp437"}},
        "items": FOUR.model_dump(),
    }  # fmt: skip
    profile = TillProfile.model_validate(told)
    path = Path(tmp_path_factory.mktemp("profile"), "mine.toml")
    path.write_text(profile_text(profile), encoding="utf-8")
    assert load_file(path) == profile


def test_every_key_of_a_profile_is_explained_where_technicians_look() -> None:
    assert PAGE.read_text(encoding="utf-8") == render()
