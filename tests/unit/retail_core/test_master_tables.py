from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.catalog.masters import (
    EntityRow,
    Known,
    StockRow,
    StoreRow,
    WarehouseRow,
    parse_entities,
    parse_stock,
    parse_stores,
    parse_warehouses,
)
from retail_core.catalog.reasons import RowReason
from retail_core.errors import Fault

TODAY = date(2026, 11, 22)
KNOWN = Known(
    entities={"SH-RETAIL"},
    stores={"SH001", "SH002"},
    places={"SH001", "SH002", "W1"},
    skus={"SK-001", "DR-003"},
)


def test_legal_entities_by_their_chinese_headers() -> None:
    text = (
        "编号,名称,统一社会信用代码,生效日期\nSH-RETAIL,上海熟客零售有限公司,91310000X,2026-01-01\n"
    )
    read = parse_entities(text, today=TODAY)
    name = "上海熟客零售有限公司"
    assert read.rows == (EntityRow(2, "SH-RETAIL", name, "91310000X", date(2026, 1, 1)),)
    assert read.errors == ()


def test_a_store_takes_what_is_usual_where_nothing_is_said() -> None:
    text = "code;name;entity;city;region;closed_from\nSH001;上海徐汇店;SH-RETAIL;上海;华东;\n"
    (row,) = parse_stores(text, today=TODAY, known=KNOWN).rows
    assert row == StoreRow(
        2, "SH001", "上海徐汇店", "SH-RETAIL", "上海", "华东", "Asia/Shanghai", time(4), TODAY, None
    )


def test_warehouses_name_the_stores_they_serve() -> None:
    text = "仓库编号,仓库,城市,供货门店\nW1,嘉定仓,上海,SH002|SH001\n"
    (row,) = parse_warehouses(text, today=TODAY, known=KNOWN).rows
    assert row == WarehouseRow(2, "W1", "嘉定仓", "上海", ("SH001", "SH002"), TODAY)


def test_stock_is_counted_by_place_and_article() -> None:
    text = "地点\t货号\t数量\t盘点日期\nSH001\tSK-001\t1,200\t\nW1\tSK-001\t0.375\t2026-11-20\n"
    read = parse_stock(text, today=TODAY, known=KNOWN)
    assert read.rows == (
        StockRow(2, "SH001", "SK-001", 1_200_000, TODAY),
        StockRow(3, "W1", "SK-001", 375, date(2026, 11, 20)),
    )


STORE = "code,name,entity,zone,day_starts_at,effective_from,closed_from\n"


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("S 1,店,SH-RETAIL,,,,", "code", RowReason.CODE_INVALID),
        (",店,SH-RETAIL,,,,", "code", RowReason.REQUIRED),
        ("S1,,SH-RETAIL,,,,", "name", RowReason.REQUIRED),
        ("S1,店,NOBODY,,,,", "entity", RowReason.CODE_UNKNOWN),
        ("S1,店,SH-RETAIL,Asia/Nowhere,,,", "zone", RowReason.ZONE_UNKNOWN),
        ("S1,店,SH-RETAIL,../etc,,,", "zone", RowReason.ZONE_UNKNOWN),
        ("S1,店,SH-RETAIL,,4:00,,", "day_starts_at", RowReason.TIME_INVALID),
        ("S1,店,SH-RETAIL,,25:00,,", "day_starts_at", RowReason.TIME_INVALID),
        ("S1,店,SH-RETAIL,,,2026-12-01,2026-12-01", "closed_from", RowReason.DATE_INVALID),
        ("S1,店,SH-RETAIL,,,,soon", "closed_from", RowReason.DATE_INVALID),
    ],
)
def test_a_store_that_cannot_be_is_told_by_cell(row: str, column: str, reason: RowReason) -> None:
    read = parse_stores(f"{STORE}{row}\n", today=TODAY, known=KNOWN)
    assert read.rows == ()
    assert [(error.row, error.column, error.reason) for error in read.errors] == [
        (2, column, reason)
    ]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("SH009,SK-001,1,", "place", RowReason.CODE_UNKNOWN),
        ("SH001,SK-999,1,", "sku", RowReason.CODE_UNKNOWN),
        ("SH001,SK-001,-1,", "qty", RowReason.NOT_A_QUANTITY),
        ("SH001,SK-001,1.2345,", "qty", RowReason.NOT_A_QUANTITY),
        ("SH001,SK-001,many,", "qty", RowReason.NOT_A_QUANTITY),
        ("SH001,SK-001,,", "qty", RowReason.REQUIRED),
        ("SH001,SK-001,999999999,", "qty", RowReason.TOO_LARGE),
    ],
)
def test_a_count_that_cannot_be_is_told_by_cell(row: str, column: str, reason: RowReason) -> None:
    read = parse_stock(f"place,sku,qty,counted_on\n{row}\n", today=TODAY, known=KNOWN)
    assert [(error.column, error.reason) for error in read.errors] == [(column, reason)]


def test_what_stands_twice_is_told() -> None:
    twice = parse_entities("code,name\nA,one\nA,two\n", today=TODAY)
    assert [error.reason for error in twice.errors] == [RowReason.CODE_DUPLICATE]
    assert [row.name for row in twice.rows] == ["one"]
    counted = parse_stock("place,sku,qty\nX,A,1\nX,A,2\nY,A,3\n", today=TODAY, known=Known())
    assert [error.reason for error in counted.errors] == [RowReason.SKU_DUPLICATE]
    assert len(counted.rows) == 2
    served = parse_warehouses("code,name,stores\nW,仓,SH009|é\n", today=TODAY, known=KNOWN)
    assert {error.reason for error in served.errors} == {
        RowReason.CODE_UNKNOWN,
        RowReason.CODE_INVALID,
    }


@pytest.mark.parametrize(
    ("text", "code"), [("code\nA\n", "C101"), ("", "C101"), ("code,name\n", "C103")]
)
def test_a_table_without_its_columns_or_rows_is_refused(text: str, code: str) -> None:
    with pytest.raises(Fault, match=code):
        parse_entities(text, today=TODAY)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_code(text: str) -> None:
    for parse in (parse_stores, parse_warehouses, parse_stock):
        try:
            read = parse(text, today=TODAY, known=KNOWN)
        except Fault:
            continue
        assert read.rows or read.errors
