"""The policy table, walked from end to end."""

import pytest

from retail_core.identity.assurance import Action, Assurance, Factor, allows, assurance_of

HINTS = {Factor.FACE_FRAME}
LOW = {Factor.FACE_VOTE, Factor.PHONE_NUMBER, Factor.STATIC_QR, Factor.CARD_UID, Factor.DIGIT_CODE}
HIGH = {
    Factor.MEMBER_CODE,
    Factor.SUN_CARD,
    Factor.PHONE_PAGE,
    Factor.SMS_CODE,
    Factor.STAFF_OVERRIDE,
}
ON_SIGHT = {Action.PREFETCH}
ON_LOW = {*ON_SIGHT, Action.SHOW_MEMBER, Action.EARN, Action.MEMBER_PRICE}
SPENDING = {Action.SEE_WALLET, Action.REDEEM_POINTS, Action.REDEEM_COUPON}


def may(factor: Factor) -> set[Action]:
    return {action for action in Action if allows(assurance_of(factor), action)}


def test_every_factor_stands_in_the_table_once() -> None:
    assert set(Factor) == HINTS | LOW | HIGH
    assert len(HINTS) + len(LOW) + len(HIGH) == len(Factor)


@pytest.mark.parametrize("factor", HINTS)
def test_one_frame_only_prefetches(factor: Factor) -> None:
    assert assurance_of(factor) is Assurance.HINT
    assert may(factor) == ON_SIGHT


@pytest.mark.parametrize("factor", sorted(LOW))
def test_a_low_factor_earns_and_never_spends(factor: Factor) -> None:
    assert assurance_of(factor) is Assurance.LOW
    assert may(factor) == ON_LOW


@pytest.mark.parametrize("factor", sorted(HIGH))
def test_a_high_factor_does_everything(factor: Factor) -> None:
    assert assurance_of(factor) is Assurance.HIGH
    assert may(factor) == set(Action) == ON_LOW | SPENDING


@pytest.mark.parametrize("action", sorted(SPENDING))
@pytest.mark.parametrize("factor", [Factor.FACE_FRAME, Factor.FACE_VOTE])
def test_a_face_alone_never_spends(factor: Factor, action: Action) -> None:
    assert not allows(assurance_of(factor), action)


@pytest.mark.parametrize("action", Action)
def test_nobody_may_nothing(action: Action) -> None:
    assert not allows(Assurance.NONE, action)


@pytest.mark.parametrize("action", Action)
def test_more_assurance_never_allows_less(action: Action) -> None:
    allowed = [allows(level, action) for level in sorted(Assurance)]
    assert allowed == sorted(allowed)


def test_levels_are_ordered() -> None:
    assert [int(level) for level in Assurance] == [0, 1, 2, 3]
    assert Assurance.NONE < Assurance.HINT < Assurance.LOW < Assurance.HIGH
