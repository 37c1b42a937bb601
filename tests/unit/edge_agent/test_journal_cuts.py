"""A small sample of `make verify-journal`: power cuts, and three ways of writing that must lose."""

import pytest

from tools.faults.verify_journal import ARMS, SHIPPED, cut, total

CUTS = 25


def test_power_cuts_take_nothing_that_the_till_was_told() -> None:
    toll = cut(SHIPPED, seed=11, cuts=CUTS)
    assert (toll.cuts, toll.lost, toll.broken, toll.seen) == (CUTS, 0, 0, [])
    assert toll.told > CUTS, "it sold something each time"


@pytest.mark.parametrize("arm", [arm for arm in ARMS if arm != SHIPPED])
def test_the_disk_is_hard_enough_for_others_to_lose(arm: str) -> None:
    toll = cut(arm, seed=11, cuts=CUTS)
    assert toll.lost > 0
    assert toll.broken > 0


def test_tolls_add_up() -> None:
    one, two = cut(SHIPPED, seed=12, cuts=2), cut(SHIPPED, seed=13, cuts=3)
    both = total([one, two])
    assert (both.cuts, both.told) == (5, one.told + two.told)
    assert sum(both.work.values()) == sum(one.work.values()) + sum(two.work.values())
