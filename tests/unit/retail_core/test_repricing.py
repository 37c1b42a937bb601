"""What travels with a sale is enough to price it again, and no more than that."""

from dataclasses import replace
from datetime import date, datetime

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.checkout.basket import BasketLine
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.proof.repricing import (
    basket_again,
    day_of,
    member_of,
    month_day_of,
    opened_of,
    priced_for,
    store_of,
    uses_of,
)
from retail_core.pricing.rules.bundle import Restriction, parse_bundle
from retail_core.pricing.rules.context import MemberContext, StoreContext, Used
from retail_core.wire.messages import PricedFor, SaleLine
from retail_core.wire.standing import RuleUse
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


WHOLE = MemberContext(
    "gold",
    frozenset({"vip", "other"}),
    frozenset({"staff", "club"}),
    date(2026, 10, 1),
    (7, 31),
    personal=False,
    used=Used({"capped": 4, "once": 1}, {"capped": 2}),
)
BOX_THAT_COUNTS = StoreContext(
    store="上海店",
    region="华东",
    channel="store",
    clock_known=False,
    stock={"A": 7, "B": -2},
    use_known=True,
    used=Used(today={"daily": 3, "capped": 9}),
    campaign_fen={"autumn": 120},
    campaign_uses={"autumn": 5, "other": 1},
)


def test_every_fact_travels_under_its_own_name() -> None:
    rules = parse_bundle(LIMITED)
    assert priced_for(FRIDAY_NOON, WHOLE, BOX_THAT_COUNTS, rules) == PricedFor(
        opened_min=int((FRIDAY_NOON - datetime(1970, 1, 1)).total_seconds()) // 60,  # noqa: DTZ001
        clock_known=False,
        tier="gold",
        tags=("vip",),
        groups=("staff",),
        joined=20261001,
        birthday=803,  # as near as the rule asks, and not her own
        personal=False,
        use_known=True,
        used=(RuleUse("capped", 4, 2),),
        store_used=(("daily", 3),),
        campaigns=(("autumn", 120, 5),),
        stock=(("A", 7), ("B", 0)),
    )
    plain = priced_for(FRIDAY_NOON, WHOLE, BOX_THAT_COUNTS, RULES)
    assert (plain.stock, plain.store_used, plain.campaigns, plain.store) == ((), (), (), "")
    blind = priced_for(FRIDAY_NOON, WHOLE, replace(BOX_THAT_COUNTS, use_known=False), rules)
    assert (blind.used, blind.store_used, blind.campaigns) == ((), (), ())
    early = priced_for(datetime(1969, 1, 1), None, BOX, rules)  # noqa: DTZ001 -- wall time
    assert (early.opened_min, early.tier, early.tags, early.personal) == (0, None, (), True)


def test_every_fact_is_read_back_as_it_was() -> None:
    facts = PricedFor(
        opened_min=FRIDAY_NOON.hour,
        clock_known=False,
        tier="gold",
        tags=("vip", "b"),
        store="上海店",
        region="华东",
        channel="web",
        groups=("staff",),
        joined=20261001,
        birthday=731,
        personal=False,
        use_known=False,
        used=(RuleUse("capped", 4, 2), RuleUse("once", 1, 0)),
        store_used=(("daily", 3),),
        campaigns=(("autumn", 120, 5),),
        stock=(("A", 7),),
    )
    assert member_of(facts) == MemberContext(
        "gold",
        frozenset({"vip", "b"}),
        frozenset({"staff"}),
        date(2026, 10, 1),
        (7, 31),
        personal=False,
        used=Used({"capped": 4, "once": 1}, {"capped": 2, "once": 0}),
    )
    assert store_of(facts) == StoreContext(
        store="上海店",
        region="华东",
        channel="web",
        clock_known=False,
        stock={"A": 7},
        use_known=False,
        used=Used(today={"daily": 3}),
        campaign_fen={"autumn": 120},
        campaign_uses={"autumn": 5},
    )
    assert member_of(NOWHERE) is None
    assert (day_of(0), day_of(20260230), day_of(20260228)) == (None, None, date(2026, 2, 28))
    assert (month_day_of(0), month_day_of(1231)) == (None, (12, 31))
    told = (RuleUse("capped", 4, 2),)
    assert uses_of(told, today=False) == Used({"capped": 4}, {})
    assert uses_of(()) == Used({}, {})
