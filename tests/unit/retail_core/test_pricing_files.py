"""Baskets and members from files: what is read, and what is refused with its place."""

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.checkout.basket import BasketLine, check_basket
from retail_core.errors import Fault
from retail_core.pricing.rules.context import MemberContext, StoreContext, Used
from retail_core.pricing.rules.coupons import Held
from retail_core.pricing.rules.files import read_basket, read_member
from retail_core.texts.faults import FaultCode

LINE = {"sku": "A1", "unit_price_fen": 500}
BASKET = {"opened": "2026-07-31T12:00:00", "lines": [LINE]}
NOON = datetime(2026, 7, 31, 12)  # noqa: DTZ001 - wall time in the store's zone


def encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def test_the_least_that_must_be_said_of_a_basket() -> None:
    asked = read_basket(encoded(BASKET))
    assert asked.basket.opened_local == NOON
    assert asked.basket.lines == (BasketLine(1, "A1", None, "A1", 500, 1000),)
    assert (asked.store, asked.points_wanted) == (StoreContext(), 0)


def test_all_that_may_be_said_of_a_basket() -> None:
    asked = read_basket(
        encoded(
            BASKET
            | {
                "lines": [
                    LINE
                    | {
                        "line": 7,
                        "qty_milli": 1250,
                        "name": "苹果",
                        "brand": "果园",
                        "category": "水果",
                        "tags": ["产地直供"],
                    }
                ],
                "store": "S001",
                "region": "华东",
                "channel": "store",
                "stock": {"A1": 12, "A2": -1},
                "used": {"today": {"o1": 3}},
                "campaigns": {"summer": {"fen": 900, "uses": 2}},
                "points_wanted": 400,
                "clock_known": False,
            }
        )
    )
    assert asked.basket.lines == (
        BasketLine(7, "A1", None, "苹果", 500, 1250, "果园", "水果", frozenset({"产地直供"})),
    )
    assert asked.points_wanted == 400
    assert asked.store == StoreContext(
        store="S001",
        region="华东",
        channel="store",
        stock={"A1": 12, "A2": -1},
        used=Used(today={"o1": 3}),
        campaign_fen={"summer": 900},
        campaign_uses={"summer": 2},
        clock_known=False,
    )


def test_a_member_is_read() -> None:
    assert read_member(b"{}") == MemberContext("")
    member = read_member(
        encoded(
            {
                "tier": "gold",
                "tags": ["学生"],
                "groups": ["团购"],
                "joined": "2025-02-28",
                "birthday": "02-29",
                "points_free": 1200,
                "coupons": [
                    {"id": "h1", "coupon": "c1", "expires": "2026-08-01T00:00:00"},
                    {"id": "h2", "coupon": "c1", "chain": "other"},
                ],
                "personal": False,
                "used": {"ever": {"o1": 2}, "today": {"o1": 1}},
            }
        )
    )
    assert member == MemberContext(
        tier="gold",
        tags=frozenset({"学生"}),
        groups=frozenset({"团购"}),
        joined=date(2025, 2, 28),
        birthday=(2, 29),
        points_free=1200,
        coupons=(
            Held(id="h1", coupon="c1", expires=datetime(2026, 8, 1)),  # noqa: DTZ001
            Held(id="h2", coupon="c1", chain="other"),
        ),
        personal=False,
        used=Used({"o1": 2}, {"o1": 1}),
    )


