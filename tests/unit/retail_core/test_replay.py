"""One use for each proof."""

import pytest

from retail_core.errors import Fault
from retail_core.identity.replay import PROOF_BYTES, ReplayGuard
from retail_core.texts.faults import FaultCode

NOW_S = 1_785_470_400


def proof(number: int) -> bytes:
    return number.to_bytes(PROOF_BYTES, "big")


def test_a_proof_is_taken_once() -> None:
    guard = ReplayGuard()
    assert not guard.seen(proof(1), NOW_S + 90, NOW_S)
    assert guard.seen(proof(1), NOW_S + 90, NOW_S)
    with pytest.raises(Fault) as caught:
        guard.admit(proof(1), NOW_S + 90, NOW_S + 90)
    assert caught.value.code == FaultCode.QR_REPLAYED
    guard.admit(proof(2), NOW_S + 90, NOW_S)
    assert len(guard) == 2


def test_a_proof_is_remembered_exactly_as_long_as_it_lives() -> None:
    guard = ReplayGuard()
    guard.admit(proof(1), NOW_S + 90, NOW_S)
    guard.admit(proof(2), NOW_S + 190, NOW_S + 90)
    assert len(guard) == 2
    assert guard.seen(proof(2), NOW_S + 190, NOW_S + 91)
    assert len(guard) == 1


def test_the_guard_is_bounded_and_the_soonest_dead_goes_first() -> None:
    guard = ReplayGuard(capacity=2)
    guard.admit(proof(1), NOW_S + 150, NOW_S)
    guard.admit(proof(2), NOW_S + 40, NOW_S)
    guard.admit(proof(3), NOW_S + 90, NOW_S)
    assert len(guard) == 2
    assert guard.seen(proof(1), NOW_S + 150, NOW_S)
    assert not guard.seen(proof(2), NOW_S + 40, NOW_S)
