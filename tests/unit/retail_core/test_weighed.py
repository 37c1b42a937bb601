"""Labels of scales: taken apart by the shop's layout, priced to the fen."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retail_core.catalog.barcodes import check_digit_holds
from retail_core.catalog.weighed import (
    COMMON,
    Layout,
    SoldAs,
    Weighed,
    check_digit,
    layout_of,
    quantity_for,
    sold_as,
    take_apart,
    value_check_digit,
)
from retail_core.money import divide_half_up

GOLDEN = json.loads(
    (Path(__file__).resolve().parents[2] / "golden" / "weighed.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: f"{row['layout']} {row['code']}")
def test_golden_labels(row: dict[str, object]) -> None:
    found = take_apart(str(row["code"]), [layout_of(str(row["layout"]))])
    assert found is not None
    assert list(found.codes) == row["codes"]
    assert (found.grams, found.amount_fen, found.pieces) == (
        row["grams"],
        row["amount_fen"],
        row["pieces"],
    )
    price = row["price_fen"]
    assert isinstance(price, int)
    sold = sold_as(found, str(row["unit"]), price)
    assert [sold.qty_milli, sold.unit_price_fen] == row["sold"]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("6901234567892", "not a shop's own prefix"),
        ("2000123007521", "wrong check digit"),
        ("200012300752", "one digit short"),
        ("2000123000004", "weighs nothing"),
        ("288812345678901234", "an Alipay code is no label"),
        ("20001230075２8", "digits of another script"),
        ("", "nothing"),
    ],
)
def test_other_codes_are_no_labels(code: str, why: str) -> None:
    assert take_apart(code) is None, why


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "20IIIIIWWWWWCCC9999999",
        "69IIIIIWWWWWC",
        "20WWWWWWWWWWC",
        "20IIIIIIIIIIC",
        "20IIWWIIWWWWC",
        "20IIIIICWWWWW",
        "20IIIIVPPPPPPC",
        "20IIIIVVPPPPPC",
        "25IIIIIPPPPPWWWWWC",
        "2?IIIIIPPPPPWWWWWC",
    ],
)
def test_layouts_that_mean_nothing_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"layout|digit|digits"):
        layout_of(pattern)


def test_gs1_examples_of_value_check_digits() -> None:
    assert value_check_digit("2875") == 9
    assert value_check_digit("14685") == 6


def test_a_wrong_value_check_digit_is_a_misread_label() -> None:
    layout = layout_of("29IIIIIVPPPPC")
    body = "291234592876"
    assert not layout.takes(body + str(check_digit(body)))


def test_a_price_alone_needs_a_shelf_price_to_become_a_weight() -> None:
    label = Weighed(("123",), amount_fen=500)
    assert sold_as(label, "kg", 0) == SoldAs(1_000, 500)
    assert quantity_for(0, 100) is None


@given(st.text(alphabet="0123456789", min_size=12, max_size=12))
def test_law_check_digits_hold(digits: str) -> None:
    assert check_digit_holds(f"{digits}{check_digit(digits)}")


@given(st.sampled_from(COMMON), st.data())
def test_law_what_was_put_on_a_label_comes_off_it(layout: Layout, data: st.DataObject) -> None:
    values = {
        letter: data.draw(st.integers(1, 10 ** layout.pattern.count(letter) - 1))
        for letter in "IWP"
        if letter in layout.pattern
    }
    body = layout.pattern[:-1]
    for letter, value in values.items():
        size = body.count(letter)
        body = body.replace(letter * size, f"{value:0{size}}")
    found = take_apart(f"{body}{check_digit(body)}")
    assert found is not None
    assert found.codes[-1] == str(values["I"])
    assert (found.grams, found.amount_fen) == (values.get("W"), values.get("P"))


@given(
    amount_fen=st.none() | st.integers(1, 99_999),
    grams=st.none() | st.integers(1, 99_999),
    price_fen=st.integers(1, 1_000_000),
    unit=st.sampled_from(["kg", "斤", "100g", "g", "个"]),
    labels=st.integers(1, 99),
)
@example(amount_fen=350, grams=None, price_fen=1_050, unit="kg", labels=2)
def test_law_the_customer_pays_what_the_labels_say(
    amount_fen: int | None, grams: int | None, price_fen: int, unit: str, labels: int
) -> None:
    sold = sold_as(Weighed(("1",), grams, amount_fen), unit, price_fen, labels)
    assert sold.qty_milli > 0
    if amount_fen is not None:
        assert divide_half_up(sold.qty_milli * sold.unit_price_fen, 1_000) == labels * amount_fen


@given(st.integers(1, 99_999), st.integers(500, 100_000), st.integers(1, 9))
@example(amount_fen=66_851, price_fen=3_741, labels=9)
@example(amount_fen=93_955, price_fen=1_387, labels=5)
def test_law_what_a_price_label_weighs_is_what_its_sum_buys(
    amount_fen: int, price_fen: int, labels: int
) -> None:
    sold = sold_as(Weighed(("1",), amount_fen=amount_fen), "kg", price_fen, labels)
    near = labels * amount_fen * 1_000 / price_fen
    assert abs(sold.qty_milli - near) <= 1 + near / 50


def test_counted_pieces_stay_whole_and_a_shelf_without_price_sells_the_label() -> None:
    six = Weighed(("1",), amount_fen=1_001, pieces=6)
    assert sold_as(six, "个", 150) == SoldAs(1_000, 1_001)
    assert sold_as(Weighed(("1",), amount_fen=990, pieces=6), "个", 150) == SoldAs(6_000, 165)
    assert sold_as(Weighed(("1",), amount_fen=500), "kg", 0, 3) == SoldAs(3_000, 500)
    taken_back = sold_as(Weighed(("1",), amount_fen=350), "kg", 1_050, -2)
    assert taken_back == SoldAs(-667, 1_050)


def test_a_price_left_at_zero_is_none_and_gives_nothing_away() -> None:
    body = "24001230000000752"
    label = take_apart(f"{body}{check_digit(body)}")
    assert label is not None
    assert (label.grams, label.amount_fen) == (752, None)
    assert sold_as(label, "kg", 12_600) == SoldAs(752, 12_600)


@given(st.integers(1, 100_000), st.integers(1, 99_999))
def test_law_a_scale_at_our_price_gives_the_weight_back(price_fen: int, grams: int) -> None:
    amount = divide_half_up(price_fen * grams, 1_000)
    if amount:
        found = quantity_for(amount, price_fen)
        assert found is not None
        assert divide_half_up(price_fen * found, 1_000) == amount


@given(st.text(max_size=24))
def test_law_anything_may_be_scanned(code: str) -> None:
    found = take_apart(code)
    assert found is None or found.codes
