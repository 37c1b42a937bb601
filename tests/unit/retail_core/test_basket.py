import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core import limits
from retail_core.checkout.basket import BasketLine, check_basket, line_shelf_fen, whole_units
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.pricing import basket, line


@pytest.mark.parametrize(
    ("price_fen", "qty_milli", "shelf_fen"),
    [
        (1990, 1000, 1990),
        (1990, 3000, 5970),
        (1000, 437, 437),
        (999, 500, 500),
        (1, 500, 1),
        (1, 499, 0),
        (0, 5000, 0),
        (4500, 1, 5),
    ],
)
def test_weighed_goods_round_half_a_fen_up(price_fen: int, qty_milli: int, shelf_fen: int) -> None:
    assert line_shelf_fen(line(1, price_fen, qty_milli=qty_milli)) == shelf_fen


@pytest.mark.parametrize(
    ("qty_milli", "units"), [(1000, 1), (12_000, 12), (999, 0), (1001, 0), (1500, 0)]
)
def test_whole_units(qty_milli: int, units: int) -> None:
    assert whole_units(line(1, 100, qty_milli=qty_milli)) == units


def _refusal(*lines: BasketLine) -> Fault:
    with pytest.raises(Fault) as refused:
        check_basket(basket(*lines))
    return refused.value


def test_an_empty_basket_is_refused() -> None:
    assert _refusal().code == FaultCode.SALE_EMPTY


@pytest.mark.parametrize("qty_milli", [0, -1, limits.QTY_MILLI_MAX + 1])
def test_a_quantity_out_of_range_is_refused(qty_milli: int) -> None:
    fault = _refusal(line(1, 100), line(2, 1, qty_milli=qty_milli))
    assert fault.code == FaultCode.SALE_QUANTITY
    assert fault.fields == {"line": 2}


def test_a_negative_price_is_refused() -> None:
    fault = _refusal(line(1, 100), line(2, -1))
    assert fault.code == FaultCode.SALE_AMOUNT_NEGATIVE
    assert fault.fields == {"line": 2}


def test_too_many_lines_or_a_number_twice_are_refused() -> None:
    many = [line(number, 1) for number in range(1, limits.LINES_MAX + 2)]
    for fault in (_refusal(*many), _refusal(line(1, 100), line(1, 200))):
        assert fault.code == FaultCode.SALE_LINES
        assert fault.fields == {"limit": limits.LINES_MAX}
    check_basket(basket(*many[:-1]))


def test_amounts_are_bounded_over_all_lines() -> None:
    half = limits.AMOUNT_FEN_MAX // 2
    check_basket(basket(line(1, half), line(2, half)))
    fault = _refusal(line(1, half), line(2, half + 1))
    assert fault.code == FaultCode.SALE_AMOUNT_TOO_LARGE
    assert fault.fields == {"limit": limits.AMOUNT_FEN_MAX}


@given(st.integers(0, 10**6), st.integers(1, limits.QTY_MILLI_MAX // 1000))
def test_the_smallest_and_largest_quantities_pass(price_fen: int, units: int) -> None:
    small = min(price_fen, limits.AMOUNT_FEN_MAX // units)
    check_basket(basket(line(1, small, units), line(2, 0, qty_milli=1)))


def test_plain_goods_have_no_brand_category_or_tags() -> None:
    entered = BasketLine(1, "S1", None, "article", 100, 1000)
    assert (entered.brand, entered.category, entered.tags) == ("", "", frozenset())
