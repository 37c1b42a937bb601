from datetime import date
from typing import Any

import pytest

from retail_core import limits
from retail_core.catalog.importing import (
    CatalogueImport,
    ImportedArticle,
    RowError,
    RowReason,
    parse_catalogue,
    read_text,
)
from retail_core.catalog.reasons import TEXTS
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

TODAY = date(2026, 7, 31)
HEADER = "sku,barcodes,name,unit,price,cost,brand,category,tags,effective_from"
GOOD = {
    "sku": "A1",
    "barcodes": "6900000010016|123",
    "name": "绿茶 500ml",
    "unit": "瓶",
    "price": "5.50",
    "cost": "2.6",
    "brand": "云岭",
    "category": "饮料",
    "tags": "茶| 无糖",
    "effective_from": "2026-08-01",
}
ARTICLE = ImportedArticle(
    row=2,
    sku="A1",
    barcodes=("6900000010016", "123"),
    name="绿茶 500ml",
    unit="瓶",
    price_fen=550,
    cost_fen=260,
    brand="云岭",
    category="饮料",
    tags=frozenset({"茶", "无糖"}),
    effective_from=date(2026, 8, 1),
)


def row(**cells: str) -> str:
    return ",".join((GOOD | cells).values())


def read(*rows: str, header: str = HEADER) -> CatalogueImport:
    return parse_catalogue("\n".join((header, *rows)) + "\n", today=TODAY)


def errors(*rows: str) -> list[tuple[int, str, str]]:
    return [(error.row, error.column, error.reason.value) for error in read(*rows).errors]


def test_a_row_becomes_an_article() -> None:
    assert read(row()) == CatalogueImport((ARTICLE,), ())


def test_what_may_be_empty() -> None:
    bare = row(barcodes="", cost="", brand="", category="", tags="", effective_from="")
    article = read(bare).articles[0]
    assert article.barcodes == ()
    assert article.cost_fen is None
    assert (article.brand, article.category, article.tags) == ("", "", frozenset())
    assert article.effective_from == TODAY


@pytest.mark.parametrize("column", ["sku", "name", "unit", "price"])
def test_what_may_not_be_empty(column: str) -> None:
    assert errors(row(**{column: "  "})) == [(2, column, "required")]


def test_several_rows_without_an_article_number_are_not_called_repeats() -> None:
    missing = [row(sku="", barcodes=""), row(sku="", barcodes="")]
    assert errors(*missing) == [(2, "sku", "required"), (3, "sku", "required")]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("sku", "A 1", "sku_invalid"),
        ("sku", "货A1", "sku_invalid"),
        ("sku", "A" * 65, "sku_invalid"),
        ("barcodes", "6.9E+12", "barcode_invalid"),
        ("barcodes", "123|69 1", "barcode_invalid"),
        ("barcodes", "1" * 65, "barcode_invalid"),
        ("name", "n" * 201, "too_long"),
        ("brand", "n" * 201, "too_long"),
        ("name", "a\x07b", "control_character"),
        ("category", "a\u200bb", "control_character"),
        ("price", "-0.01", "negative"),
        ("cost", "-1", "negative"),
        ("price", "1.234", "decimals"),
        ("cost", "¥1.2345", "decimals"),
        ("price", "-1.234", "decimals"),
        ("price", "1.2.345", "not_an_amount"),
        ("price", "5元", "not_an_amount"),
        ("price", "1e3", "not_an_amount"),
        ("price", "1000000000.01", "too_large"),
        ("effective_from", "2026-02-30", "date_invalid"),
        ("effective_from", "2026/08/01", "date_invalid"),
        ("effective_from", "20260801", "date_invalid"),
        ("effective_from", "2026-8-1", "date_invalid"),
    ],
)
def test_a_bad_cell_is_named_and_its_row_not_taken(column: str, value: str, reason: str) -> None:
    imported = read(row(**{column: value}), row(sku="A2", barcodes="9"))
    assert [(error.row, error.column, error.reason.value) for error in imported.errors] == [
        (2, column, reason)
    ]
    assert [article.sku for article in imported.articles] == ["A2"]


