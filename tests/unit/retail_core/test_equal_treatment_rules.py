"""Equal treatment: only published rules change a price, never above the shelf, guesses never."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.pricing.certificate import PricedBasket, Reason
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.proof.document import Asked, certify
from retail_core.pricing.proof.verify import price_again
from retail_core.pricing.rules.bundle import RuleBundle, parse_bundle
from retail_core.pricing.rules.conditions import Conditions
from retail_core.pricing.rules.context import MemberContext
from retail_core.pricing.rules.coupons import ThresholdCoupon
from retail_core.pricing.rules.offers import TagPrice
from tests.factories.pricing import TIERS, basket, line, tier
from tools.verify_pricing.cases import Maker

GUESS = "价格敏感"
COUPON = ThresholdCoupon(
    id="win-back",
    name="回访券",
    automatic=True,
    threshold_fen=1_000,
    fen_off=100,
    member_tags=frozenset({GUESS}),
)
RULES = RuleBundle(
    version=1,
    tier_names=TIERS,
    inferred_tags=frozenset({GUESS}),
    offers=(tier("gold-9", 900, "", "gold"),),
    coupons=(COUPON,),
)
Law = settings(max_examples=40, deadline=None)


def price(member: MemberContext | None) -> PricedBasket:
    return price_basket(basket(line(1, 2_000)), RULES, member)


def test_a_guess_may_bring_a_coupon_and_the_reason_is_shown() -> None:
    guessed = price(MemberContext("gold", frozenset({GUESS})))
    assert (guessed.before_coupon_fen, guessed.total_fen) == (1_800, 1_700)
    assert guessed.coupon is not None
    assert guessed.coupon.name == "回访券"


def test_a_member_who_opted_out_is_priced_as_if_nothing_were_guessed() -> None:
    out = price(MemberContext("gold", frozenset({GUESS}), personal=False))
    plain = price(MemberContext("gold"))
    assert out.lines == plain.lines
    assert out.total_fen == plain.total_fen == 1_800
    reasons = {rejected.offer_id: rejected.reason for rejected in out.rejected}
    assert reasons == {"win-back": Reason.OPTED_OUT}


@pytest.mark.parametrize(
    "offer",
    [
        TagPrice(id="t", name="t", permille=900, member_tags=frozenset({GUESS})),
        tier("t", 900),
    ],
)
def test_a_bundle_that_prices_by_a_guess_is_refused(offer: TagPrice) -> None:
    conditions = Conditions() if offer.member_tags else Conditions(tags_all=frozenset({GUESS}))
    bent = msgspec.structs.replace(RULES, offers=(msgspec.structs.replace(offer, when=conditions),))
    with pytest.raises(Fault) as refused:
        parse_bundle(msgspec.json.encode(bent))
    assert refused.value.code.value.startswith("P1")


@given(st.integers(0, 100_000))
@Law
def test_no_line_ever_costs_more_than_on_the_shelf(seed: int) -> None:
    case = Maker(seed).case()
    priced = price_again(_asked(seed), case.bundle)
    assert all(0 <= one.net_fen <= one.shelf_fen for one in priced.lines)
    assert 0 <= priced.due_fen <= priced.shelf_fen


@given(st.integers(0, 100_000))
@Law
def test_without_rules_everybody_pays_the_shelf_price(seed: int) -> None:
    priced = price_again(_asked(seed), RuleBundle(version=1))
    assert [one.net_fen for one in priced.lines] == [one.shelf_fen for one in priced.lines]
    assert priced.due_fen == priced.shelf_fen


@given(st.integers(0, 100_000))
@Law
def test_two_who_differ_in_nothing_the_rules_ask_pay_the_same(seed: int) -> None:
    asked, bundle = _asked(seed), Maker(seed).case().bundle
    if asked.member is None:
        return
    other = replace(asked.member, tags=asked.member.tags | {"nobody asked"})
    twin = Asked(
        basket=asked.basket, member=other, store=asked.store, points_wanted=asked.points_wanted
    )
    first, second = price_again(asked, bundle), price_again(twin, bundle)
    assert first == second
    assert certify(asked, first, bundle, b"") == certify(twin, second, bundle, b"")


def _asked(seed: int) -> Asked:
    case = Maker(seed).case()
    return Asked(
        basket=case.basket,
        member=case.member,
        store=case.store,
        points_wanted=case.points_wanted,
    )
