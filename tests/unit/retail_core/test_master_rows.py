"""Rows of back-office tables looked at whole: every cell, and every complaint with its place."""

from datetime import date

import pytest

from retail_core.catalog.barcodes import CODE_CHARS_MAX, complaint
from retail_core.catalog.cells import Row
from retail_core.catalog.encoding import Catalogue, encode_catalogue, open_catalogue
from retail_core.catalog.masters import DEFAULT_ZONE, MasterKind, fen_of, listed, scope_of
from retail_core.catalog.planning import Act, Held, MasterPlan, PlannedRow
from retail_core.catalog.price_lists import ListPrice
from retail_core.catalog.reasons import RowError, RowReason
from retail_core.catalog.stock_table import (
    FORMAT,
    StockTable,
    StoreSaid,
    decode_stock,
    encode_stock,
)
from retail_core.catalog.tables import read_text
from retail_core.catalog.weighed import layout_of, value_check_digit
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.masters import A1, EARLIER, HELD, TODAY, Table, planned

R = RowReason
GOODS, PRICES, STORES = MasterKind.ARTICLES, MasterKind.PRICES, MasterKind.STORES
LATER = date(2026, 12, 1)
NEW = {
    "barcodes": "",
    "name": "面霜",
    "unit": "瓶",
    "price": "199.00",
    "cost": "",
    "brand": "",
    "category": "",
    "tags": "",
    "status": "active",
}


def errors(made: MasterPlan) -> list[RowError]:
    return [error for row in made.refused for error in row.errors]


class TestRowsWhole:
    def test_what_is_added_has_every_cell(self) -> None:
        made = planned(GOODS, "货号,品名,单位,售价\nA2,面霜,瓶,199\n", HELD)
        row = PlannedRow(2, ("A2",), Act.ADDED, TODAY, {}, NEW)
        assert made == MasterPlan(GOODS, (row,), 0)
        assert row.changes == {name: ("", cell) for name, cell in NEW.items()}

    def test_what_changes_has_what_was_before(self) -> None:
        text = "sku,price,status,effective_from\nA1,61,停售,2026-12-01\n"
        made = planned(GOODS, text, HELD)
        ended = {**A1, "price": "61.00", "status": "ended"}
        assert made.rows == (PlannedRow(2, ("A1",), Act.ENDED, LATER, A1, ended),)

    def test_what_is_refused_has_all_its_cells_and_complaints(self) -> None:
        made = planned(GOODS, "sku,price,status,barcodes\nA1,x,weg,690123456789x2\n", HELD)
        (row,) = made.rows
        assert (row.act, row.before) == (Act.REFUSED, A1)
        assert [(one.column, one.value) for one in row.errors] == [
            ("price", "x"),
            ("status", "weg"),
        ]
        assert row.after["status"] == "active", "an unknown status ends nothing"

    def test_a_taken_barcode_is_refused_whole(self) -> None:
        text = "sku,name,unit,price,barcodes\nA2,面霜,瓶,199,6901234567892|A-7\n"
        cells = {**NEW, "barcodes": "6901234567892|A-7"}
        taken = RowError(2, "barcodes", R.BARCODE_TAKEN, "6901234567892 → A1")
        row = PlannedRow(2, ("A2",), Act.REFUSED, TODAY, {}, cells, (taken,))
        assert planned(GOODS, text, HELD).rows == (row,)

    def test_barcodes_are_free_where_their_article_ended(self) -> None:
        over: Table = {("A1",): [Held(EARLIER, A1), Held(EARLIER, {**A1, "status": "ended"})]}
        text = "sku,name,unit,price,barcodes\nA2,面霜,瓶,199,6901234567892\n"
        assert planned(GOODS, text, over).refused == ()
        ends = "sku,status,barcodes\nA1,ended,6901234567892\n"
        assert [row.act for row in planned(GOODS, ends, HELD).rows] == [Act.ENDED]

    def test_a_whole_table_ends_the_others_on_this_day(self) -> None:
        made = planned(GOODS, "sku,name,unit,price\nA2,面霜,瓶,199\n", HELD, complete=True)
        ended = PlannedRow(0, ("A1",), Act.ENDED, TODAY, A1, {**A1, "status": "ended"})
        assert made.rows[1:] == (ended,)
        prices: Table = {
            ("A1", ""): [Held(EARLIER, {"price": "59.00"})],
            ("A1", "r:华东"): [Held(EARLIER, {"price": "49.00"})],
            ("A2", "s:SH001"): [Held(EARLIER, {"price": ""})],
            ("A2", "s:SH002"): [Held(LATER, {"price": "5.00"})],
        }
        whole = planned(PRICES, "sku,price\nA2,7\n", prices, complete=True)
        assert whole.rows[1:] == (
            PlannedRow(0, ("A1", "r:华东"), Act.ENDED, TODAY, {"price": "49.00"}, {"price": ""}),
        )

    def test_a_store_takes_what_is_usual(self) -> None:
        made = planned(STORES, "编号,名称,法人\nSH003,淮海店,SH-RETAIL\n")
        usual = {
            "name": "淮海店",
            "entity": "SH-RETAIL",
            "city": "",
            "region": "",
            "zone": DEFAULT_ZONE,
            "day_starts_at": "04:00",
            "closed_from": "",
        }
        assert made.rows == (PlannedRow(2, ("SH003",), Act.ADDED, TODAY, {}, usual),)
        said = planned(
            STORES,
            "编号,名称,法人,城市,大区,时区,营业日开始,停业日期\n"
            "SH003,淮海店,SH-RETAIL,上海,华东,Asia/Urumqi,05:30,2026-12-31\n",
        )
        assert said.rows[0].after == {
            **usual,
            "city": "上海",
            "region": "华东",
            "zone": "Asia/Urumqi",
            "day_starts_at": "05:30",
            "closed_from": "2026-12-31",
        }
        empty = planned(STORES, "编号,名称,法人,营业日开始,停业日期\nSH003,淮海店,SH-RETAIL,,\n")
        assert empty.rows[0].after == usual


