"""Backlog between two live sales: in order, bounded in memory, by pieces that fit the time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.ingest.backlog import ALONE_S, BESIDE_LIVE_S, BacklogLane, Pace, Paces
from cloud_broker.ingest.session import Delivery
from cloud_broker.services.line.frames import Inbound


def frames(*sizes: int) -> list[Delivery]:
    return [Delivery(Inbound(f"r1/{n}", bytes(size), 0), n, 1) for n, size in enumerate(sizes)]


def test_what_is_held_is_bounded_and_the_rest_stays_with_the_broker() -> None:
    lane, some = BacklogLane(bytes_max=100), frames(60, 30, 20, 5)
    assert lane.add(some) == some[:2]
    assert lane.take(1) == (some[:1], [])
    assert lane.take(1_000) == (some[1:], some[2:])
    assert len(lane) == 0
    again = frames(100)
    assert lane.add(again) == again


def test_a_frame_larger_than_a_piece_is_a_piece() -> None:
    lane, some = BacklogLane(), frames(50, 50)
    lane.add(some)
    assert lane.take(10) == (some[:1], [])
    assert lane.take(10) == (some[1:], [])
    assert lane.take(10) == ([], [])


def test_what_is_anothers_now_leaves_the_lane() -> None:
    lane, some = BacklogLane(bytes_max=20), frames(10, 10, 10, 10)
    lane.add(some)
    assert lane.drop(lambda one: one.mid in {1, 3}) == some[3:]
    assert lane.take(100) == ([some[0], some[2]], some[2:3])


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(0, 300), st.integers(1, 80))
def test_everything_comes_out_once_in_order_and_is_confirmed_once(
    sizes: list[int], bytes_max: int, piece_bytes: int
) -> None:
    lane, some = BacklogLane(bytes_max), frames(*sizes)
    confirmed = lane.add(some)
    out: list[Delivery] = []
    while lane:
        piece, owed = lane.take(piece_bytes)
        out += piece
        confirmed += owed
        assert sum(len(one.inbound.payload) for one in piece[:-1]) < piece_bytes
    assert out == some
    assert sorted(one.mid for one in confirmed) == [one.mid for one in some]


@pytest.mark.parametrize(
    ("took_s", "size"), [(0.04, 100), (0.08, 50), (0.02, 200), (9.0, 50), (0.0, 200), (0.05, 80)]
)
def test_a_piece_takes_about_as_long_as_it_may(took_s: float, size: int) -> None:
    pace = Pace(100, 10, 1_000)
    pace.learn(took_s, 0.04)
    assert pace.size == size


def test_a_piece_stays_within_its_bounds() -> None:
    pace = Pace(100, 90, 150)
    pace.learn(0.001, 0.04)
    assert pace.size == 150
    for _ in range(3):
        pace.learn(9, 0.04)
    assert pace.size == 90


def test_pieces_are_small_while_shops_sell_and_large_when_none_does() -> None:
    now = [0.0]
    paces = Paces(lambda: now[0])
    first = paces.booking.size

    def worked(took_s: float, *, full: bool = True) -> float:
        before = paces.booking.size
        with paces.timed(paces.booking) as pace:
            now[0] += took_s
            pace.full = full
        return paces.booking.size / before

    assert worked(ALONE_S / 2) == 2
    assert worked(9.0, full=False) == 1
    paces.live_came()
    assert worked(3 * BESIDE_LIVE_S) == 0.5
    assert worked(3 * BESIDE_LIVE_S) == 0.5
    now[0] += 60
    assert worked(3 * BESIDE_LIVE_S) == 2
    assert paces.booking.size == first
