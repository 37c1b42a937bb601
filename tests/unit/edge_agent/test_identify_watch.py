"""The watch: faces only while armed, results once, doors open for whoever asks."""

from collections.abc import Iterator
from threading import Event, Thread
from uuid import UUID

import pytest

from edge_agent.ports.replica import HeldMember
from edge_agent.recognition.lookup import (
    FORGET_MISS_S,
    PENDING_MAX,
    Kind,
    MemberLookup,
    StillAskingError,
)
from edge_agent.services.recognition.identify import Identification
from edge_agent.services.recognition.watch_lane import WatchLane
from tests.factories.counter import (
    ALICE,
    ALICES_CARD,
    ALICES_PHONE,
    Counter,
    FakeFinder,
    Found,
    record,
    uid_of,
)
from tests.fakes.camera import picture
from tests.fakes.face import seen
from tests.fakes.replica import FakeReplica


@pytest.fixture
def counter() -> Iterator[Counter]:
    counter = Counter()
    counter.hold(ALICE, record("Alice", ALICES_PHONE, ALICES_CARD))
    counter.enrol_face(ALICE, 1.0)
    counter.engine.readings[1] = seen(1.0)
    yield counter
    counter.stop()


@pytest.fixture
def told() -> list[Identification]:
    return []


@pytest.fixture
def watch(counter: Counter, told: list[Identification]) -> WatchLane:
    return WatchLane(counter.identify, told.append)


def test_faces_pass_unread_while_nobody_asks(
    counter: Counter, watch: WatchLane, told: list[Identification]
) -> None:
    counter.camera.show(picture(1))
    watch.turn()
    assert counter.engine.calls == 0
    assert told == []


def test_an_armed_watch_recognises_once_and_is_quiet_again(
    counter: Counter, watch: WatchLane, told: list[Identification]
) -> None:
    counter.camera.show(picture(1))
    watch.arm(60_000)
    for _ in range(10):
        if told:
            break
        watch.turn()
    assert [one.member and one.member.member_id for one in told] == [ALICE]
    calls = counter.engine.calls
    assert not watch.armed()
    watch.turn()
    assert counter.engine.calls == calls


def test_arming_ends_by_itself_and_by_hand(watch: WatchLane) -> None:
    watch.arm(0)
    assert not watch.armed()
    watch.arm(60_000)
    watch.disarm()
    assert not watch.armed()


def test_cards_and_codes_come_unasked(
    counter: Counter, watch: WatchLane, told: list[Identification]
) -> None:
    counter.nfc.put(counter.tap(ALICES_CARD, 1))
    watch.turn()
    counter.qr.payloads[5] = (ALICES_PHONE.code(counter.now_s).encode(),)
    counter.camera.show(picture(5))
    watch.turn()
    assert [one.member and one.member.member_id for one in told] == [ALICE, ALICE]
    watch.turn()
    assert len(told) == 2


def test_a_refused_card_is_told_once(
    counter: Counter, watch: WatchLane, told: list[Identification]
) -> None:
    counter.nfc.put(counter.tap(uid_of(9), 1))
    watch.turn()
    watch.turn()
    assert [one.outcome for one in told] == ["unknown"]


def test_a_face_is_never_among_what_comes_unasked(
    counter: Counter, told: list[Identification]
) -> None:
    counter.camera.show(picture(1))
    watch = WatchLane(counter.identify, told.append, unasked=("face", "nfc"))
    watch.turn()
    assert counter.engine.calls == 0


def test_a_watch_with_nothing_to_watch_waits(counter: Counter, told: list[Identification]) -> None:
    watch = WatchLane(counter.identify, told.append, unasked=())
    watch.turn()
    assert told == []


# ---- look-ups -----------------------------------------------------------------------------------


class SlowFinder(FakeFinder):
    """A cloud that answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go = Event()

    def find(self, kind: Kind, value: bytes) -> Found:
        self.go.wait(10)
        return super().find(kind, value)


def test_a_slow_cloud_costs_the_deadline_and_its_answer_is_not_lost() -> None:
    finder, replica = SlowFinder(), FakeReplica()
    held = HeldMember(ALICE, 1, record("Alice"))
    finder.known["card", b"x"] = held
    lookup = MemberLookup(replica, finder)
    for _ in range(3):
        with pytest.raises(StillAskingError):
            lookup.find("card", b"x", within_s=0.01)
    answers: list[HeldMember | None] = []
    waiting = Thread(target=lambda: answers.append(lookup.find("card", b"x", within_s=10)))
    waiting.start()
    finder.go.set()
    waiting.join()
    lookup.stop()
    assert answers == [held]
    assert finder.asked == [("card", b"x")]


def test_a_miss_is_remembered_for_a_moment() -> None:
    finder = FakeFinder()
    lookup = MemberLookup(FakeReplica(), finder)
    assert lookup.find("card", b"x", within_s=5) is None
    assert lookup.find("card", b"x", within_s=5) is None
    assert len(finder.asked) == 1
    lookup._missed["card", b"x"] -= FORGET_MISS_S + 1
    assert lookup.find("card", b"x", within_s=5) is None
    lookup.stop()
    assert len(finder.asked) == 2


def test_questions_to_the_cloud_do_not_pile_up() -> None:
    finder = SlowFinder()
    lookup = MemberLookup(FakeReplica(), finder)
    for number in range(PENDING_MAX):
        with pytest.raises(StillAskingError):
            lookup.find("card", bytes((number,)), within_s=0)
    assert lookup.find("card", b"one too many", within_s=0) is None
    finder.go.set()
    lookup.stop()


def test_what_the_shop_holds_is_not_asked() -> None:
    finder, replica = FakeFinder(), FakeReplica()
    replica.put_member(UUID(int=5), 1, record("Eve", card=uid_of(5)))
    lookup = MemberLookup(replica, finder)
    held = lookup.find("card", b"hash of " + uid_of(5), within_s=0)
    lookup.stop()
    assert held is not None
    assert lookup.member(UUID(int=5)) is not None
    assert finder.asked == []
