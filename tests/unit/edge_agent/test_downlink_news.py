"""A box that comes back is told what is new, and asks for nothing else."""

from collections.abc import Mapping

import pytest
from msgspec import Raw

from edge_agent.ports.cloud_link import Inbound
from edge_agent.services.line.downlink import Downlink
from edge_agent.services.line.news import ANSWER_MS, FRAMES_MS
from retail_core.tally import FaultTally
from retail_core.wire.codec import encode
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.messages import (
    WIRE_VERSION,
    AckFrame,
    Change,
    ChangeFrame,
    NewestMark,
    Published,
)
from tests.factories.shop_floor import make_change, make_id, make_record
from tests.fakes.clock import NOON_MS, FakeClock
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.replica import FakeReplica

EPOCH = 1
MARKS = {"name-map": 7, "stock": 3, "recommendations": 2}


class Box:
    """A downlink without its thread, at position 1 of its feed."""

    def __init__(self, *, held: bool = True) -> None:
        self.replica, self.directory = FakeReplica(), FakeCloudDirectory()
        self.clock, self.tally = FakeClock(), FaultTally()
        change = make_change(1, make_id(), 1, make_record())
        if held:
            self.replica.apply_changes(feed_epoch=EPOCH, pos=1, changes=[change])
        self.models: list[Published | None] = []
        self.line = Downlink(
            self.replica,
            self.directory,
            self.clock,
            self.tally,
            bundle_public_key=b"k" * 32,
            models=self.models.append,
        )
        self.directory.feed_epoch = EPOCH

    def hear(self, prev_pos: int, pos: int) -> None:
        change = make_change(pos, make_id(), 1, make_record())
        frame = ChangeFrame(WIRE_VERSION, EPOCH, prev_pos, pos, (change,), NOON_MS)
        self.line.put(Inbound("chg", encode(frame)))
        self.line.work_off()

    def says_hello(self) -> None:
        self.directory.asked.clear()
        self.line.session_began()
        self.line.work_off()

    def answered(
        self, marks: Mapping[str, int] = MARKS, head: int = 1, feed_epoch: int = EPOCH
    ) -> None:
        newest = tuple(NewestMark(kind, mark) for kind, mark in marks.items())
        answer = AckFrame(
            *(WIRE_VERSION, 1, (), 8),
            cloud_epoch=1,
            newest=newest,
            feed_epoch=feed_epoch,
            feed_head=head,
        )
        self.line.greeted(answer)
        self.line.work_off()

    def comes_back(self) -> None:
        """Have greeted once, so that everything was fetched at `MARKS`."""
        self.says_hello()
        self.answered()


@pytest.fixture
def box() -> Box:
    return Box()


def test_the_first_answer_lets_everything_be_fetched_and_the_second_nothing(box: Box) -> None:
    box.comes_back()
    assert box.directory.asked == ["name-map"]
    assert len(box.models) == 1
    box.comes_back()
    assert box.directory.asked == []
    assert len(box.models) == 1
    assert box.line.idle()


def test_until_the_answer_nothing_is_asked_and_the_box_may_be_behind(box: Box) -> None:
    box.says_hello()
    assert box.directory.asked == []
    assert box.line.behind()
    assert not box.line.idle()
    assert not box.line.busy()


@pytest.mark.parametrize("kind", ["name-map", "models"])
def test_what_has_another_mark_is_fetched(box: Box, kind: str) -> None:
    box.comes_back()
    asked, models = len(box.directory.asked), len(box.models)
    box.says_hello()
    box.answered({**MARKS, kind: 99})
    assert len(box.directory.asked) + len(box.models) - models == 1
    assert asked == 1
    assert box.line.idle()


def test_a_fetch_that_failed_is_done_again_after_the_next_hello(box: Box) -> None:
    box.says_hello()
    box.directory.down = True
    box.answered()
    box.directory.down = False
    box.comes_back()
    assert box.directory.asked == ["name-map"]


