"""Check-ins from phones: what the counter believes, whom it shows, and that each is answered."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from edge_agent.services.counter.pending_points import PendingPoints
from edge_agent.services.members.lane_calls import QUEUE_MAX, LaneCalls
from edge_agent.services.members.members import Members
from edge_agent.services.recognition.identify import Identification
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.identity.assurance import Assurance, Factor
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode
from retail_core.wire.lane import CheckIn, CheckInSeen, Seen
from retail_core.wire.messages import WIRE_VERSION
from tests.factories.counter import ALICE, ALICES_PHONE, BOB, BOBS_PHONE, Counter, Phone, record
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.cloud_link import FakeCloudLink
from tests.fakes.journal import FakeJournal

LANE, OTHER = UUID(int=0x1A2E), UUID(int=0x07E2)
CALL = UUID(int=0xCA11)
MS = 1_000
LIFE_MS = 60_000


class Shop:
    """A counter, the line, and what the screen was told."""

    def __init__(self) -> None:
        self.counter = Counter()
        self.link, self.tally = FakeCloudLink(), FaultTally()
        self.link.start(lambda _message: None, lambda _state: None)
        self.link.connect()
        self.shown: list[tuple[Identification, UUID, int]] = []
        clock = self.counter.clock
        self.standing: dict[UUID, UUID] = {}
        members = Members(
            self.counter.replica,
            FakeCloudDirectory(),
            PendingPoints(FakeJournal()),
            clock,
            self.tally,
            phone_hash_key=b"p",
            card_hash_key=b"c",
        )
        self.calls = LaneCalls(
            self.link,
            members,
            clock,
            self.tally,
            at={LANE: self.counter.identify},
            standing=self.standing.get,
            show=lambda result, lane, number: self.shown.append((result, lane, number)),
        )

    @property
    def now_s(self) -> int:
        return self.counter.clock.now().wall_ms // MS

    def call(self, code: str | None = None, lane: UUID = LANE, age_ms: int = 0) -> CheckInSeen:
        """Let a phone check in; return the counter's answer."""
        now_ms = self.counter.clock.now().wall_ms
        text = ALICES_PHONE.code(self.now_s) if code is None else code
        call = CheckIn(WIRE_VERSION, CALL.bytes, lane.bytes, 47, text, now_ms + LIFE_MS - age_ms)
        self.calls.put(encode(call))
        self.calls.turn()
        return self.link.seen[-1]


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    made.counter.hold(ALICE, record("李敏", ALICES_PHONE))
    made.counter.hold(BOB, record("王芳", BOBS_PHONE))
    yield made
    made.counter.stop()


def test_the_counter_shows_who_checked_in_with_the_number(shop: Shop) -> None:
    answer = shop.call()
    assert (answer.checkin, answer.outcome, answer.code) == (CALL.bytes, Seen.SHOWN, "")
    ((result, lane, number),) = shop.shown
    assert (lane, number) == (LANE, 47)
    assert (result.factor, result.assurance) == (Factor.PHONE_PAGE, Assurance.HIGH)
    assert result.member is not None
    assert result.member.member_id == ALICE


def test_a_code_counts_once_whatever_way_it_came(shop: Shop) -> None:
    code = ALICES_PHONE.code(shop.now_s)
    assert shop.counter.identify.code(code).outcome == "member"
    assert shop.call(code).code == FaultCode.QR_REPLAYED
    assert shop.shown == []


def test_the_cloud_cannot_put_anybody_at_a_lane_by_itself(shop: Shop) -> None:
    made_up = ALICES_PHONE.code(shop.now_s)[:-3] + "AAA"
    assert shop.call(made_up).outcome == Seen.REFUSED
    assert shop.call("nobody's").code == FaultCode.QR_FOREIGN
    assert shop.shown == []


def test_a_lane_of_another_shop_is_none(shop: Shop) -> None:
    assert shop.call(lane=OTHER).code == FaultCode.CHECKIN_LANE_UNKNOWN


def test_one_that_comes_late_is_not_shown(shop: Shop) -> None:
    assert shop.call(age_ms=LIFE_MS + 1).outcome == Seen.EXPIRED
    assert shop.shown == []


def test_a_clock_that_was_never_set_believes_no_page(shop: Shop) -> None:
    shop.counter.clock.quality = TimeQuality.UNKNOWN
    assert shop.call(age_ms=LIFE_MS + 1).code == FaultCode.QR_CLOCK_UNKNOWN


def test_whoever_is_served_is_not_pushed_aside(shop: Shop) -> None:
    shop.standing[LANE] = BOB
    assert shop.call().outcome == Seen.BUSY
    assert shop.call(BOBS_PHONE.code(shop.now_s, nonce=2)).outcome == Seen.SHOWN
    assert shop.tally.snapshot()[FaultCode.CHECKIN_LANE_BUSY] == 1


def test_a_revoked_phone_is_nobody_as_soon_as_the_change_is_here(shop: Shop) -> None:
    shop.counter.replica.put_member(ALICE, 2, record("李敏", Phone(b"n" * 32)))
    assert shop.call().code == FaultCode.QR_KEY_UNKNOWN
    shown = shop.counter.identify.code(ALICES_PHONE.code(shop.now_s))
    assert (shown.outcome, shown.reasons) == ("unknown", (FaultCode.QR_KEY_UNKNOWN,))
    renewed = Phone(b"n" * 32).code(shop.now_s)
    assert shop.call(renewed).outcome == Seen.SHOWN


def test_a_message_that_cannot_be_read_is_a_fault(shop: Shop) -> None:
    shop.calls.put(b"\xc1")
    with pytest.raises(Fault) as caught:
        shop.calls.turn()
    assert caught.value.code is FaultCode.WIRE_MALFORMED


def test_too_many_at_once_are_dropped_and_counted(shop: Shop) -> None:
    for _ in range(QUEUE_MAX + 2):
        shop.calls.put(b"")
    assert shop.tally.snapshot()[FaultCode.CHECKIN_LANE_BUSY] == 2