@pytest.mark.parametrize(
    ("column", "value", "field", "taken"),
    [
        ("sku", "A" * 64, "sku", "A" * 64),
        ("sku", "a.B_9-x", "sku", "a.B_9-x"),
        ("sku", "Ａ１", "sku", "A1"),
        ("barcodes", "６９０１", "barcodes", ("6901",)),
        ("barcodes", " 1 || 2 |", "barcodes", ("1", "2")),
        ("barcodes", "AB-" + "1" * 61, "barcodes", ("AB-" + "1" * 61,)),
        ("name", " n 　", "name", "n"),
        ("name", "n" * 200, "name", "n" * 200),
        ("name", "Ａ款（大）", "name", "Ａ款（大）"),
        ("price", "￥１２．５０", "price_fen", 1250),
        ("price", "0", "price_fen", 0),
        ("price", "1000000000.00", "price_fen", limits.AMOUNT_FEN_MAX),
        ("cost", "0", "cost_fen", 0),
        ("cost", "0.05", "cost_fen", 5),
        ("effective_from", "２０２６-０１-０２", "effective_from", date(2026, 1, 2)),
        ("tags", "|", "tags", frozenset()),
    ],
)
def test_cells_are_read_as_people_type_them(
    column: str, value: str, field: str, taken: object
) -> None:
    article = read(row(**{column: value})).articles[0]
    assert getattr(article, field) == taken


def test_an_error_carries_what_stood_there() -> None:
    assert read(row(price="abc")).errors == (RowError(2, "price", RowReason.NOT_AN_AMOUNT, "abc"),)
    assert read(row(name="n" * 300)).errors[0].value == "n" * limits.NAME_CHARS_MAX
    assert read(row(name="a\x07b")).errors[0].value == r"'a\x07b'"
    assert read(row(barcodes="1|+|2")).errors[0].value == "+"
    assert read(row(sku="")).errors[0].value == ""
    assert read(row(sku="?")).errors[0].value == "?"
    assert read(row(price="-1")).errors[0].value == "-1"
    assert read(row(price="9999999999")).errors[0].value == "9999999999"
    assert read(row(effective_from="soon")).errors[0].value == "soon"


def test_every_error_of_a_row_is_told() -> None:
    assert errors(row(sku="?", price="x", cost="-1", effective_from="soon")) == [
        (2, "sku", "sku_invalid"),
        (2, "price", "not_an_amount"),
        (2, "cost", "negative"),
        (2, "effective_from", "date_invalid"),
    ]


def test_repeats_are_errors_and_the_first_stays() -> None:
    imported = read(row(), row(barcodes="7"), row(sku="A2", barcodes="8|123"))
    assert imported.articles == (ARTICLE,)
    assert imported.errors == (
        RowError(3, "sku", RowReason.SKU_DUPLICATE, "A1"),
        RowError(4, "barcodes", RowReason.BARCODE_DUPLICATE, "123"),
    )
    assert errors(row(barcodes="5|5")) == [(2, "barcodes", "barcode_duplicate")]


