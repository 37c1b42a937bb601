"""When a face that was known is asked to turn, and what the turn adds; it never lets it spend."""

import pytest

from retail_core.identity.assurance import (
    NAMED_BY_TILL,
    Action,
    Assurance,
    Factor,
    Standing,
    TurnPolicy,
)

OFF, ALWAYS, ABOVE = TurnPolicy(), TurnPolicy("always"), TurnPolicy("above_fen", 10_000)
FACES = [Factor.FACE_FRAME, Factor.FACE_VOTE]
TURNING = {Action.EARN, Action.MEMBER_PRICE}


def test_a_store_that_says_nothing_never_asks() -> None:
    assert TurnPolicy("off", 0) == OFF
    assert not any(OFF.asks(action, 10**9) for action in Action)


@pytest.mark.parametrize("action", Action)
def test_only_what_a_low_factor_earns_is_worth_a_turn(action: Action) -> None:
    assert ALWAYS.asks(action, 0) is (action in TURNING)
    assert ABOVE.asks(action, 10_001) is (action in TURNING)
    assert not ABOVE.asks(action, 10_000), "above, not from"


def test_above_nothing_is_every_basket_with_an_amount() -> None:
    assert not TurnPolicy("above_fen").asks(Action.EARN, 0)
    assert TurnPolicy("above_fen").asks(Action.EARN, 1)


def test_a_face_in_a_small_basket_earns_and_in_a_dear_one_turns_first() -> None:
    face = Standing(Factor.FACE_VOTE)
    assert face.assurance is Assurance.LOW
    assert face.may(Action.EARN, ABOVE)
    assert face.may(Action.EARN, ABOVE, 10_000)
    assert not face.may(Action.EARN, ABOVE, 10_001)
    assert face.may(Action.SHOW_MEMBER, ABOVE, 10_001)
    assert Standing(Factor.FACE_VOTE, turned=True).may(Action.EARN, ABOVE, 10_001)


@pytest.mark.parametrize("factor", [factor for factor in Factor if factor not in FACES])
def test_who_was_not_known_by_the_face_is_never_asked(factor: Factor) -> None:
    standing = Standing(factor)
    assert standing.may(Action.MEMBER_PRICE, ALWAYS, 10**9)
    assert standing.turn_would_allow(ALWAYS) == ()


@pytest.mark.parametrize("factor", FACES)
@pytest.mark.parametrize("turned", [False, True])
def test_a_face_never_spends_however_it_turned(factor: Factor, *, turned: bool) -> None:
    may = Standing(factor, turned=turned).may_now(OFF, 1)
    assert not {Action.SEE_WALLET, Action.REDEEM_POINTS, Action.REDEEM_COUPON} & set(may)


def test_everything_she_may_do_now() -> None:
    face, seen = Standing(Factor.FACE_VOTE), (Action.PREFETCH, Action.SHOW_MEMBER)
    assert face.may_now(ALWAYS) == seen
    assert face.may_now(ABOVE) == (*seen, Action.EARN, Action.MEMBER_PRICE)
    assert face.may_now(ABOVE, 10_001) == seen
    assert Standing(Factor.FACE_VOTE, turned=True).may_now(ALWAYS) == face.may_now(OFF)
    assert Standing(Factor.FACE_FRAME).may_now(OFF) == (Action.PREFETCH,)
    assert Standing(Factor.SUN_CARD).may_now(ALWAYS, 10**9) == tuple(Action)


def test_what_a_turn_would_add_on_a_basket_of_any_amount() -> None:
    face = Standing(Factor.FACE_VOTE)
    assert face.turn_would_allow(OFF) == ()
    assert set(face.turn_would_allow(ALWAYS)) == set(face.turn_would_allow(ABOVE)) == TURNING
    assert set(face.turn_would_allow(TurnPolicy("above_fen"))) == TURNING
    assert Standing(Factor.FACE_FRAME).turn_would_allow(ALWAYS) == (), "one frame earns nothing"
    assert Standing(Factor.FACE_VOTE, turned=True).turn_would_allow(ALWAYS) == ()


def test_a_till_that_names_a_member_heard_her_number() -> None:
    assert Standing(Factor.PHONE_NUMBER, turned=False) == NAMED_BY_TILL
