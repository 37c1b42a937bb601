"""The whole search, against trying everything, and its methods against each other."""

import random
from dataclasses import replace

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from retail_core.checkout.basket import line_shelf_fen
from retail_core.pricing.certificate import certificate_hash
from retail_core.pricing.rules.coupons import ThresholdCoupon
from retail_core.pricing.rules.offers import BundleSlot, Caps, MixAndMatch, SlotBundle
from retail_core.pricing.solver import joint, model
from retail_core.pricing.solver.answers import Question
from retail_core.pricing.solver.incumbent import incumbent
from retail_core.pricing.solver.joint import solve_question
from retail_core.pricing.solver.receipt import (
    CouponTerms,
    PointsTerms,
    due_with,
    least_due_with,
)
from tests.factories.pricing import basket, line, tagged, tier
from tests.factories.pricing_problems import Law
from tests.factories.search_answers import question_of
from tools.verify_pricing.cases import Maker
from tools.verify_pricing.checks import against_everything, priced_of, states_and_programs

seeds = st.integers(0, 10**9)


@pytest.mark.parametrize("start", range(0, 300, 50))
def test_the_best_price_is_the_one_found_by_trying_everything(start: int) -> None:
    verdicts = [against_everything(seed) for seed in range(start, start + 50)]
    assert [verdict for verdict in verdicts if verdict.equal is False] == []
    assert sum(verdict.equal is True for verdict in verdicts) > 40


@pytest.mark.parametrize("start", range(0, 100, 50))
def test_the_walks_find_the_same_without_the_states(
    start: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joint, "SMALL_UNITS", 0)
    verdicts = [against_everything(seed) for seed in range(start, start + 50)]
    assert [verdict for verdict in verdicts if verdict.equal is False] == []


def test_states_and_programs_agree() -> None:
    verdicts = [states_and_programs(seed) for seed in range(12)]
    assert [verdict for verdict in verdicts if verdict.equal is False] == []
    assert any(verdict.equal for verdict in verdicts)


@Law
@given(seeds)
def test_the_account_adds_up_whatever_is_used(seed: int) -> None:
    case = Maker(seed, units=(1, 14)).case()
    priced = priced_of(case)
    for entered, charged in zip(case.basket.lines, priced.lines, strict=True):
        assert charged.shelf_fen == line_shelf_fen(entered)
        assert 0 <= charged.net_fen <= charged.shelf_fen
        assert charged.net_fen + sum(fen for _, fen in charged.offers) == charged.shelf_fen
    assert priced.total_fen == sum(charged.net_fen for charged in priced.lines)
    assert 0 <= priced.due_fen <= priced.total_fen <= priced.shelf_fen
    on_lines = sum(fen for charged in priced.lines for _, fen in charged.offers)
    off = priced.coupon.fen_off if priced.coupon else 0
    assert on_lines == sum(offer.fen_off for offer in priced.applied) + off
    rejected = {entry.offer_id for entry in priced.rejected}
    assert not rejected & {offer.offer_id for offer in priced.applied}


@Law
@given(seeds, st.randoms(use_true_random=False))
def test_the_order_of_everything_does_not_matter(seed: int, rng: random.Random) -> None:
    case = Maker(seed, units=(1, 14)).case()
    lines, offers = list(case.basket.lines), list(case.bundle.offers)
    turned = replace(
        case,
        basket=replace(case.basket, lines=tuple(rng.sample(lines, len(lines)))),
        bundle=msgspec.structs.replace(case.bundle, offers=tuple(rng.sample(offers, len(offers)))),
    )
    one, other = priced_of(turned), priced_of(case)
    # Where a node limit ended the search, the order decides what had been found by then.
    assume(one.status == other.status == "optimal")
    assert certificate_hash(one) == certificate_hash(other)
    assert certificate_hash(priced_of(case)) == certificate_hash(priced_of(case))


@Law
@given(seeds, seeds)
def test_one_more_offer_never_raises_what_is_due(seed: int, other: int) -> None:
    case = Maker(seed, units=(1, 12)).case()
    more = Maker(other, offers=1).case().bundle.offers[0]
    extra = msgspec.structs.replace(more, id="more")
    bundle = msgspec.structs.replace(case.bundle, offers=(*case.bundle.offers, extra))
    after = priced_of(replace(case, bundle=bundle))
    assert after.due_fen <= priced_of(case).due_fen