@pytest.mark.parametrize(
    ("raw", "place", "en"),
    [
        (b"", "the whole", "input data was truncated"),
        (b"\xff{}", "the whole", "JSON is malformed"),
        (encoded({"lines": []}), "the whole", "object missing required field `opened`"),
        (encoded(BASKET | {"opened": "2026-07-31"}), "opened", "invalid RFC3339"),
        (
            encoded(BASKET | {"opened": "2026-07-31T12:00:00+08:00"}),
            "opened",
            "expected `datetime`",
        ),
        (encoded(BASKET | {"lines": [LINE, {"sku": "B"}]}), "lines[1]", "object missing required"),
        (encoded(BASKET | {"lines": [LINE | {"sku": ""}]}), "lines[0].sku", "expected `str`"),
        (encoded(BASKET | {"lines": [LINE | {"qty": 2}]}), "lines[0]", "object contains unknown"),
        (
            encoded(BASKET | {"lines": [LINE | {"qty_milli": 1.5}]}),
            "lines[0].qty_milli",
            "expected",
        ),
        (encoded(BASKET | {"points_wanted": -1}), "points_wanted", "expected `int` >= 0"),
        (
            encoded(BASKET | {"used": {"today": {"o": -1}}}),
            "used.today[...]",
            "expected `int` >= 0",
        ),
        (encoded(BASKET | {"used": {"ever": {}}}), "used", "object contains unknown field `ever`"),
        (encoded(BASKET | {"campaigns": {"k": {"fen": -1}}}), "campaigns[...].fen", "expected"),
        (encoded(BASKET)[:-1] + b',"store":"a","store":"b"}', "the whole", "the field store is"),
        (
            encoded(BASKET).replace(b"500", b"5" * 5000),
            "lines[0].unit_price_fen",
            "integer value out of range",
        ),
    ],
)
def test_a_basket_that_does_not_fit_is_refused_by_its_place(
    raw: bytes, place: str, en: str
) -> None:
    with pytest.raises(Fault) as refused:
        read_basket(raw)
    check_refusal(refused.value, "the basket file", "篮子文件", place, en)


@pytest.mark.parametrize(
    ("fields", "place", "en"),
    [
        ({"birthday": "02-30"}, "birthday", "there is no such day; write MM-DD"),
        ({"birthday": "2-3"}, "birthday", "expected `str` matching"),
        ({"joined": "yesterday"}, "joined", "invalid RFC3339 encoded date"),
        ({"points_free": -1}, "points_free", "expected `int` >= 0"),
        ({"personal": 1}, "personal", "expected `bool`, got `int`"),
        ({"coupons": [{"id": "h"}]}, "coupons[0]", "object missing required field `coupon`"),
        (
            {"coupons": [{"id": "g", "coupon": "c"}, *[{"id": "h", "coupon": "c"}] * 2]},
            "coupons[2].id",
            "the coupon is there already, as coupons[1]",
        ),
    ],
)
def test_a_member_that_does_not_fit_is_refused_by_its_place(
    fields: dict[str, Any], place: str, en: str
) -> None:
    with pytest.raises(Fault) as refused:
        read_member(encoded(fields))
    check_refusal(refused.value, "the member file", "会员文件", place, en)


def check_refusal(fault: Fault, file: str, file_zh: str, place: str, en: str) -> None:
    assert fault.code == FaultCode.PRICING_FILE_INVALID
    assert (fault.fields["file"], fault.fields["place"]) == (file, place)
    assert str(fault.fields["reason"]).startswith(en)
    assert fault.text("en").startswith(f"{file}, {place}: {en}")
    assert fault.text("zh").startswith(file_zh)
    assert en not in fault.text("zh")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"qty_milli": -1000}, FaultCode.SALE_QUANTITY),
        ({"qty_milli": 0}, FaultCode.SALE_QUANTITY),
        ({"qty_milli": 10**30}, FaultCode.SALE_QUANTITY),
        ({"unit_price_fen": -1}, FaultCode.SALE_AMOUNT_NEGATIVE),
        ({"unit_price_fen": 10**30}, FaultCode.SALE_AMOUNT_TOO_LARGE),
    ],
)
def test_amounts_no_till_can_mean_have_codes_of_their_own(
    line: dict[str, int], code: FaultCode
) -> None:
    with pytest.raises(Fault) as refused:
        check_basket(read_basket(encoded(BASKET | {"lines": [LINE | line]})).basket)
    assert refused.value.code == code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["opened", "lines", "sku", "coupons", "id", "used", "birthday"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(json_values)
def test_whatever_is_in_a_file_is_read_or_refused(value: object) -> None:
    faults = [fault for read in (read_basket, read_member) if (fault := refused_by(read, value))]
    assert {fault.code for fault in faults} <= {FaultCode.PRICING_FILE_INVALID}
    assert all(fault.fields["reason"] for fault in faults)


def refused_by(read: Callable[[bytes], object], value: object) -> Fault | None:
    try:
        read(encoded(value))
    except Fault as fault:
        return fault
    return None
