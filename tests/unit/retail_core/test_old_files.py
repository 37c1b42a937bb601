"""Rows of old files of orders and members: found columns, cells read, what is wrong named."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.identity.card_number import card_pattern, is_card_number
from retail_core.insight.channel_orders.columns import (
    NAMES,
    found_columns,
    mapped,
    plain_name,
    read_row,
)
from retail_core.insight.channel_orders.people import (
    PersonRow,
    card_patterns,
    people_mapped,
    read_person,
)

TODAY = date(2026, 11, 23)
HEADER = ["订单号", "下单时间", "实付金额(元)", "订单状态", "数量", "单价"]
HOW = mapped(HEADER)


def row(**cells: str) -> Any:
    said = {"order_no": "1", "ordered": "2024-03-01 10:00", "net": "1", **cells}
    return read_row({HOW.columns[name]: text for name, text in said.items()}, 2, HOW)


def wrong(code: str, field: str, **cells: str) -> None:
    with pytest.raises(Fault) as caught:
        row(**cells)
    assert (caught.value.code, caught.value.fields["column"]) == (code, HOW.columns[field])


def test_columns_are_found_by_their_usual_names() -> None:
    assert plain_name("\ufeff Order_No. ") == "orderno"
    assert HOW.columns == {
        "order_no": "订单号",
        "ordered": "下单时间",
        "net": "实付金额(元)",
        "price": "单价",
        "status": "订单状态",
        "quantity": "数量",
    }
    english = found_columns(["InvoiceNo", "InvoiceDate", "UnitPrice", "StockCode", "CustomerID"])
    assert set(english) == {"order_no", "ordered", "price", "sku", "account"}
    for names in NAMES.values():
        assert len(set(map(plain_name, names))) >= len(names) - 3


@pytest.mark.parametrize(
    ("header", "said", "code"),
    [
        (["a"], {}, "E146"),
        (["订单号", "下单时间"], {}, "E146"),
        (HEADER, {"columns": {"net": "nowhere"}}, "E146"),
        (HEADER, {"columns": {"odd": "订单号"}}, "E152"),
        (HEADER, {"odd": 1}, "E152"),
        (HEADER, {"columns": []}, "E152"),
        (HEADER, {"unit": "dollar"}, "E152"),
        (HEADER, {"channel": "till"}, "E152"),
        (HEADER, {"channel": "天猫"}, "E152"),
        (HEADER, {"zone": "Mars/Base"}, "E152"),
        (HEADER, {"whole": 1}, "E152"),
        (HEADER, {"dates": 1}, "E152"),
        (HEADER, {"statuses": {"x": "sent"}}, "E152"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(header: list[str], said: Any, code: str) -> None:
    with pytest.raises(Fault) as caught:
        mapped(header, said)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "fen"),
    [("1", 100), ("1.5", 150), ("¥1,234.50", 123_450), ("12元", 1_200), (".5", 50), ("0.005", 0),
     ("１２", 1_200), ("", None)],
)  # fmt: skip
def test_money_is_read_as_people_write_it(text: str, fen: int | None) -> None:
    assert row(net=text).net_fen == fen


def test_money_in_fen_stays_as_it_is() -> None:
    how = mapped(HEADER, {"unit": "fen"})
    cells = {"订单号": "1", "下单时间": "2024-03-01", "实付金额(元)": "12345"}
    assert read_row(cells, 2, how).net_fen == 12_345


def test_what_is_wrong_is_named() -> None:
    wrong("E147", "net", net="-1")
    wrong("E147", "net", net="1.2.3")
    wrong("E147", "net", net="1e5")
    wrong("E147", "ordered", ordered="去年")
    wrong("E147", "ordered", ordered="")
    wrong("E147", "ordered", ordered="1950-01-01")
    wrong("E147", "order_no", order_no="")
    wrong("E147", "order_no", order_no="x" * 101)
    wrong("E147", "status", status="在路上")
    for quantity in ("-1", "x", "0.0001", "nan", "1e20"):
        wrong("E147", "quantity", quantity=quantity)


def test_a_day_is_its_noon_and_a_time_is_the_files_zone() -> None:
    noon = row(ordered="2024-03-01").ordered_ms
    assert noon == row(ordered="2024年03月01日").ordered_ms == row(ordered="20240301").ordered_ms
    assert row(ordered="2024/03/01 12:00:00").ordered_ms == noon == 1_709_265_600_000
    assert row(ordered=str(noon)).ordered_ms == row(ordered=str(noon // 1000)).ordered_ms == noon
    assert row(ordered="2024-03-01T04:00:00Z").ordered_ms == noon
    how = mapped(HEADER, {"dates": "%d.%m.%Y", "zone": "UTC"})
    cells = {"订单号": "1", "下单时间": "01.03.2024", "实付金额(元)": "1"}
    assert read_row(cells, 2, how).ordered_ms == noon + 8 * 3_600_000


def test_a_price_and_a_count_make_a_sum_where_none_is_said() -> None:
    read = row(net="", price="2.50", quantity="3")
    assert (read.net_fen, read.list_fen, read.qty_milli) == (750, 750, 3_000)
    assert row(status="交易关闭").status == "cancelled"
    assert row().version == row().ordered_ms


# ---- members ------------------------------------------------------------------------------------

PEOPLE = ["卡号", "芯片号", "手机", "姓名", "等级", "积分", "积分到期", "积分明细", "优惠券",
          "营销同意", "生日", "入会日期"]  # fmt: skip
WHO = people_mapped(PEOPLE, {"tiers": {"金卡": "gold"}, "coupons": {"券": "WELCOME"}})


def person(**cells: str) -> PersonRow:
    said = {"card": "88001234", **cells}
    return read_person({WHO.columns[name]: text for name, text in said.items()}, 2, WHO, TODAY)


def test_a_member_is_read() -> None:
    one = person(
        phone="138 0013 8000", name=" 李娜 ", tier="金卡", lots="100@2027-01-31; 50",
        points="150", coupons="券@2027-02-01", marketing="是", birthday="1990/3/8",
        joined="2019-05-01", card_uid="04A1B2C3",
    )  # fmt: skip
    assert (one.phone, one.name, one.tier) == ("8613800138000", "李娜", "gold")
    assert one.lots == ((100, date(2027, 1, 31)), (50, None))
    assert (one.points, one.coupons) == (150, (("WELCOME", date(2027, 2, 1)),))
    assert (one.consents, one.birthday) == ({"marketing": True}, ("solar", 3, 8))
    assert one.card_uid == bytes.fromhex("04A1B2C3")
    assert one.joined_ms == 1_556_683_200_000


@pytest.mark.parametrize("text", ["", "未知", "unknown", "-", "NULL"])
def test_what_is_not_known_is_no_consent(text: str) -> None:
    assert person(marketing=text).consents == {}
    assert person(marketing="退订").consents == {"marketing": False}


def test_points_with_one_last_day_are_one_lot() -> None:
    assert person(points="30", expires="2026-12-31").lots == ((30, date(2026, 12, 31)),)
    assert person(points="1,200.0").lots == ((1_200, None),)
    assert person(points="0", expires="2001-01-01").lots == ()
    assert person(birthday="农历8-15").birthday == ("lunar", 8, 15)
    assert person(birthday="未知").birthday is None


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("card", "12"),
        ("card_uid", "04A1"),
        ("phone", "12345"),
        ("points", "-5"),
        ("points", "1.5"),
        ("lots", "x@2027-01-01"),
        ("lots", "5@2020-01-01"),
        ("lots", "5@2027-13-01"),
        ("coupons", "WELCOME"),
        ("coupons", "@2027-01-01"),
        ("marketing", "maybe"),
        ("birthday", "1990-02-30"),
        ("joined", "2030-01-01"),
    ],
)
def test_what_is_wrong_with_a_member_is_named_and_her_number_is_not(column: str, text: str) -> None:
    with pytest.raises(Fault) as caught:
        person(**{column: text})
    assert caught.value.code == "E147"
    assert caught.value.fields["column"] == WHO.columns[column]
    if column in {"card", "card_uid", "phone"}:
        assert caught.value.fields["value"] == "…"


def test_a_sum_that_is_not_its_lots_and_nobody_at_all_are_refused() -> None:
    with pytest.raises(Fault, match="E147"):
        person(points="10", lots="5@2027-01-01")
    with pytest.raises(Fault, match="E147"):
        person(card="")
    for header, said in ((["姓名"], {}), (PEOPLE, {"columns": {"card": "x"}})):
        with pytest.raises(Fault, match="E146"):
            people_mapped(header, said)
    for odd in ({"odd": 1}, {"columns": {"odd": "卡号"}}, {"columns": 3}):
        with pytest.raises(Fault, match="E152"):
            people_mapped(PEOPLE, odd)


@given(
    st.lists(st.integers(0, 10**6 - 1), min_size=1, max_size=20), st.sampled_from(["88", "9900"])
)
def test_patterns_fit_every_number_they_were_made_of(numbers: list[int], head: str) -> None:
    cards = [f"{head}{number:06}" for number in numbers]
    (pattern,) = card_patterns(cards)
    assert card_pattern(pattern) == pattern
    assert all(is_card_number(card, pattern) for card in cards)


def test_numbers_that_look_like_payments_or_share_nothing_have_no_pattern() -> None:
    assert card_patterns([]) == card_patterns(["VIP-1", "VIP-2"]) == ()
    assert card_patterns(["10123456", "10123457"]) == ()
    assert card_patterns(["88001234", "99001234"]) == ()
    assert card_patterns(["880012", "88001234"]) == ("8800##", "880012##")