@Law
@given(seeds)
def test_the_first_answer_is_allowed_and_never_above_the_shelf(seed: int) -> None:
    problem = question_of(Maker(seed, units=(1, 30), offers=8).case()).problem
    settled = problem.settle(incumbent(problem))
    assert settled is not None
    assert settled.saved_fen >= 0


@Law
@given(
    st.integers(0, 400),
    st.one_of(
        st.none(),
        st.builds(CouponTerms, st.integers(0, 200), st.integers(1, 60)),
        st.builds(CouponTerms, st.integers(1, 100), st.integers(1, 120), st.just(value=True)),
        st.builds(
            CouponTerms,
            st.integers(0, 200),
            permille=st.sampled_from([500, 950]),
            max_off_fen=st.sampled_from([None, 15]),
        ),
    ),
    st.one_of(
        st.none(),
        st.builds(
            PointsTerms,
            st.sampled_from([1, 2]),
            st.sampled_from([1, 7, 20]),
            st.sampled_from([1, 20]),
            st.integers(1, 300),
            st.sampled_from([0, 50]),
            st.sampled_from([1000, 500, 300]),
        ),
    ),
)
def test_nothing_less_is_due_than_the_bound(
    net: int, coupon: CouponTerms | None, points: PointsTerms | None
) -> None:
    bound = least_due_with(coupon, net, 10**6, points)
    dues = [due_with(coupon, total, total, points) for total in range(net, net + 400)]
    assert all(due.due_fen >= bound for due in dues if due is not None)


def _tied_question() -> Question:
    """Two offers share a budget that only allows a part of what they would save."""
    lines = [line(number, 1000 + 37 * number, 2, tags="ab"[number % 2]) for number in range(1, 12)]
    slots = (BundleSlot(items=tagged("a")), BundleSlot(items=tagged("b")))
    offers = (
        SlotBundle(id="s", name="s", slots=slots, price_fen=1500, exclusive="x"),
        MixAndMatch(id="m", name="m", need=3, exclusive="x"),
        MixAndMatch(id="n", name="n", need=2, caps=Caps(per_receipt=2)),
        tier("t", 950),
    )
    coupon = ThresholdCoupon(id="k", name="k", automatic=True, threshold_fen=14_000, fen_off=1000)
    case = Maker(1).case()
    bundle = msgspec.structs.replace(case.bundle, offers=offers, coupons=(coupon,))
    return question_of(replace(case, basket=basket(*lines), bundle=bundle, member=None))


def test_a_till_without_the_integer_program_still_has_an_answer_and_its_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    question = _tied_question()
    proven = solve_question(question, 100_000)
    monkeypatch.setattr(model, "highs", lambda: None)
    answer = solve_question(question, 100_000)
    assert proven.due.due_fen <= answer.due.due_fen <= proven.due.due_fen + answer.gap_fen


def test_no_nodes_leave_the_first_answer_and_a_true_gap() -> None:
    question = _tied_question()
    proven, hasty = solve_question(question, 100_000), solve_question(question, 0)
    assert proven.due.due_fen <= hasty.due.due_fen <= proven.due.due_fen + hasty.gap_fen


def test_a_truckload_with_a_coupon_and_a_cap_is_priced_at_once() -> None:
    case = Maker(1).case()
    offers = (MixAndMatch(id="m", name="m", need=3, caps=Caps(per_receipt=5)), tier("t", 900))
    bundle = msgspec.structs.replace(case.bundle, offers=offers, coupons=(), points=None)
    lines = basket(line(1, 200, 1_000_000), line(2, 150, 7))
    priced = priced_of(replace(case, basket=lines, bundle=bundle, member=None))
    assert priced.status == "optimal"
    # five sets of three at 200, all others at 90 %
    assert priced.due_fen == 180_000_245


def test_forgoing_a_discount_for_a_threshold_pays() -> None:
    lines = basket(line(1, 5000), line(2, 5200), line(3, 300))
    offer = tier("t", 950)
    coupon = ThresholdCoupon(id="k", name="k", automatic=True, threshold_fen=10_000, fen_off=2000)
    case = Maker(1).case()
    bundle = msgspec.structs.replace(
        case.bundle, offers=(offer,), coupons=(coupon,), points=None, campaigns=()
    )
    priced = priced_of(replace(case, basket=lines, bundle=bundle, member=None))
    # 9,975 with 5 % off everything; 10,225 with the discount on one article, less 2,000
    assert priced.before_coupon_fen >= 10_000
    assert priced.due_fen == priced.before_coupon_fen - 2000
    assert priced.coupon is not None
