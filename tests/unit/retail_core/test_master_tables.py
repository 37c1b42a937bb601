"""Tables of a back office: what a file would do, row by row."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core import limits
from retail_core.catalog.barcodes import check_digit_holds, complaint
from retail_core.catalog.masters import TABLES, Key, MasterKind, milli_of, qty_text
from retail_core.catalog.planning import Act, Facts, Held, plan
from retail_core.catalog.reasons import TEXTS, RowReason
from retail_core.catalog.tables import read_text
from retail_core.catalog.trade_area import CELLS
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.masters import EARLIER, HELD, TODAY, Table, after, planned, reasons


class TestArticles:
    def test_added_changed_unchanged_and_refused(self) -> None:
        text = (
            "货号,条码,品名,单位,售价,进价,品牌,分类,标签\n"
            "A1,6901234567892,洗面奶,支,59.00,20.00,甲,洁面,敏感肌\n"
            "A2,,面霜,瓶,199,,乙,,\n"
            "A3,,没有价,瓶,,,,,\n"
        )
        made = planned(MasterKind.ARTICLES, text, HELD)
        assert made.counts() == {
            "added": 1,
            "changed": 0,
            "ended": 0,
            "refused": 1,
            "unchanged": 1,
        }
        assert reasons(made) == [("price", RowReason.REQUIRED)]
        (added,) = made.effects
        assert (added.row, added.day, added.after["price"]) == (3, TODAY, "199.00")

    def test_a_column_that_is_not_there_is_left_and_an_empty_cell_clears(self) -> None:
        made = planned(MasterKind.ARTICLES, "sku,brand,tags\nA1,丙,\n", HELD)
        (row,) = made.effects
        assert row.act is Act.CHANGED
        assert row.changes == {"brand": ("甲", "丙"), "tags": ("敏感肌", "")}

    def test_a_new_article_needs_its_name_unit_and_price(self) -> None:
        made = planned(MasterKind.ARTICLES, "sku,brand\nA9,丙\n")
        assert [column for column, _ in reasons(made)] == ["name", "unit", "price"]

    def test_two_days_in_one_file_build_on_each_other(self) -> None:
        text = "sku,price,effective_from\nA1,61,2026-11-30\nA1,62,2026-12-05\nA1,62,2026-12-06\n"
        made = planned(MasterKind.ARTICLES, text, HELD)
        assert [(row.day.day, row.before["price"]) for row in made.effects] == [
            (30, "59.00"),
            (5, "61.00"),
        ]
        assert made.unchanged == 1

    def test_history_is_not_rewritten_and_a_row_stands_once(self) -> None:
        text = "sku,price,effective_from\nA1,61,2026-11-21\nA1,61,\nA1,63,\n"
        assert reasons(planned(MasterKind.ARTICLES, text, HELD)) == [
            ("effective_from", RowReason.DAY_PAST),
            ("-", RowReason.ROW_DUPLICATE),
        ]

    def test_a_whole_table_ends_what_it_does_not_name(self) -> None:
        made = planned(MasterKind.ARTICLES, "sku,name,unit,price\nA2,x,y,1\n", HELD, complete=True)
        assert [(row.key, row.act) for row in made.effects] == [
            (("A2",), Act.ADDED),
            (("A1",), Act.ENDED),
        ]
        assert (
            planned(
                MasterKind.ARTICLES,
                "sku,name,unit,price\nA2,x,y,1\n",
                after(HELD, made),
                complete=True,
            ).rows
            == ()
        )

    def test_a_barcode_belongs_to_one_article(self) -> None:
        text = (
            "sku,name,unit,price,barcodes\nA2,x,y,1,6901234567892\nA3,x,y,1,A-77\nA4,x,y,1,A-77\n"
        )
        made = planned(MasterKind.ARTICLES, text, HELD)
        assert [row.errors[0].value for row in made.refused] == [
            "6901234567892 → A1",
            "A-77 → A3",
        ]

    def test_a_barcode_may_move_within_a_file(self) -> None:
        text = "sku,name,unit,price,barcodes\nA2,x,y,1,6901234567892\nA1,洗面奶,支,59,\n"
        assert planned(MasterKind.ARTICLES, text, HELD).refused == ()


class TestBarcodes:
    @pytest.mark.parametrize(
        "code", ["96385074", "036000291452", "6901234567892", "10614141000415"]
    )
    def test_printed_codes(self, code: str) -> None:
        assert complaint(code) is None
        wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
        assert complaint(wrong) is RowReason.BARCODE_CHECK_DIGIT

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("6.90123E+12", RowReason.BARCODE_SCIENTIFIC),
            ("7E+12", RowReason.BARCODE_SCIENTIFIC),
            ("36000291452", RowReason.BARCODE_ZEROS_LOST),
            ("69 0", RowReason.BARCODE_INVALID),
        ],
    )
    def test_what_a_spreadsheet_does(self, code: str, reason: RowReason) -> None:
        assert complaint(code) is reason

    @pytest.mark.parametrize("code", ["1", "12345", "A-77", "12345678901"])
    def test_codes_of_the_chains_own(self, code: str) -> None:
        assert complaint(code) is None

    @given(st.from_regex(r"[0-9]{12}", fullmatch=True))
    def test_exactly_one_digit_closes_a_code(self, digits: str) -> None:
        assert sum(check_digit_holds(digits + str(last)) for last in range(10)) == 1


CHAIN_PRICE: dict[Key, list[Held]] = {("A1", ""): [Held(EARLIER, {"price": "59.00"})]}


class TestPrices:
    @pytest.mark.parametrize("store", ["门店编号", "门店"])
    def test_of_the_chain_a_region_and_a_store(self, store: str) -> None:
        text = f"货号,售价,大区,{store},生效日期\nA1,58,,,2026-12-01\nA1,57,华东,,\nA1,56,,SH001,\n"
        made = planned(MasterKind.PRICES, text, CHAIN_PRICE)
        assert [(row.key[1], row.act) for row in made.effects] == [
            ("", Act.CHANGED),
            ("r:华东", Act.ADDED),
            ("s:SH001", Act.ADDED),
        ]

    def test_an_empty_price_gives_the_wider_one_back(self) -> None:
        held = CHAIN_PRICE | {("A1", "s:SH001"): [Held(EARLIER, {"price": "56.00"})]}
        made = planned(MasterKind.PRICES, "sku,price,store\nA1,,SH001\n", held)
        assert [row.act for row in made.effects] == [Act.ENDED]
        refused = planned(MasterKind.PRICES, "sku,price,store\nA1,,\n", held)
        assert reasons(refused) == [("price", RowReason.REQUIRED)]

    def test_nothing_unknown_and_one_place_only(self) -> None:
        text = "sku,price,store,region\nA7,1,,\nA1,1,SH009,\nA1,1,,西南\nA1,1,SH001,华东\n"
        assert reasons(planned(MasterKind.PRICES, text, CHAIN_PRICE)) == [
            ("sku", RowReason.CODE_UNKNOWN),
            ("store", RowReason.CODE_UNKNOWN),
            ("region", RowReason.CODE_UNKNOWN),
            ("store", RowReason.SCOPE_TWICE),
        ]

    def test_a_whole_list_ends_the_others_but_never_the_chains_price(self) -> None:
        held = CHAIN_PRICE | {
            ("A1", "s:SH001"): [Held(EARLIER, {"price": "56.00"})],
            ("A1", "s:SH002"): [Held(EARLIER, {"price": "55.00"})],
        }
        text = "sku,price,store\nA1,56,SH001\n"
        made = planned(MasterKind.PRICES, text, held, complete=True)
        assert [(row.key[1], row.act) for row in made.effects] == [("s:SH002", Act.ENDED)]


class TestPlaces:
    def test_legal_entities_by_their_chinese_headers(self) -> None:
        text = "编号,名称,统一社会信用代码,生效日期\nE1,上海熟客零售有限公司,91310000X,2026-01-01\n"
        (row,) = planned(MasterKind.ENTITIES, text).effects
        assert row.after == {"name": "上海熟客零售有限公司", "tax_no": "91310000X"}

    def test_a_store_takes_what_is_usual_where_nothing_is_said(self) -> None:
        text = "code;name;entity;city\nSH003;上海徐汇店;SH-RETAIL;上海\n"
        (row,) = planned(MasterKind.STORES, text).effects
        assert row.after == {
            "name": "上海徐汇店",
            "entity": "SH-RETAIL",
            "city": "上海",
            "region": "",
            "zone": "Asia/Shanghai",
            "day_starts_at": "04:00",
            "closed_from": "",
        }

    def test_a_store_says_what_surrounds_it(self) -> None:
        heads, said = "编号,名称,法人,商圈,商圈类型,面积,日均客流", '徐家汇,购物中心,"1,200",9000'
        (row,) = planned(MasterKind.STORES, f"{heads}\nS9,x,SH-RETAIL,{said}\n").effects
        assert {name: row.after[name] for name in CELLS} == {
            "trade_area": "徐家汇",
            "trade_area_kind": "mall",
            "floor_m2": "1200",
            "footfall_day": "9000",
        }

    def test_what_surrounds_a_store_is_one_of_few_and_counted(self) -> None:
        heads = "code,name,entity,trade_area_kind,floor_m2,footfall_day"
        text = f"{heads}\nS9,x,SH-RETAIL,moon,-3,many\n"
        assert reasons(planned(MasterKind.STORES, text)) == [
            ("trade_area_kind", RowReason.KIND_UNKNOWN),
            ("floor_m2", RowReason.FIGURE_INVALID),
            ("footfall_day", RowReason.FIGURE_INVALID),
        ]

    def test_what_a_store_names_is_known(self) -> None:
        text = "code,name,entity,zone,day_starts_at,closed_from\nS,x,E9,Mars,25:00,soon\n"
        assert [column for column, _ in reasons(planned(MasterKind.STORES, text))] == [
            "entity",
            "zone",
            "day_starts_at",
            "closed_from",
        ]

    def test_warehouses_name_the_stores_they_serve(self) -> None:
        text = "仓库编号,仓库,城市,供货门店\nW1,嘉定仓,上海,SH002|SH001\nW2,x,,SH009\n"
        made = planned(MasterKind.WAREHOUSES, text)
        assert made.effects[0].after["stores"] == "SH001|SH002"
        assert reasons(made) == [("stores", RowReason.CODE_UNKNOWN)]


class TestStock:
    def test_counted_by_place_and_article(self) -> None:
        text = "地点\t货号\t数量\t盘点日期\nSH001\tA1\t1,200\t\nW1\tA1\t0.375\t2026-11-20\n"
        made = planned(MasterKind.STOCK, text)
        assert [(row.key, row.after["qty"], row.day) for row in made.effects] == [
            (("SH001", "A1"), "1200", TODAY),
            (("W1", "A1"), "0.375", date(2026, 11, 20)),
        ]

    def test_a_newer_count_says_something_even_if_it_says_the_same(self) -> None:
        held: Table = {("SH001", "A1"): [Held(date(2026, 11, 20), {"qty": "5"})]}
        assert planned(MasterKind.STOCK, "place,sku,qty\nSH001,A1,5\n", held).effects
        same = "place,sku,qty,counted_on\nSH001,A1,5,2026-11-20\n"
        assert planned(MasterKind.STOCK, same, held).unchanged == 1

    def test_days_and_quantities_that_cannot_be(self) -> None:
        held: Table = {("SH001", "A1"): [Held(date(2026, 11, 20), {"qty": "5"})]}
        text = (
            "place,sku,qty,counted_on\nSH001,A1,5,2026-11-19\nSH001,A2,5,2026-11-23\n"
            "SH001,A2,-5,\nX9,A1,1,\n"
        )
        assert reasons(planned(MasterKind.STOCK, text, held)) == [
            ("counted_on", RowReason.COUNT_OLDER),
            ("counted_on", RowReason.DAY_FUTURE),
            ("qty", RowReason.NOT_A_QUANTITY),
            ("place", RowReason.CODE_UNKNOWN),
        ]

    @given(st.integers(0, limits.QTY_MILLI_MAX))
    def test_a_quantity_is_read_as_it_was_written(self, milli: int) -> None:
        assert milli_of(qty_text(milli)) == milli


class TestFiles:
    def test_broken_quotes_are_said_and_what_was_read_stays(self) -> None:
        made = planned(MasterKind.ENTITIES, 'code,name\nE1,a\nE2,"b\n')
        assert [note.reason for note in made.notes] == [RowReason.QUOTES]
        assert len(made.effects) == 1

    def test_unknown_columns_are_only_noted(self) -> None:
        made = planned(MasterKind.ENTITIES, "code,name,colour\nE1,a,red\n")
        assert [note.column for note in made.notes] == ["colour"]
        assert made.refused == ()

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", FaultCode.CATALOGUE_HEADER),
            ("code,name\n", FaultCode.CATALOGUE_EMPTY),
            ("name\nx\n", FaultCode.CATALOGUE_HEADER),
        ],
    )
    def test_files_without_a_table(self, text: str, code: FaultCode) -> None:
        with pytest.raises(Fault, check=lambda fault: fault.code is code):
            planned(MasterKind.ENTITIES, text)

    def test_too_many_rows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "MASTER_ROWS_MAX", 2)
        with pytest.raises(Fault, check=lambda fault: fault.code is FaultCode.MASTER_TOO_LONG):
            planned(MasterKind.ENTITIES, "code,name\n1,a\n2,b\n3,c\n")

    def test_only_some_tables_can_be_replaced_as_a_whole(self) -> None:
        with pytest.raises(Fault, check=lambda fault: fault.code is FaultCode.MASTER_NOT_COMPLETE):
            planned(MasterKind.STORES, "code\nS\n", complete=True)

    def test_progress_is_told(self) -> None:
        told: list[int] = []
        rows = "".join(f"E{number},x\n" for number in range(2_500))
        plan(
            MasterKind.ENTITIES,
            f"code,name\n{rows}",
            Facts({}),
            today=TODAY,
            progress=told.append,
        )
        assert told == [1_000, 2_000]

    @pytest.mark.parametrize("kind", MasterKind)
    @pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
    def test_a_template_reads_in_every_encoding(self, kind: MasterKind, encoding: str) -> None:
        template = TABLES[kind].template().removeprefix("\ufeff")
        with pytest.raises(Fault, check=lambda fault: fault.code is FaultCode.CATALOGUE_EMPTY):
            planned(kind, read_text(template.encode(encoding)))

    def test_every_reason_is_said_in_both_languages(self) -> None:
        assert set(TEXTS) == set(RowReason)
