"""What goods cost in a store on a day, and what travels to the boxes for it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.catalog.price_lists import (
    ListPrice,
    for_store,
    price_on,
    prices_in_force,
    publishable,
    scopes_of,
)
from retail_core.catalog.stock_table import StockTable, decode_stock, encode_stock
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

SCOPES = scopes_of("ab", "华东")
PRICES = (
    ListPrice("A", "", 20261101, 100),
    ListPrice("A", "", 20261201, 90),
    ListPrice("A", "r:华东", 20261110, 80),
    ListPrice("A", "s:ab", 20261115, 70),
    ListPrice("A", "s:ab", 20261120, None),
    ListPrice("A", "s:zz", 20261101, 1),
)


@pytest.mark.parametrize(
    ("day", "fen"),
    [(20261031, None), (20261101, 100), (20261110, 80), (20261115, 70), (20261120, 80)],
)
def test_the_narrowest_holds_until_it_gives_way(day: int, fen: int | None) -> None:
    assert price_on(PRICES, SCOPES, day) == fen


def test_a_store_without_a_region() -> None:
    assert scopes_of("ab", "") == ("s:ab", "")
    assert price_on(PRICES, scopes_of("cd", ""), 20261202) == 90


def test_what_a_store_keeps_says_every_day_by_itself() -> None:
    later = (ListPrice("A", "s:ab", 20261201, 5), ListPrice("B", "s:zz", 20261101, 6))
    kept = for_store(later, {"A": 100, "B": 50}, SCOPES, 20261122)
    assert kept == (ListPrice("A", "", 0, 100), later[0])
    assert prices_in_force(kept, SCOPES, 20261122) == {"A": 100}
    assert prices_in_force(kept, SCOPES, 20261201) == {"A": 5}
    assert for_store(PRICES, {}, SCOPES, 20261122) == ()


def test_only_what_can_still_hold_travels() -> None:
    assert publishable(PRICES, 20261122, 20261122) == (
        ListPrice("A", "", 20261101, 100),
        ListPrice("A", "", 20261201, 90),
        ListPrice("A", "r:华东", 20261110, 80),
        ListPrice("A", "s:zz", 20261101, 1),
    )
    assert publishable(PRICES[:1], 20261122, 20261122) == ()


ROWS = st.lists(
    st.builds(
        ListPrice,
        sku=st.sampled_from(["A", "B"]),
        scope=st.sampled_from(["", "r:华东", "s:ab", "s:zz"]),
        day=st.integers(1, 9),
        price_fen=st.none() | st.integers(1, 50),
    ),
    max_size=14,
)


@given(ROWS, st.integers(1, 9), st.integers(0, 5))
def test_a_box_charges_what_the_whole_history_says(
    rows: list[ListPrice], today: int, ahead: int
) -> None:
    """Whatever is left out for the way, every day from today on costs the same."""
    said = {(one.sku, one.scope, one.day): one for one in rows if one.scope or one.price_fen}
    base = {
        sku: price_on([one for one in said.values() if one.sku == sku], [""], today) or 99
        for sku in ("A", "B")
    }
    kept = for_store(publishable(said.values(), today, today), base, SCOPES, today)
    found = prices_in_force(kept, SCOPES, today + ahead)
    for sku in ("A", "B"):
        own = [ListPrice(sku, "", 0, 99), *(one for one in said.values() if one.sku == sku)]
        wanted = price_on(own, SCOPES, today + ahead)
        assert found.get(sku, base[sku]) == wanted


class TestStockTable:
    def test_it_comes_back(self) -> None:
        table = StockTable(4, 17, {"b": 1, "a": 2_500})
        assert decode_stock(encode_stock(table)) == table

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", FaultCode.WIRE_MALFORMED),
            (msgspec.msgpack.encode([1, 1, 1]), FaultCode.WIRE_MALFORMED),
            (msgspec.msgpack.encode([2, 1, 1, {}]), FaultCode.WIRE_VERSION),
        ],
    )
    def test_what_it_is_not(self, content: bytes, code: FaultCode) -> None:
        with pytest.raises(Fault, check=lambda fault: fault.code is code):
            decode_stock(content)
