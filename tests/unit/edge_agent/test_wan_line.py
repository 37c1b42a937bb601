"""What the wide-area line decides about packets: time and chance are given, so all of it is law."""

import random

from hypothesis import given
from hypothesis import strategies as st

from tools.wan.line import QUEUE_S, Direction, Manners

NOW_S = 100.0


def way_of(seed: int) -> Direction:
    return Direction(random.Random(seed))  # noqa: S311 -- a seeded line


@given(delay=st.floats(0, 500), jitter=st.floats(0, 50), seed=st.integers(0, 2**16))
def test_packets_keep_their_order_and_are_never_early(
    delay: float, jitter: float, seed: int
) -> None:
    way, manners = way_of(seed), Manners(delay=delay, jitter=jitter)
    out = [next(way.takes(manners, 500, NOW_S + n / 1000)) for n in range(50)]
    assert out == sorted(out)
    assert min(out) >= NOW_S + (delay - jitter) / 1000 - 1e-9


@given(loss=st.floats(0, 100), dup=st.floats(0, 100), seed=st.integers(0, 2**16))
def test_every_packet_is_counted_once_as_passed_doubled_or_dropped(
    loss: float, dup: float, seed: int
) -> None:
    way, manners = way_of(seed), Manners(loss=loss, dup=dup)
    copies = [len(list(way.takes(manners, 500, NOW_S))) for _ in range(50)]
    assert way.dropped == copies.count(0)
    assert way.passed == sum(copies)
    assert set(copies) <= {0, 1, 2}


def test_a_black_hole_swallows_everything_and_a_whole_line_nothing() -> None:
    way = way_of(1)
    assert not list(way.takes(Manners(loss=100), 500, NOW_S))
    assert list(way.takes(Manners(), 500, NOW_S)) == [NOW_S]


def test_a_narrow_line_queues_and_then_drops() -> None:
    way, manners = way_of(1), Manners(mbit=1)
    out = [due for _ in range(200) for due in way.takes(manners, 1_250, NOW_S)]
    assert out == sorted(out)
    assert max(out) - NOW_S <= QUEUE_S + 0.011
    assert way.dropped == 200 - len(out) > 0


def test_only_what_is_understood_changes_the_line() -> None:
    manners = Manners(delay=20)
    assert manners.change("loss 1.5\n")
    assert not manners.change("colour 3")
    assert not manners.change("loss many")
    assert not manners.change("loss -1")
    assert (manners.delay, manners.loss) == (20, 1.5)
