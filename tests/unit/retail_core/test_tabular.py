"""Files as people have them: headings in several languages, days and amounts in many forms."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.insight.tabular import baskets, columns, roles
from retail_core.insight.tabular.dates import Distinct, read_days
from retail_core.insight.tabular.numbers import number
from retail_core.insight.tabular.orders import Asked, OrderLog, read_orders
from retail_core.insight.tabular.paths import AskedPaths, read_paths
from retail_core.texts.faults import FaultCode


def code_of(refused: pytest.ExceptionInfo[Fault]) -> FaultCode:
    return refused.value.code


def orders(text: str, **asked: object) -> OrderLog:
    """Read a small file; the first line is its headings unless it holds a number."""
    lines = [line.split(",") for line in text.strip().splitlines()]
    named = columns.has_header(lines[0])
    rows = list(enumerate(lines, 1))[int(named) :]
    return read_orders(lines[0] if named else None, rows, Asked(**asked))  # type: ignore[arg-type]


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("12", 12),
            ("-3.50", -3.5),
            ("1,234.50", 1234.5),
            ("1.234,50", 1234.5),
            ("1.234.567", 1234567),
            ("1,234", 1234),
            ("12,5", 12.5),
            ("¥12.00", 12),
            ("12.00元", 12),
            ("¥1,200", 1200),
            ("(12.00)", -12),
            ("12-", -12),
            ("−7", -7),
            ("1 234,5", 1234.5),
            ("1e3", 1000),
        ],
    )
    def test_written_so(self, text: str, wanted: float) -> None:
        assert number(text) == wanted

    @pytest.mark.parametrize("text", ["", "abc", "12a", "nan", "inf", "1e999", "2024-01-01", "--1"])
    def test_no_numbers(self, text: str) -> None:
        assert number(text) is None

    @given(st.decimals(-(10**9), 10**9, places=2))
    def test_what_python_writes(self, value: object) -> None:
        assert number(f"{value:,}") == pytest.approx(float(f"{value}"))


def days(*texts: str, given_format: str = "") -> list[str]:
    found = read_days(Distinct("day", texts, range(2, 2 + len(texts))), given_format)
    return [date.fromordinal(one).isoformat() for one in found if one is not None]


class TestDays:
    @pytest.mark.parametrize(
        "text",
        [
            "2024-03-05",
            "2024/3/5",
            "2024.03.05 23:59:59",
            "2024-03-05T08:00:00+08:00",
            "20240305",
            "20240305123000",
            "2024年3月5日",
            "2024年3月5日 12:30",
            "5 Mar 2024",
            "05-Mar-24",
            "March 5, 2024",
            "1709640000",
            "1709640000000",
        ],
    )
    def test_written_so(self, text: str) -> None:
        assert days(text) == ["2024-03-05"]

    def test_one_day_shows_which_way_round_all_are(self) -> None:
        assert days("03/04/2024", "25/04/2024") == ["2024-04-03", "2024-04-25"]
        assert days("03/04/2024", "04/25/2024") == ["2024-03-04", "2024-04-25"]
        assert days("3.4.97", "25.4.97") == ["1997-04-03", "1997-04-25"]

    def test_else_the_way_in_which_days_follow_each_other(self) -> None:
        assert days("01/02/2024", "02/02/2024", "01/03/2024") == [
            *("2024-02-01", "2024-02-02", "2024-03-01")
        ]

    def test_else_somebody_must_say(self) -> None:
        with pytest.raises(Fault) as refused:
            days("03/04/2024", "02/05/2024", "01/06/2024", "04/05/2024")
        assert code_of(refused) is FaultCode.INSIGHT_DATE_UNSURE
        assert days("03/04/2024", given_format="mdy") == ["2024-03-04"]
        assert days("03|04|2024", given_format="%d|%m|%Y") == ["2024-04-03"]

    def test_the_row_of_a_wrong_one_is_named(self) -> None:
        with pytest.raises(Fault) as refused:
            days("2024-01-01", "2024-01-02", "2024-02-30")
        assert code_of(refused) is FaultCode.INSIGHT_VALUE_INVALID
        assert refused.value.fields["row"] == 4
        assert "'2024-02-30'" in refused.value.text("en")


class TestColumns:
    @pytest.mark.parametrize(
        ("header", "wanted"),
        [
            ("order_id,customer_id,order_date,amount", (1, 2, (3,))),
            ("订单号,会员号,下单时间,实付金额,优惠金额", (1, 2, (3,))),
            ("InvoiceNo,Quantity,InvoiceDate,UnitPrice,CustomerID", (4, 2, (1, 3))),
            ("household_id,sales_value,retail_disc,transaction_timestamp", (0, 3, (1,))),
            ("Bestelldatum,Kundennummer,Umsatz", (1, 0, (2,))),
            ("顧客ID,購入日,金額", (0, 1, (2,))),
            ("order_id,masterid,date,cds,sales", (1, 2, (4,))),
            ("user_name,user_id,birth_date,pay_date,total_price", (1, 3, (4,))),
        ],
    )
    def test_found_by_name(self, header: str, wanted: tuple[int, int, tuple[int, ...]]) -> None:
        headings = header.split(",")
        customer, day, amount = wanted
        cells = ["7"] * len(headings)
        cells[day] = "2024-01-02"
        found = read_orders(headings, [(2, cells)])
        assert found.columns == {
            "customer": headings[customer],
            "date": headings[day],
            "amount": " × ".join(headings[one] for one in amount),
        }

    def test_a_person_may_name_them_or_count_them(self) -> None:
        text = "who,when,what,paid\nann,2024-01-02,3,4\n"
        log = orders(text, customer="WHO", date="2", amount="what")
        assert (log.names, log.amount.tolist()) == (["ann"], [3.0])

    @pytest.mark.parametrize(
        ("header", "option"),
        [("x,date,amount", "--customer"), ("user,x,amount", "--date"), ("user,date,x", "--amount")],
    )
    def test_what_is_missing_is_asked_for(self, header: str, option: str) -> None:
        with pytest.raises(Fault) as refused:
            orders(f"{header}\na,2024-01-02,c\n")
        assert code_of(refused) is FaultCode.INSIGHT_COLUMN_MISSING
        assert option in refused.value.text("zh")
        assert header.replace(",", ", ") in refused.value.text("en")

    def test_a_named_column_that_is_absent(self) -> None:
        with pytest.raises(Fault) as refused:
            columns.find(roles.CUSTOMER, ["user"], "member")
        assert code_of(refused) is FaultCode.INSIGHT_COLUMN_MISSING

    def test_without_headings_by_what_stands_there(self) -> None:
        log = orders("00001,19970101,1,11.77\n00002,19970112,5,77.00\n")
        assert log.names == ["00001", "00002"]
        assert log.amount.tolist() == [11.77, 77.0]
        assert log.day.tolist() == [date(1997, 1, 1).toordinal(), date(1997, 1, 12).toordinal()]


class TestOrders:
    HEAD = "user,date,amount,kind\n"

    def test_rows_of_nobody_are_counted(self) -> None:
        log = orders(self.HEAD + "a,2024-01-02,1,x\n,2024-01-02,5,x\nNaN,2024-01-03,5,x\n")
        assert (log.rows, log.left_out) == (3, {"nobody": 2, "bad": 0})
        assert log.customer.tolist() == [0]

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ("b,2024-01-02,lots,x", FaultCode.INSIGHT_VALUE_INVALID),
            ("b,soon,3,x", FaultCode.INSIGHT_VALUE_INVALID),
            ("b,2024-01-02", FaultCode.INSIGHT_ROW_SHORT),
        ],
    )
    def test_a_bad_row_is_named_or_left_out(self, row: str, code: FaultCode) -> None:
        text = self.HEAD + "a,2024-01-02,1,x\n" + row + "\nc,2024-01-05,2,x\n"
        with pytest.raises(Fault) as refused:
            orders(text)
        assert code_of(refused) is code
        assert refused.value.fields["row"] == 3
        log = orders(text, skip_bad=True)
        assert log.left_out["bad"] == 1
        assert log.amount.tolist() == [1.0, 2.0]

    def test_categories_are_counted_on_demand(self) -> None:
        text = self.HEAD + "a,2024-01-02,1,tea\na,2024-01-03,2,tea\nb,2024-01-02,-5,tea\n"
        assert orders(text, category="kind").by_category == {0: {"tea": 2}}
        assert orders(text).by_category == {}

    def test_an_empty_file(self) -> None:
        with pytest.raises(Fault) as refused:
            read_orders(["user", "date", "amount"], [])
        assert code_of(refused) is FaultCode.INSIGHT_FILE_EMPTY


class TestPaths:
    HEAD = ("path", "total_conversions", "total_conversion_value", "total_null")

    def test_the_same_path_is_added_up(self) -> None:
        rows = [
            (2, ("a > b", "1", "2.5", "3")),
            (3, ("a>b", "4", "1", "0")),
            (4, ("c", "0", "0", "9")),
        ]
        found = read_paths(self.HEAD, rows)
        assert list(found.paths) == [("a", "b"), ("c",)]
        assert found.conversions.tolist() == [5, 0]
        assert found.nulls.tolist() == [3, 9]
        assert found.value is not None
        assert found.value.tolist() == [3.5, 0]

    def test_fewer_columns_and_another_separator(self) -> None:
        found = read_paths(("路径", "转化数"), [(2, ("微信→抖音", "3"))])
        assert list(found.paths) == [("微信", "抖音")]
        assert (found.value, found.nulls.tolist()) == (None, [0])
        asked = AskedPaths(path="2", conversions="1", separator="/")
        assert list(read_paths(("n", "way"), [(2, ("3", "a/b"))], asked).paths) == [("a", "b")]

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            (("a > ", "1", "1", "1"), FaultCode.INSIGHT_VALUE_INVALID),
            (("a", "-1", "1", "1"), FaultCode.INSIGHT_VALUE_INVALID),
            (("a", "x", "1", "1"), FaultCode.INSIGHT_VALUE_INVALID),
            (("a", "1"), FaultCode.INSIGHT_ROW_SHORT),
        ],
    )
    def test_a_bad_row_is_named(self, row: tuple[str, ...], code: FaultCode) -> None:
        with pytest.raises(Fault) as refused:
            read_paths(self.HEAD, [(7, row)])
        assert code_of(refused) is code
        assert refused.value.fields["row"] == 7

    @pytest.mark.parametrize("header", [HEAD, None])
    def test_an_empty_file(self, header: tuple[str, ...] | None) -> None:
        with pytest.raises(Fault) as refused:
            read_paths(header, [])
        assert code_of(refused) is FaultCode.INSIGHT_FILE_EMPTY


WANTED = [("milk", "tea"), ("tea",)]


class TestBaskets:
    @pytest.mark.parametrize(
        "lines",
        [
            ['["milk", "tea", "milk"]', "", '["tea"]'],
            ['[0, ["milk", "tea"]]', '[1, ["tea"]]'],
            ['{"items": ["milk", "tea"]}', '{"items": [{"sku": "tea", "n": 2}]}'],
        ],
    )
    def test_json_lines(self, lines: list[str]) -> None:
        assert baskets.from_json_lines(lines) == WANTED

    def test_a_row_an_article(self) -> None:
        rows = [(2, ("7", "milk", "1")), (3, ("8", "tea", "1")), (4, ("7", "tea", "2"))]
        assert baskets.from_table(("order_id", "sku", "qty"), rows) == WANTED
        asked = baskets.AskedBaskets("1", "2")
        assert baskets.from_table(None, rows, asked) == WANTED

    def test_a_row_a_basket(self) -> None:
        rows = [(2, ("tea", "", " "))]
        assert baskets.from_table(("milk", "tea"), rows) == WANTED
        assert baskets.from_table(None, [(1, ("milk", "tea")), *rows]) == WANTED

    @pytest.mark.parametrize("line", ["{", "7", '{"n": 1}', "[1.5]", "[true]"])
    def test_a_bad_line_is_named(self, line: str) -> None:
        with pytest.raises(Fault) as refused:
            baskets.from_json_lines(['["tea"]', line])
        assert code_of(refused) is FaultCode.INSIGHT_VALUE_INVALID
        assert refused.value.fields["row"] == 2

    def test_an_empty_file(self) -> None:
        with pytest.raises(Fault) as refused:
            baskets.from_json_lines([])
        assert code_of(refused) is FaultCode.INSIGHT_FILE_EMPTY