class TestComplaintsWithTheirPlace:
    @pytest.mark.parametrize(
        ("kind", "text", "said"),
        [
            (GOODS, "sku,status\nA1,Weg\n", [("status", R.STATUS_UNKNOWN, "weg")]),
            (GOODS, "sku,barcodes\nA1,6901234567893\n",
             [("barcodes", R.BARCODE_CHECK_DIGIT, "6901234567893")]),
            (GOODS, "sku,brand\nA9,甲\n",
             [("name", R.REQUIRED, ""), ("unit", R.REQUIRED, ""), ("price", R.REQUIRED, "")]),
            (GOODS, "sku,price\nA1,61\nA1,62\n", [("-", R.ROW_DUPLICATE, "A1")]),
            (GOODS, "sku,price,effective_from\nA1,61,2026-11-21\n",
             [("effective_from", R.DAY_PAST, "2026-11-21")]),
            (PRICES, "sku,price,region,store\nA1,6,华东,SH001\n",
             [("store", R.SCOPE_TWICE, "SH001")]),
            (PRICES, "sku,price,store\nA9,6,SH009\n",
             [("sku", R.CODE_UNKNOWN, "A9"), ("store", R.CODE_UNKNOWN, "SH009")]),
            (PRICES, "sku,price,region\nA1,6,华北\n", [("region", R.CODE_UNKNOWN, "华北")]),
            (PRICES, "sku,price\nA1,6\nA1,7\n", [("-", R.ROW_DUPLICATE, "A1 ")]),
            (STORES, "code,name,entity\nS9,x,BJ\n", [("entity", R.CODE_UNKNOWN, "BJ")]),
            (MasterKind.WAREHOUSES, "code,name,stores\nW9,x,SH001|SH009\n",
             [("stores", R.CODE_UNKNOWN, "SH009")]),
            (MasterKind.STOCK, "place,sku,qty\nW9,A9,1\n",
             [("place", R.CODE_UNKNOWN, "W9"), ("sku", R.CODE_UNKNOWN, "A9")]),
            (MasterKind.STOCK, "place,sku,qty,counted_on\nW1,A1,1,2026-11-23\n",
             [("counted_on", R.DAY_FUTURE, "2026-11-23")]),
        ],
    )  # fmt: skip
    def test_each_names_its_column_and_what_stood_there(
        self, kind: MasterKind, text: str, said: list[tuple[str, RowReason, str]]
    ) -> None:
        row = text.count("\n")
        held: Table = {**HELD, ("A1", ""): [Held(EARLIER, {"price": "1.00"})]}
        if kind is MasterKind.PRICES:
            held = {key: rows for key, rows in held.items() if len(key) > 1}
        assert errors(planned(kind, text, held)) == [RowError(row, *one) for one in said]

    def test_a_count_is_not_older_than_the_last_one(self) -> None:
        held: Table = {("W1", "A1"): [Held(date(2026, 11, 20), {"qty": "5"})]}
        text = "place,sku,qty,counted_on\nW1,A1,4,2026-11-{}\n"
        assert errors(planned(MasterKind.STOCK, text.format(19), held)) == [
            RowError(2, "counted_on", R.COUNT_OLDER, "2026-11-20")
        ]
        for day in (20, 22):
            (row,) = planned(MasterKind.STOCK, text.format(day), held).rows
            assert (row.act, row.before, row.after) == (Act.CHANGED, {"qty": "5"}, {"qty": "4"})


