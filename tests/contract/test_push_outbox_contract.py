"""What every `PushOutbox` promises, shown on the fake and on the encrypted file."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from edge_agent.adapters.push_outbox_sqlite import SqlitePushOutbox
from edge_agent.domain.point_push import PointPush, PushState, Reading
from edge_agent.ports.push_outbox import PushOutbox
from tests.fakes.push_outbox import FakePushOutbox

LI, WANG = UUID(int=1), UUID(int=2)


def push(number: int, member: UUID = LI, points: int = 5) -> PointPush:
    return PointPush(UUID(int=100 + number), member, points)


class PushOutboxContract:
    @pytest.fixture
    def outbox(self) -> Iterator[PushOutbox]:
        raise NotImplementedError

    def test_begins_empty(self, outbox: PushOutbox) -> None:
        assert outbox.cursor() is None
        assert (outbox.open(), outbox.unsure(), outbox.depth()) == ((), (), 0)
        assert outbox.customer(LI) is None

    def test_takes_a_push_once_and_knows_how_far_it_is(self, outbox: PushOutbox) -> None:
        outbox.take(7, [push(1)])
        outbox.take(9, [push(1, points=99), push(2)])
        outbox.link(LI, "700")
        assert (outbox.cursor(), outbox.depth()) == (9, 2)
        assert outbox.open() == ((push(1), "700"),)

    def test_only_linked_members_are_open_each_with_the_oldest(self, outbox: PushOutbox) -> None:
        outbox.take(3, [push(1), push(2, WANG), push(3)])
        assert outbox.open() == ()
        outbox.link(WANG, "800")
        outbox.link(LI, "700")
        assert outbox.open() == ((push(1), "700"), (push(2, WANG), "800"))
        assert outbox.customer(WANG) == "800"

    def test_two_members_who_are_one_customer_go_one_after_the_other(
        self, outbox: PushOutbox
    ) -> None:
        outbox.take(3, [push(1), push(2, WANG)])
        outbox.link(LI, "700")
        outbox.link(WANG, "700")
        assert outbox.open() == ((push(1), "700"),)
        outbox.keep(push(1).now(PushState.DONE))
        assert outbox.open() == ((push(2, WANG), "700"),)

    def test_what_was_begun_goes_before_an_older_one_sent_again(self, outbox: PushOutbox) -> None:
        outbox.take(3, [push(1), push(2)])
        outbox.link(LI, "700")
        outbox.keep(push(1).now(PushState.UNSURE))
        begun = push(2).begun(Reading(5_000))
        outbox.keep(begun)
        outbox.keep(push(1))
        assert outbox.open() == ((begun, "700"),)

    def test_who_is_nobodys_customer_does_not_fill_the_queue(self, outbox: PushOutbox) -> None:
        outbox.take(3, [push(1), push(2, WANG), push(3, WANG)])
        outbox.link(LI, "700")
        assert outbox.depth() == 1

    def test_a_push_goes_its_way(self, outbox: PushOutbox) -> None:
        outbox.take(3, [push(1), push(2)])
        outbox.link(LI, "700")
        begun = push(1).begun(Reading(5_000, 9_000))
        outbox.keep(begun)
        assert outbox.open() == ((begun, "700"),)
        outbox.keep(begun.now(PushState.DONE))
        assert outbox.open() == ((push(2), "700"),)
        outbox.keep(push(2).now(PushState.UNSURE))
        assert outbox.open() == ()
        assert outbox.depth() == 0
        assert outbox.unsure() == (push(2).now(PushState.UNSURE),)
        outbox.keep(push(9))
        assert outbox.depth() == 0

    def test_closes_twice(self, outbox: PushOutbox) -> None:
        outbox.close()
        outbox.close()


class TestFakePushOutbox(PushOutboxContract):
    @pytest.fixture
    def outbox(self) -> PushOutbox:
        return FakePushOutbox()


class TestSqlitePushOutbox(PushOutboxContract):
    @pytest.fixture
    def outbox(self, tmp_path: Path) -> Iterator[PushOutbox]:
        opened = SqlitePushOutbox(tmp_path / "pushes.db", bytes(32))
        yield opened
        opened.close()

    def test_what_was_written_is_there_again(self, tmp_path: Path) -> None:
        first = SqlitePushOutbox(tmp_path / "pushes.db", bytes(32))
        first.take(4, [push(1)])
        first.link(LI, "700")
        begun = push(1).begun(Reading(5_000))
        first.keep(begun)
        first.close()
        again = SqlitePushOutbox(tmp_path / "pushes.db", bytes(32))
        assert (again.cursor(), again.open()) == (4, ((begun, "700"),))
        again.close()
