"""Which rules name what, which coupons may be used, and when a bundle holds at all."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.checkout.basket import Basket, BasketLine
from retail_core.errors import Fault
from retail_core.pricing.certificate import Reason
from retail_core.pricing.matching.matches import match_rules
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.conditions import ItemSelector
from retail_core.pricing.rules.context import ANY_STORE, MemberContext, StoreContext
from retail_core.pricing.rules.coupons import Held
from retail_core.pricing.rules.line_index import LineIndex
from retail_core.pricing.rules.offers import (
    BundleSlot,
    Offer,
    PriceList,
    SlotBundle,
    TierPrice,
    order_key,
)
from retail_core.texts.faults import FaultCode
from tests.factories.matched_rules import TWO_LINES, matched, offered
from tests.factories.pricing import FRIDAY_NOON, basket, line


def opened(text: str) -> Basket:
    return Basket(TWO_LINES.lines, datetime.fromisoformat(text))


# ---- what a rule names ---------------------------------------------------------------------------


def test_a_rule_that_names_nothing_here_is_not_mentioned() -> None:
    rules: dict[str, Any] = {
        "offers": [{"kind": "tier_price", "id": "o", "name": "n", "fen_off": 1}]
    }
    rules["offers"][0] |= {"items": {"skus": ["X"]}, "tiers": ["silver"]}
    assert matched(rules).offers == ()


def test_excepted_articles_are_not_meant() -> None:
    assert offered({"except_items": {"tags": ["b", "z"]}}).lines == (0,)
    assert offered({"items": {"skus": ["A", "B"]}, "except_items": {"skus": ["A"]}}).lines == (1,)
    rules = {
        "offers": [
            {"kind": "tier_price", "id": "o", "name": "n", "fen_off": 1}
            | {"except_items": {"tags": ["a", "b"]}}
        ]
    }
    assert matched(rules).offers == ()


WEIGHED = basket(line(1, 1000, 2, tags="a"), line(2, 4500, tags="a", qty_milli=350))


def test_a_unit_offer_says_what_it_takes_off_each_line() -> None:
    match = offered({"fen_off": None, "permille": 900}, at=WEIGHED)
    assert (match.lines, match.fen_off) == ((0, 1), (100, 157))
    dear = offered({"fen_off": None, "price_fen": 1000}, at=WEIGHED)
    assert (dear.lines, dear.fen_off) == ((0, 1), (0, 1575 - 350))
    prices = {"S1": 900, "S2": 9000, "S9": 1}
    offer = {"kind": "price_list", "id": "o", "name": "n", "prices": prices}
    (found,) = matched({"offers": [offer]}, at=WEIGHED).offers
    assert (found.lines, found.fen_off) == ((0, 1), (100, 0))


def test_sets_take_whole_units_only() -> None:
    match = offered({"kind": "set_amount", "need": 2}, at=WEIGHED)
    assert (match.lines, match.fen_off, match.slots) == ((0,), (), ())
    weighed_only = basket(WEIGHED.lines[1])
    match = offered({"kind": "set_amount", "need": 2}, at=weighed_only)
    assert (match.lines, match.reason) == ((), None)


def test_a_bundle_says_what_fits_each_slot() -> None:
    parts = [{"items": {"tags": ["a"]}}, {"items": {"skus": ["S1", "S3"]}, "need": 2}]
    three = basket(*WEIGHED.lines, line(3, 700, tags="c"))
    match = offered({"kind": "slot_bundle", "slots": parts}, at=three)
    assert (match.lines, match.slots) == ((0, 2), ((0,), (0, 2)))
    excepted = {"kind": "slot_bundle", "slots": parts, "except_items": {"tags": ["c"]}}
    assert offered(excepted, at=three).slots == ((0,), (0,))


selectors = st.builds(
    ItemSelector,
    skus=st.frozensets(st.sampled_from("ABC"), max_size=2),
    categories=st.frozensets(st.sampled_from("xy"), max_size=1),
    brands=st.frozensets(st.sampled_from("pq"), max_size=1),
    tags=st.frozensets(st.sampled_from("tuv"), max_size=2),
)
any_lines = st.lists(
    st.builds(
        BasketLine,
        line=st.just(1),
        sku=st.sampled_from("ABC"),
        article_id=st.none(),
        name=st.just("n"),
        unit_price_fen=st.just(100),
        qty_milli=st.just(1000),
        brand=st.sampled_from(["", "p", "q"]),
        category=st.sampled_from(["", "x", "y"]),
        tags=st.frozensets(st.sampled_from("tuv"), max_size=2),
    ),
    max_size=6,
)


def is_named(entry: BasketLine, items: ItemSelector) -> bool:
    if not (items.skus or items.categories or items.brands or items.tags):
        return True
    return (
        entry.sku in items.skus
        or entry.category in items.categories
        or entry.brand in items.brands
        or bool(entry.tags & items.tags)
    )


@given(any_lines, selectors)
def test_the_index_names_what_reading_every_line_would(
    lines: list[BasketLine], items: ItemSelector
) -> None:
    expected = tuple(place for place, entry in enumerate(lines) if is_named(entry, items))
    index = LineIndex(tuple(lines))
    assert index.named_by(items) == expected
    by_sku = tuple(place for place, entry in enumerate(lines) if entry.sku in items.skus)
    assert index.of_skus(dict.fromkeys(items.skus).keys()) == by_sku


@st.composite
def named_offers(draw: st.DrawFn) -> tuple[Offer, tuple[ItemSelector, ...]]:
    base: dict[str, Any] = {"name": "n", "priority": draw(st.integers(0, 2))}
    base["id"] = draw(st.text("xyz", min_size=1, max_size=4))
    items = draw(selectors)
    match draw(st.sampled_from(["unit", "list", "bundle"])):
        case "unit":
            return TierPrice(**base, items=items, fen_off=1), (items,)
        case "list":
            skus = draw(st.frozensets(st.sampled_from("ABC"), min_size=1))
            prices = dict.fromkeys(skus, 1)
            return PriceList(**base, prices=prices), (ItemSelector(skus=skus),)
        case _:
            parts = (items, draw(selectors))
            slots = tuple(BundleSlot(items=part) for part in parts)
            return SlotBundle(**base, slots=slots, fen_off=1), parts


@given(any_lines, st.lists(named_offers(), max_size=5))
def test_a_basket_meets_the_rules_that_name_it_strongest_first(
    lines: list[BasketLine], named: list[tuple[Offer, tuple[ItemSelector, ...]]]
) -> None:
    rules = RuleBundle(version=1, offers=tuple(offer for offer, _ in named))
    expected = [
        offer
        for offer, parts in sorted(named, key=lambda pair: order_key(pair[0]))
        if any(is_named(entry, items) for entry in lines for items in parts)
    ]
    found = match_rules(Basket(tuple(lines), FRIDAY_NOON), rules, None)
    assert [match.offer for match in found.offers] == expected


# ---- coupons and gifts ---------------------------------------------------------------------------

OFF5 = {"kind": "threshold", "id": "c", "name": "5元券", "fen_off": 500}


def holding(*coupons: Held, **fields: Any) -> MemberContext:
    return MemberContext("gold", coupons=coupons, **fields)


def coupon_reason(held: Held, store: StoreContext = ANY_STORE, **fields: Any) -> Reason | None:
    (match,) = matched({"coupons": [OFF5 | fields]}, holding(held), store).coupons
    assert match.held == held
    return match.reason


@pytest.mark.parametrize(
    ("expires", "reason"),
    [
        (None, None),
        (FRIDAY_NOON + timedelta(seconds=1), None),
        (FRIDAY_NOON, Reason.COUPON_EXPIRED),
        (FRIDAY_NOON - timedelta(days=1), Reason.COUPON_EXPIRED),
    ],
)
def test_a_coupon_ends_at_its_moment(expires: datetime | None, reason: Reason | None) -> None:
    held = Held(id="h", coupon="c", expires=expires)
    assert coupon_reason(held) is reason
    blind = coupon_reason(held, StoreContext(clock_known=False))
    assert blind is (None if expires is None else Reason.CLOCK_UNKNOWN)


def test_a_coupon_obeys_its_rule() -> None:
    held = Held(id="h", coupon="c", chain="us")
    assert coupon_reason(held) is None
    assert coupon_reason(held, tiers=["silver"]) is Reason.NOT_ELIGIBLE_TIER
    assert coupon_reason(held, items={"skus": ["X"]}) is Reason.NAMES_NOTHING
    assert coupon_reason(held, when={"stock_from": 9}, items={"skus": ["A"]}) is (
        Reason.STOCK_TOO_LOW
    )


def test_coupons_of_others_and_of_old_rules_are_told_apart() -> None:
    foreign, unknown = Held(id="1", coupon="c", chain="them"), Held(id="2", coupon="old")
    both = Held(id="3", coupon="old", chain="them")
    found = matched({"coupons": [OFF5]}, holding(unknown, both, foreign))
    assert found.coupons == ()
    assert found.strangers == (
        (foreign, Reason.COUPON_FOREIGN),
        (unknown, Reason.COUPON_UNKNOWN),
        (both, Reason.COUPON_FOREIGN),
    )


def test_a_coupon_is_offered_once_for_each_held_and_by_itself_when_automatic() -> None:
    second, first = Held(id="b", coupon="c"), Held(id="a", coupon="c")
    found = matched({"coupons": [OFF5]}, holding(second, first)).coupons
    assert [match.held for match in found] == [first, second]
    found = matched({"coupons": [OFF5 | {"automatic": True}]}, holding(first)).coupons
    assert [match.held for match in found] == [None, first]
    assert matched({"coupons": [OFF5]}, None).coupons == ()
    idle = OFF5 | {"automatic": True, "items": {"skus": ["X"]}}
    assert matched({"coupons": [idle]}).coupons == ()


def test_what_counts_towards_a_coupon() -> None:
    held = Held(id="h", coupon="c")
    (whole,) = matched({"coupons": [OFF5]}, holding(held)).coupons
    assert (whole.whole, whole.lines) == (True, (0, 1))
    (named,) = matched({"coupons": [OFF5 | {"items": {"tags": ["a"]}}]}, holding(held)).coupons
    assert (named.whole, named.lines) == (False, (0,))
    rest = OFF5 | {"except_items": {"tags": ["a"]}}
    (excepted,) = matched({"coupons": [rest]}, holding(held)).coupons
    assert (excepted.whole, excepted.lines) == (False, (1,))


def test_a_gift_says_what_is_left_of_it() -> None:
    gift = {"id": "g", "name": "n", "sku": "S", "need": 1, "items": {"tags": ["b"]}}
    rules = {"gifts": [gift | {"caps": {"per_receipt": 2}}]}
    (match,) = matched(rules, store=StoreContext(stock={"S": 0})).gifts
    assert (match.lines, match.uses_left, match.stock) == ((1,), 2, 0)
    (match,) = matched({"gifts": [gift]}).gifts
    assert (match.uses_left, match.stock) == (None, None)
    assert matched({"gifts": [gift | {"items": {"skus": ["X"]}}]}).gifts == ()
    assert matched({"gifts": [gift | {"except_items": {"skus": ["B"]}}]}).gifts == ()


def test_points_are_for_members_where_they_are_taken() -> None:
    rules = {"points": {"id": "p"}, "restrictions": [{"regions": ["west"], "points_off": True}]}
    assert matched(rules).points is not None
    assert matched(rules, None).points is None
    assert matched(rules, store=StoreContext(region="west")).points is None
    assert matched({}).points is None


# ---- guesses about a person ----------------------------------------------------------------------

GUESSED = {"inferred_tags": ["高客单"]}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"member_tags": ["高客单"]}, Reason.OPTED_OUT),
        ({"member_tags": ["高客单", "学生"]}, None),
        ({"when": {"tags_all": ["高客单", "学生"]}}, Reason.OPTED_OUT),
        ({"when": {"tags_all": ["教师"]}}, Reason.NOT_ELIGIBLE_TAG),
        ({"when": {"tags_none": ["高客单"]}}, None),
    ],
)
@pytest.mark.parametrize("tags", [{"学生"}, {"学生", "高客单"}])
def test_for_her_who_opted_out_guesses_are_as_if_never_made(
    fields: dict[str, Any], reason: Reason | None, tags: set[str]
) -> None:
    member = holding(Held(id="h", coupon="c"), tags=frozenset(tags), personal=False)
    (match,) = matched(GUESSED | {"coupons": [OFF5 | fields]}, member).coupons
    assert match.reason is reason


def test_a_guess_drives_a_coupon_for_her_who_did_not() -> None:
    held = Held(id="h", coupon="c")
    rules = GUESSED | {"coupons": [OFF5 | {"member_tags": ["高客单"]}]}
    (match,) = matched(rules, holding(held, tags=frozenset({"高客单"}))).coupons
    assert match.reason is None
    (match,) = matched(rules, holding(held)).coupons
    assert match.reason is Reason.NOT_ELIGIBLE_TAG


# ---- when a bundle holds -------------------------------------------------------------------------


def test_a_bundle_holds_from_its_moment_on() -> None:
    rules = {"valid_from": "2026-07-31T12:00:00"}
    assert matched(rules).offers == ()
    for at, store in (
        (opened("2026-07-31T11:59:59"), ANY_STORE),
        (TWO_LINES, StoreContext(clock_known=False)),
    ):
        with pytest.raises(Fault) as refused:
            matched(rules, at=at, store=store)
        assert refused.value.code == FaultCode.BUNDLE_NOT_YET
        assert "2026-07-31T12:00:00" in refused.value.text("zh")
