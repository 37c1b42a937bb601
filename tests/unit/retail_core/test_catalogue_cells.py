"""Cells of a table as people type them: what is read, and what is complained of, by column."""

from collections.abc import Callable
from datetime import date, time

import pytest

from retail_core import limits
from retail_core.catalog.cells import CODE_CHARS_MAX, Row
from retail_core.catalog.reasons import RowError, RowReason

LONG_CODE = "a" * (CODE_CHARS_MAX + 1)
LONG_NAME = "名" * (limits.NAME_CHARS_MAX + 1)
TOO_DEAR = f"{limits.AMOUNT_FEN_MAX // 100 + 1}"
MOST, TOO_MUCH = f"{limits.QTY_MILLI_MAX // 1000}", f"{limits.QTY_MILLI_MAX // 1000 + 1}"
FOUR, FIRST = time(4), date(2026, 7, 31)

Read = Callable[[Row], object]
TEXT: Read = lambda row: row.text("c")  # noqa: E731  # a table of readers
NEEDED: Read = lambda row: row.text("c", required=True)  # noqa: E731
WORDS: Read = lambda row: row.words("c")  # noqa: E731
CODE: Read = lambda row: row.code("c")  # noqa: E731
MAYBE: Read = lambda row: row.code("c", required=False)  # noqa: E731
CODES: Read = lambda row: row.codes("c")  # noqa: E731
QUANTITY: Read = lambda row: row.quantity_milli("c")  # noqa: E731
ZONE: Read = lambda row: row.zone("c", "Asia/Shanghai")  # noqa: E731
CLOCK: Read = lambda row: row.clock("c", FOUR)  # noqa: E731
AMOUNT: Read = lambda row: row.amount_fen("c")  # noqa: E731
PRICE: Read = lambda row: row.amount_fen("c", required=True)  # noqa: E731
DAY: Read = lambda row: row.day("c", FIRST)  # noqa: E731


@pytest.mark.parametrize(
    ("read", "cell", "value"),
    [
        (TEXT, "  玫瑰 香皂 ", "玫瑰 香皂"),
        (TEXT, "", ""),
        (TEXT, LONG_NAME[1:], LONG_NAME[1:]),
        (TEXT, "a\u3000b", "a\u3000b"),  # a wide blank is not printable and hides nothing
        (WORDS, "新品| 进口 ||新品|", frozenset({"新品", "进口"})),
        (CODE, "Ａ-1_b.9", "A-1_b.9"),
        (CODE, LONG_CODE[1:], LONG_CODE[1:]),
        (MAYBE, "", ""),
        (CODES, "S2|Ｓ１|S2", ("S1", "S2")),
        (QUANTITY, "1", 1_000),
        (QUANTITY, "１，２34.5", 1_234_500),
        (QUANTITY, "0.075", 75),
        (QUANTITY, "0.75", 750),
        (QUANTITY, MOST, limits.QTY_MILLI_MAX),
        (ZONE, "", "Asia/Shanghai"),
        (ZONE, "Asia/Urumqi", "Asia/Urumqi"),
        (CLOCK, "", FOUR),
        (CLOCK, "０5：30", time(5, 30)),
        (AMOUNT, "", None),
        (AMOUNT, "¥12.50", 1_250),
        (AMOUNT, "0", 0),
        (DAY, "", FIRST),
        (DAY, "2028-02-29", date(2028, 2, 29)),
    ],
)
def test_what_is_read(read: Read, cell: str, value: object) -> None:
    row = Row(3, {"c": cell})
    assert read(row) == value
    assert row.errors == []


@pytest.mark.parametrize(
    ("read", "cell", "value", "reason", "shown"),
    [
        (NEEDED, "  ", "", RowReason.REQUIRED, ""),
        (TEXT, LONG_NAME, LONG_NAME, RowReason.TOO_LONG, LONG_NAME[1:]),
        (TEXT, "a\u200bb", "a\u200bb", RowReason.CONTROL_CHARACTER, r"'a\u200bb'"),
        (TEXT, "a\x07b", "a\x07b", RowReason.CONTROL_CHARACTER, r"'a\x07b'"),
        (CODE, "", "", RowReason.REQUIRED, ""),
        (CODE, "a b", "a b", RowReason.CODE_INVALID, "a b"),
        (MAYBE, LONG_CODE, LONG_CODE, RowReason.CODE_INVALID, LONG_CODE),
        (CODES, "S1|S 2", ("S 2", "S1"), RowReason.CODE_INVALID, "S 2"),
        (CODES, LONG_CODE, (LONG_CODE,), RowReason.CODE_INVALID, LONG_CODE),
        (QUANTITY, "", 0, RowReason.REQUIRED, ""),
        (QUANTITY, "1,5x", 0, RowReason.NOT_A_QUANTITY, "15x"),
        (QUANTITY, "1.2345", 0, RowReason.NOT_A_QUANTITY, "1.2345"),
        (QUANTITY, "-1", 0, RowReason.NOT_A_QUANTITY, "-1"),
        (QUANTITY, TOO_MUCH, limits.QTY_MILLI_MAX + 1_000, RowReason.TOO_LARGE, TOO_MUCH),
        (ZONE, "Asia/Nowhere", "Asia/Nowhere", RowReason.ZONE_UNKNOWN, "Asia/Nowhere"),
        (ZONE, "../etc", "../etc", RowReason.ZONE_UNKNOWN, "../etc"),
        (CLOCK, "24:01", FOUR, RowReason.TIME_INVALID, "24:01"),
        (CLOCK, "5:30", FOUR, RowReason.TIME_INVALID, "5:30"),
        (PRICE, "", None, RowReason.REQUIRED, ""),
        (AMOUNT, "12元x", None, RowReason.NOT_AN_AMOUNT, "12元x"),
        (AMOUNT, "1,234.567", None, RowReason.DECIMALS, "1,234.567"),
        (AMOUNT, "-0.01", -1, RowReason.NEGATIVE, "-0.01"),
        (AMOUNT, TOO_DEAR, int(TOO_DEAR) * 100, RowReason.TOO_LARGE, TOO_DEAR),
        (DAY, "2026-02-29", FIRST, RowReason.DATE_INVALID, "2026-02-29"),
        (DAY, "20260801", FIRST, RowReason.DATE_INVALID, "20260801"),
    ],
)
def test_what_is_complained_of(
    read: Read, cell: str, value: object, reason: RowReason, shown: str
) -> None:
    row = Row(3, {"c": cell})
    assert read(row) == value
    assert row.errors == [RowError(3, "c", reason, shown)]


def test_a_sku_and_its_barcodes_are_named_by_their_columns() -> None:
    row = Row(9, {"sku": "a/b", "barcodes": "６９０| 69 1 |x_y|" + LONG_CODE})
    assert row.sku() == "a/b"
    assert row.barcodes() == ("690", "69 1", "x_y", LONG_CODE)
    wrong = [("sku", RowReason.SKU_INVALID, "a/b")]
    wrong += [("barcodes", RowReason.BARCODE_INVALID, one) for one in ("69 1", "x_y", LONG_CODE)]
    assert row.errors == [RowError(9, *one) for one in wrong]
    assert Row(9, {"barcodes": LONG_CODE[1:]}).barcodes() == (LONG_CODE[1:],)


def test_a_column_the_file_has_not_is_an_empty_cell() -> None:
    row = Row(1, {"sku": ""})
    assert (row.has("sku"), row.has("c"), row.text("c")) == (True, False, "")
    row.complain("c", RowReason.REQUIRED)
    assert row.errors == [RowError(1, "c", RowReason.REQUIRED, "")]