def test_what_was_missed_comes_by_itself(box: Box) -> None:
    box.comes_back()
    box.says_hello()
    box.answered(head=3)
    assert box.line.behind()
    box.hear(1, 2)
    assert box.line.behind()
    box.hear(2, 3)
    assert not box.line.behind()
    assert box.directory.asked == []


def test_what_does_not_come_is_asked_for(box: Box) -> None:
    box.comes_back()
    box.says_hello()
    box.answered(head=3)
    box.clock.advance(FRAMES_MS)
    assert box.line.busy()
    box.line.work_off()
    assert box.directory.asked == ["changes 1"]
    assert not box.line.behind()


def test_a_feed_of_another_time_is_asked_for(box: Box) -> None:
    box.comes_back()
    box.says_hello()
    box.answered(feed_epoch=EPOCH + 1)
    box.clock.advance(FRAMES_MS)
    box.line.work_off()
    assert "changes 1" in box.directory.asked


def test_without_an_answer_everything_is_asked_for(box: Box) -> None:
    box.comes_back()
    box.says_hello()
    box.clock.advance(ANSWER_MS)
    box.line.work_off()
    assert sorted(box.directory.asked) == ["changes 1", "name-map"]


def test_an_older_cloud_is_asked_for_everything_at_once(box: Box) -> None:
    box.comes_back()
    box.says_hello()
    box.answered({}, feed_epoch=0)
    assert sorted(box.directory.asked) == ["changes 1", "name-map"]


def test_a_box_that_is_new_asks_for_all_members_at_once() -> None:
    box = Box(held=False)
    box.says_hello()
    assert "snapshot" in box.directory.asked


def test_an_answer_nobody_waits_for_changes_nothing(box: Box) -> None:
    box.comes_back()
    box.directory.asked.clear()
    box.answered({"name-map": 99}, head=9)
    assert box.directory.asked == []
    assert box.line.idle()


class Asked:
    """What a box asks beside its members: its twin, the persons known, its leave for faces."""

    def __init__(self, box: Box) -> None:
        self.twin = self.leave = 0
        self.persons: list[int | None] = []
        box.line.steered_by(self._of_twin)
        box.line.beside("persons", self._of_persons)
        box.line._face_leave = self._of_leave

    def _of_twin(self) -> None:
        self.twin += 1

    def _of_leave(self) -> None:
        self.leave += 1

    def _of_persons(self, published: Published | None) -> None:
        self.persons.append(None if published is None else published.version)


def test_what_the_feed_tells_of_is_asked_for_once_while_it_is_followed(box: Box) -> None:
    asked = Asked(box)
    box.comes_back()
    box.comes_back()
    assert (asked.twin, asked.leave) == (1, 1)
    change = Change(2, ChangeKind.FLEET, make_id().bytes, 1, Raw(b"\xc0"))
    leave = Change(3, ChangeKind.FACE_ENABLEMENT, make_id().bytes, 1, Raw(b"\xc0"))
    frame = ChangeFrame(WIRE_VERSION, EPOCH, 1, 3, (change, leave), NOON_MS)
    box.says_hello()
    box.answered(head=3)
    box.line.put(Inbound("chg", encode(frame)))
    box.line.work_off()
    assert (asked.twin, asked.leave) == (2, 2)


def test_in_another_epoch_of_the_feed_what_it_tells_of_is_asked_for_again(box: Box) -> None:
    asked = Asked(box)
    box.comes_back()
    box.says_hello()
    box.answered(feed_epoch=EPOCH + 1)
    assert asked.twin == 2


def test_a_cloud_that_is_silent_or_older_is_asked_for_all_of_it(box: Box) -> None:
    asked = Asked(box)
    box.comes_back()
    box.says_hello()
    box.clock.advance(ANSWER_MS)
    box.line.work_off()
    box.says_hello()
    box.answered({}, feed_epoch=0)
    assert (asked.twin, asked.leave) == (3, 3)


def test_a_version_that_is_named_is_told_and_none_is_looked_for(box: Box) -> None:
    asked = Asked(box)
    box.says_hello()
    box.answered({**MARKS, "persons": 5})
    box.comes_back()
    assert asked.persons == [5, None]