class TestCellsAsTheyAreKept:
    @pytest.mark.parametrize(
        ("cell", "fen"),
        [("", None), ("0.00", 0), ("0.05", 5), ("59.00", 5_900), ("1234.56", 123456)],
    )
    def test_an_amount(self, cell: str, fen: int | None) -> None:
        assert fen_of(cell) == fen

    def test_a_list_keeps_the_blanks_of_its_words(self) -> None:
        assert listed("") == ()
        assert listed("Rose Soap|新品") == ("Rose Soap", "新品")

    def test_a_place(self) -> None:
        assert [scope_of(*one) for one in (("", ""), ("华东", ""), ("", "S1"), ("华东", "S1"))] == [
            "",
            "r:华东",
            "s:S1",
            "s:S1",
        ]

    @pytest.mark.parametrize(
        ("length", "fits"), [(CODE_CHARS_MAX, True), (CODE_CHARS_MAX + 1, False)]
    )
    def test_a_code_is_no_longer_than_this(self, length: int, *, fits: bool) -> None:
        code = "a" * length
        assert (complaint(code) is None) is fits
        row = Row(2, {"c": f"S1|{code}"})
        assert row.codes("c") == ("S1", code)
        assert [(one.column, one.value) for one in row.errors] == ([] if fits else [("c", code)])


class TestTablesThatTravel:
    SAID = StoreSaid("淮海店", "上海", "华东", "04:00")

    def test_stock_comes_back_whole_and_in_one_order(self) -> None:
        table = StockTable(7, 1_795, {"B": 2_000, "A": 500}, self.SAID)
        assert decode_stock(encode_stock(table)) == table
        turned = StockTable(7, 1_795, {"A": 500, "B": 2_000}, self.SAID)
        assert encode_stock(turned) == encode_stock(table)
        assert decode_stock(encode_stock(StockTable(1, 2))) == StockTable(1, 2, {}, None)

    @pytest.mark.parametrize(
        ("content", "code", "fields"),
        [
            (b"", FaultCode.WIRE_MALFORMED, {}),
            (b"\x93\x01\x02", FaultCode.WIRE_MALFORMED, {}),
            (
                bytes((0x94, FORMAT + 1, 1, 2, 0x80)),
                FaultCode.WIRE_VERSION,
                {"version": FORMAT + 1},
            ),
        ],
    )
    def test_what_is_no_stock(
        self, content: bytes, code: FaultCode, fields: dict[str, object]
    ) -> None:
        with pytest.raises(Fault) as caught:
            decode_stock(content)
        assert (caught.value.code, caught.value.fields) == (code, fields)

    def test_prices_travel_with_their_amounts(self) -> None:
        prices = (ListPrice("A2", "s:S1", 20_261_122, 500), ListPrice("A1", "", 20_261_122, None))
        found = open_catalogue(encode_catalogue(3, (), day=20_261_122, prices=prices))
        assert found == Catalogue(3, (), 20_261_122, (prices[1], prices[0])), "by article"


class TestLayoutsOfLabels:
    @pytest.mark.parametrize(
        ("pattern", "complaint"),
        [
            ("20II", "a layout has 8 to 18 of the letters I W P N V C, ? and digits"),
            ("69IIIIIWWWWWC", "a layout begins with a shop's own prefix, 20 to 29"),
            ("25IIIIIPPPPPWWWWWC", "16 digits and more from 25 on are payment codes"),
            ("20IIWWIIWWWWC", "the digits of a field stand together"),
            (
                "20IIIIIIIIIIC",
                "a layout needs the item's digits (I) and a weight (W), price (P) or count (N)",
            ),
            ("20IIIIICWWWWW", "the check digit over all (C) is the last digit"),
            (
                "20IIIIVPPPPPPC",
                "the digit V checks four or five digits of price, or of weight without one",
            ),
        ],
    )
    def test_what_is_wrong_is_said(self, pattern: str, complaint: str) -> None:
        with pytest.raises(ValueError, match=r"^.") as caught:
            layout_of(pattern)
        assert str(caught.value) == complaint

    def test_the_digit_over_a_weight(self) -> None:
        layout = layout_of("20IIIIVWWWWWC")
        digit = value_check_digit("00752")
        head = f"201234{digit}00752"
        codes = [f"{head}{last}" for last in range(10)]
        assert sum(layout.takes(code) for code in codes) == 1
        wrong = f"201234{(digit + 1) % 10}00752"
        assert not any(layout.takes(f"{wrong}{last}") for last in range(10))


@pytest.mark.parametrize(
    ("content", "row"), [(b"\xff", 1), (b"a\n\xff", 2), (b"a\r\nb\r\n\xff\n", 3)]
)
def test_a_file_that_is_no_text_says_in_which_row(content: bytes, row: int) -> None:
    with pytest.raises(Fault) as caught:
        read_text(content)
    assert row in caught.value.fields.values()
