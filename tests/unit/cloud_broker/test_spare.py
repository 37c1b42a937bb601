"""Between two live sales: one piece a turn while shops sell, and no lane waits for ever."""

from collections.abc import Sequence

import pytest

from cloud_broker.ingest.session import Delivery
from cloud_broker.ingest.spare import KEPT_IN_A_ROW_MAX, Spare
from cloud_broker.services.line.frames import Inbound


class Done:
    """What was worked, a letter a piece; `waits` events are durable and not booked."""

    def __init__(self) -> None:
        self.pieces = ""
        self.greeted: list[str] = []
        self.waits = 0
        self.spare = Spare(self.greet, self.keep, self.book)

    def greet(self, some: Sequence[Delivery]) -> None:
        self.pieces += "g"
        self.greeted += [one.inbound.topic for one in some]

    def keep(self, piece: Sequence[Delivery], owed: Sequence[Delivery]) -> None:
        assert owed == []
        self.pieces += "k"
        self.waits += len(piece)

    def book(self, limit: int) -> int:
        self.pieces += "b"
        booked, self.waits = min(limit, self.waits), max(0, self.waits - limit)
        self.spare.something_waits = bool(self.waits)
        return booked


@pytest.fixture
def done() -> Done:
    return Done()


def frames(count: int, size: int = 128 * 1024) -> list[Delivery]:
    return [Delivery(Inbound(f"box {n}", bytes(size), 0), n, 1) for n in range(count)]


def test_while_shops_sell_a_turn_is_one_piece_and_the_lanes_take_turns(done: Done) -> None:
    done.spare.add(frames(3), frames(40, size=8))
    for nth in range(1, 5):
        done.spare.paces.live_came()
        done.spare.work()
        assert len(done.pieces) == nth
    assert done.pieces == "gkgk"


def test_without_sales_a_turn_is_a_piece_of_either_lane(done: Done) -> None:
    done.spare.add(frames(1), frames(1, size=8))
    done.spare.work()
    assert done.pieces == "gk"
    assert done.spare.busy
    done.spare.work()
    assert done.pieces == "gkb"
    assert not done.spare.busy


def test_hellos_alone_are_answered_one_piece_after_the_other(done: Done) -> None:
    done.spare.add([], frames(40, size=8))
    done.spare.something_waits = False
    while done.spare.busy:
        done.spare.paces.live_came()
        done.spare.work()
    assert set(done.pieces) == {"g"}
    assert done.greeted == [f"box {n}" for n in range(40)]


def test_what_is_durable_is_booked_though_backlog_and_hellos_keep_coming(done: Done) -> None:
    for _ in range(4 * KEPT_IN_A_ROW_MAX):
        done.spare.add(frames(8), frames(8, size=8))
        done.spare.paces.live_came()
        done.spare.work()
    assert done.pieces.count("g") == pytest.approx(len(done.pieces) / 2, abs=3)
    assert "b" in done.pieces.strip("b")


def test_what_is_anothers_now_leaves_both_lanes(done: Done) -> None:
    done.spare.add(frames(2), frames(2, size=8))
    assert done.spare.drop(lambda _one: True) == []
    done.spare.something_waits = False
    assert not done.spare.busy