def test_a_bad_row_still_holds_its_number() -> None:
    assert errors(row(price="x"), row(barcodes="7")) == [
        (2, "price", "not_an_amount"),
        (3, "sku", "sku_duplicate"),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_spreadsheets_differ(delimiter: str, newline: str, mark: str) -> None:
    lines = (HEADER, row(price="5.5", name="绿茶 500ml"))
    text = mark + newline.join(line.replace(",", delimiter) for line in lines)
    assert parse_catalogue(text, today=TODAY).articles == (ARTICLE,)


def test_quoted_cells_may_hold_delimiters_quotes_and_lines() -> None:
    quoted = row(name='"绿茶, ""大""\n瓶"', sku="A2", barcodes="9")
    imported = read(quoted, row())
    assert [error.reason for error in imported.errors] == [RowReason.CONTROL_CHARACTER]
    assert imported.articles[0].row == 3
    assert read(row(name='"绿茶, ""大"""')).articles[0].name == '绿茶, "大"'
    assert read(row(name='5" 屏')).articles[0].name == '5" 屏'


def test_only_the_header_tells_the_delimiter() -> None:
    name = "sku;" * 12
    assert read(row(name=name)).articles[0].name == name
    semicolons = f"\n\n{HEADER}\n{row()}".replace(",", ";")
    assert len(parse_catalogue(semicolons, today=TODAY).articles) == 1


def test_quoted_headers_are_read() -> None:
    header = ";".join(f'"{name}"' for name in HEADER.split(","))
    assert read(row().replace(",", ";"), header=header).articles == (ARTICLE,)


def test_broken_quotes_end_the_file_and_say_where() -> None:
    imported = read(row(), row(sku="A2", barcodes="9", name='"lost'), row(sku="A3", barcodes="8"))
    assert imported.articles == (ARTICLE,)
    assert imported.errors == (RowError(3, "-", RowReason.QUOTES),)


def test_blank_rows_count_and_hold_nothing() -> None:
    imported = read("", row(), " , ,", ",,,,,,,,,", row(sku="A2", barcodes="9"), "")
    assert [article.row for article in imported.articles] == [3, 6]
    assert imported.errors == ()


def test_blank_rows_above_the_header() -> None:
    imported = parse_catalogue(f"\n\n{HEADER}\n{row(sku='?')}\n", today=TODAY)
    assert imported.errors == (RowError(4, "sku", RowReason.SKU_INVALID, "?"),)


def test_short_rows_lack_their_last_cells_and_long_rows_are_errors() -> None:
    assert read("A1,,茶,瓶,1").articles[0].price_fen == 100
    assert errors("A1,,茶,瓶") == [(2, "price", "required")]
    assert errors(row() + ",more") == [(2, "-", "too_many_cells")]
    assert read(row() + ",, ").articles == (ARTICLE,)


def test_the_header_may_be_chinese_wide_or_capital_and_in_any_order() -> None:
    names = "售价,货号,条码,品名,单位,进价,品牌,分类,标签,生效日期"
    cells = "5.50,A1,6900000010016|123,绿茶 500ml,瓶,2.6,云岭,饮料,茶|无糖,2026-08-01"
    assert read(cells, header=names).articles == (ARTICLE,)
    assert read(row(), header=HEADER.upper().replace("SKU", " ｓｋｕ ")).articles == (ARTICLE,)


def test_the_date_column_may_be_missing() -> None:
    header = HEADER.removesuffix(",effective_from")
    cells = row().removesuffix(",2026-08-01")
    assert read(cells, header=header).articles[0].effective_from == TODAY


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", "sku, barcodes, name, unit, price, cost, brand, category, tags"),
        ("\n \n", "sku, barcodes, name, unit, price, cost, brand, category, tags"),
        (HEADER.replace("price", "pric"), "price"),
        (HEADER.replace("price,", "").replace("sku,", "") + "\n" + row(), "sku, price"),
    ],
)
def test_a_missing_column_is_a_fault(text: str, columns: str) -> None:
    with pytest.raises(Fault) as refused:
        parse_catalogue(text, today=TODAY)
    assert refused.value.code == FaultCode.CATALOGUE_HEADER
    assert refused.value.fields["columns"] == columns
    assert ("货号 sku" in refused.value.text("zh")) == ("sku" in columns)


def test_odd_columns_are_told() -> None:
    imported = read(row() + ",5,x,", header=HEADER + ",stock,SKU,")
    assert imported.articles == (ARTICLE,)
    assert imported.errors == (
        RowError(1, "stock", RowReason.COLUMN_UNKNOWN),
        RowError(1, "sku", RowReason.COLUMN_DUPLICATE),
    )


def test_a_file_without_rows_is_a_fault() -> None:
    with pytest.raises(Fault) as refused:
        read()
    assert refused.value.code == FaultCode.CATALOGUE_EMPTY


def test_a_file_of_bad_rows_is_an_answer() -> None:
    assert read(row(price="x")).articles == ()


def test_every_reason_has_both_texts() -> None:
    assert set(TEXTS) == set(RowReason)
    error = RowError(2, "price", RowReason.NEGATIVE)
    assert error.text() == error.text("zh") == "不能为负"
    assert error.text("en") == "it may not be negative"
    assert error.value == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_files_are_decoded_as_spreadsheets_save_them(encoding: str) -> None:
    assert read_text("货号,品名\nA1,绿茶".encode(encoding)) == "货号,品名\nA1,绿茶"


@pytest.mark.parametrize(
    ("content", "row_number"),
    [
        (b"sku\nA\xff\xff\n\n", 2),
        (b"\n\n\xff\xff", 3),
        (b"\xff\xff", 1),
        (b"\xff\xfea\x00\x00", 1),
    ],
)
def test_a_file_that_is_no_text_says_where(content: bytes, row_number: int) -> None:
    with pytest.raises(Fault) as refused:
        read_text(content)
    fields: dict[str, Any] = refused.value.fields
    assert refused.value.code == FaultCode.CATALOGUE_ROW
    assert (fields["row"], fields["column"]) == (row_number, "-")
    assert "GB18030" in str(fields["reason"])
