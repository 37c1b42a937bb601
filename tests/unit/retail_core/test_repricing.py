"""What travels with a sale is enough to price it again, and no more than that."""

from datetime import date, datetime

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.checkout.basket import BasketLine
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.proof.repricing import (
    basket_again,
    member_of,
    opened_of,
    priced_for,
    store_of,
)
from retail_core.pricing.rules.bundle import Restriction, parse_bundle
from retail_core.pricing.rules.context import MemberContext, StoreContext, Used
from retail_core.wire.messages import PricedFor, SaleLine
from tests.factories.pricing import FRIDAY_NOON, basket, bundle, line, mix, set_price, tier

BOX = StoreContext(store="上海店", region="华东", channel="store", use_known=False)
RULES = bundle(tier("t", 930, "", "gold"), mix("m", 3, 1, "a"), set_price("s", 2, 900, "b"))
NOWHERE = PricedFor(0)
LIMITED = b"""{"version": 1, "inferred_tags": ["vip"],
 "campaigns": [{"id": "autumn", "budget_fen": 300}],
 "offers": [
  {"kind": "tier_price", "id": "capped", "name": "c", "permille": 900, "caps": {"per_member": 2}},
  {"kind": "tier_price", "id": "daily", "name": "d", "permille": 800, "caps": {"per_store_day": 3}},
  {"kind": "tier_price", "id": "drawn", "name": "e", "fen_off": 100, "campaign": "autumn"},
  {"kind": "tier_price", "id": "staff", "name": "s", "permille": 950,
   "when": {"groups": ["staff"], "stock_from": 2}},
  {"kind": "tier_price", "id": "new", "name": "n", "permille": 940,
   "when": {"member_days_until": 90}},
  {"kind": "tier_price", "id": "bday", "name": "b", "permille": 700,
   "when": {"birthday_within_days": 3}}],
 "coupons": [{"kind": "threshold", "id": "guess", "name": "g", "threshold_fen": 100,
  "fen_off": 50, "automatic": true, "member_tags": ["vip"]}]}"""


def sale_line(qty_milli: int, shelf_fen: int, sku: str = "A", number: int = 1) -> SaleLine:
    return SaleLine(number, None, sku, sku, qty_milli, shelf_fen, shelf_fen, ())


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5_000), st.sampled_from([1000, 3000, 437, 1]), st.sampled_from("ab")
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([None, "gold", "standard"]),
)
@settings(max_examples=60, deadline=None)
def test_a_sale_prices_again_as_it_was_priced(
    rows: list[tuple[int, int, str]], tier_code: str | None
) -> None:
    lines = tuple(
        line(number, price, qty_milli=qty, tags=tag)
        for number, (price, qty, tag) in enumerate(rows, start=1)
    )
    member = None if tier_code is None else MemberContext(tier_code, frozenset({"nobody asks"}))
    asked = basket(*lines)
    priced = price_basket(asked, RULES, member, store=BOX)
    facts = priced_for(asked.opened_local, member, BOX, RULES)
    sold = tuple(
        SaleLine(
            one.line, None, one.sku, one.name, one.qty_milli, one.shelf_fen, one.net_fen,
            one.offers,
        )
        for one in priced.lines
    )  # fmt: skip
    again = basket_again(sold, facts, {one.sku: one for one in lines})
    assert again is not None
    assert price_basket(again, RULES, member_of(facts), store=store_of(facts)) == priced


def test_tags_and_places_are_sent_only_when_rules_ask() -> None:
    member = MemberContext("gold", frozenset({"x"}))
    plain = priced_for(FRIDAY_NOON, member, BOX, RULES)
    assert (plain.tier, plain.tags, plain.store, plain.region) == ("gold", (), "", "")
    restricted = msgspec.structs.replace(
        RULES, restrictions=(Restriction(stores=frozenset({"上海店"}), off=frozenset({"m"})),)
    )
    placed = priced_for(FRIDAY_NOON, member, BOX, restricted)
    assert (placed.store, placed.region, placed.channel) == ("上海店", "华东", "store")


def test_the_hour_is_kept_to_the_minute_and_never_before_its_beginning() -> None:
    opened = datetime(2026, 7, 31, 23, 59, 58)  # noqa: DTZ001 - wall time
    assert opened_of(priced_for(opened, None, BOX, RULES)) == opened.replace(second=0)
    long_ago = datetime(1969, 12, 31)  # noqa: DTZ001 - wall time
    assert priced_for(long_ago, None, BOX, RULES).opened_min == 0


def test_a_price_at_the_till_stands_against_the_catalogue() -> None:
    article = BasketLine(1, "A", None, "A", 700, 1000, category="drinks")
    again = basket_again((sale_line(2000, 1_000),), NOWHERE, {"A": article})
    assert again is not None
    assert (again.lines[0].unit_price_fen, again.lines[0].category) == (500, "drinks")


def test_a_unit_price_that_cannot_be_told_is_not_guessed() -> None:
    assert basket_again((sale_line(3000, 1_000),), NOWHERE, {}) is None


@given(
    st.integers(0, 3),
    st.integers(0, 5),
    st.sampled_from([None, date(2026, 10, 1), date(2020, 2, 29)]),
    st.sampled_from([None, (11, 20), (2, 29)]),
    st.booleans(),
    st.booleans(),
)
def test_what_a_member_and_a_store_had_used_travels_too(
    ever: int,
    gone: int,
    joined: date | None,
    birthday: tuple[int, int] | None,
    personal: bool,  # noqa: FBT001 -- drawn
    known: bool,  # noqa: FBT001 -- drawn
) -> None:
    rules = parse_bundle(LIMITED)
    member = MemberContext(
        "gold",
        frozenset({"vip", "other"}),
        frozenset({"staff"}),
        joined,
        birthday,
        personal=personal,
        used=Used({"capped": ever}, {"capped": ever}),
    )
    store = StoreContext(
        stock={"A": gone},
        used=Used(today={"daily": gone}),
        campaign_fen={"autumn": gone * 100},
        use_known=known,
    )
    asked = basket(line(1, 1_000, 3, sku="A"))
    facts = priced_for(asked.opened_local, member, store, rules)
    first = price_basket(asked, rules, member, store=store)
    again = price_basket(asked, rules, member_of(facts), store=store_of(facts))
    assert first == again
