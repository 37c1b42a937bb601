"""The box's lease desk over a journal: reserve, commit with the sale or void; grants and fences."""

from dataclasses import dataclass, field
from uuid import UUID

import msgspec
import pytest

from edge_agent.ports.journal import Beside
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.rights.lease_desk import RESERVED_MAX_MS, LeaseDesk
from retail_core.errors import Fault
from retail_core.loyalty.lease_box import Draw
from retail_core.loyalty.leases import Right, RightKind
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body, encode_body
from retail_core.wire.kinds import ChangeKind, EventType
from retail_core.wire.lease import LeaseEpoch, LeaseGrant, LeaseHello, LeaseRecall, LeaseReturned
from retail_core.wire.messages import Change
from tests.factories.shop_floor import make_draft
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal
from tests.fakes.lease_book import FakeLeaseBook

DEVICE, OTHER = UUID(int=1), UUID(int=2)
POINTS = Right(RightKind.POINTS, UUID(int=3))
COUPON = Right(RightKind.COUPON, UUID(int=4))


@dataclass
class Bench:
    clock: FakeClock = field(default_factory=FakeClock)
    journal: FakeJournal = field(default_factory=FakeJournal)
    book: FakeLeaseBook = field(default_factory=lambda: FakeLeaseBook(DEVICE))
    tally: FaultTally = field(default_factory=FaultTally)
    line: bool = True

    def __post_init__(self) -> None:
        self.desk = self.started()

    def started(self) -> LeaseDesk:
        return LeaseDesk(
            self.book,
            self.journal,
            Recorder(self.journal),
            self.clock,
            FakeIdSource(),
            self.tally,
            board=b"board",
            connected=lambda: self.line,
        )

    def recall(self) -> None:
        self.hears(ChangeKind.LEASE_RECALLED, LeaseRecall(DEVICE.bytes, "points", POINTS.id.bytes))

    def hears(self, kind: ChangeKind, body: msgspec.Struct) -> None:
        self.desk.apply([Change(1, kind, bytes(16), 1, msgspec.Raw(encode_body(body)))])

    def welcome(self, epoch: int = 1, boot: UUID | None = None, *, frozen: bool = False) -> None:
        own = self.clock.now().boot_id if boot is None else boot
        self.hears(ChangeKind.LEASE_EPOCH, LeaseEpoch(DEVICE.bytes, epoch, own.bytes, frozen))

    def grant(self, amount: int = 50, nth: int = 1, epoch: int = 1, until: int = 0) -> None:
        boot = self.clock.now().boot_id.bytes if until else None
        self.hears(
            ChangeKind.LEASE_GRANTED,
            LeaseGrant(DEVICE.bytes, "points", POINTS.id.bytes, epoch, nth, amount, boot, until),
        )

    def sell(self, *reservations: UUID) -> tuple[Draw, ...]:
        def record(draws: tuple[Draw, ...], beside: Beside) -> tuple[Draw, ...]:
            self.journal.append([make_draft()], beside=beside)
            return draws

        return self.desk.commit(reservations, record)

    def said(self, type_: EventType) -> list[object]:
        return [decode_body(type_, one.draft.body) for one in self.journal.records(type_=type_)]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def refusal(bench: Bench, amount: int) -> FaultCode:
    with pytest.raises(Fault) as caught:
        bench.desk.reserve(POINTS, amount)
    return caught.value.code


def test_nothing_is_spent_before_the_cloud_let_this_boot_in(bench: Bench) -> None:
    bench.desk.greet()
    assert bench.said(EventType.LEASE_HELLO) == [LeaseHello(b"board", caps_from=1)]
    assert refusal(bench, 1) == FaultCode.LEASE_WAITS
    bench.welcome()
    bench.grant()
    assert bench.desk.spendable(POINTS) == 50
    assert refusal(bench, 51) == FaultCode.LEASE_SHORT


def test_it_asks_once_while_the_question_is_on_its_way(bench: Bench) -> None:
    bench.desk.greet()
    bench.desk.greet()
    assert len(bench.said(EventType.LEASE_HELLO)) == 1
    bench.journal.mark_acked([(1, 1)])
    bench.desk.greet()
    assert len(bench.said(EventType.LEASE_HELLO)) == 2
    bench.welcome()
    bench.journal.mark_acked([(2, 2)])
    bench.desk.greet()
    assert len(bench.said(EventType.LEASE_HELLO)) == 2


def test_a_restart_of_the_program_goes_on_and_a_reboot_asks(bench: Bench) -> None:
    bench.welcome()
    bench.grant()
    assert bench.started().spendable(POINTS) == 50
    bench.clock.reboot(OTHER)
    again = bench.started()
    assert not again.admitted()
    assert again.spendable(POINTS) == 0


def test_a_reservation_is_sold_with_its_sale_in_one_write(bench: Bench) -> None:
    bench.welcome()
    bench.grant()
    held = bench.desk.reserve(POINTS, 30)
    assert bench.desk.spendable(POINTS) == 20
    (draw,) = bench.sell(held.id)
    assert draw.amount == 30
    assert bench.desk.spendable(POINTS) == 20
    assert bench.started().spendable(POINTS) == 20


def test_a_second_basket_cannot_have_what_the_first_holds(bench: Bench) -> None:
    bench.welcome()
    bench.grant()
    bench.desk.reserve(POINTS, 30)
    assert refusal(bench, 21) == FaultCode.LEASE_SHORT


def test_a_void_reservation_and_one_forgotten_come_back(bench: Bench) -> None:
    bench.welcome()
    bench.grant()
    bench.desk.void(bench.desk.reserve(POINTS, 30).id)
    assert bench.desk.spendable(POINTS) == 50
    bench.desk.reserve(POINTS, 30)
    bench.clock.advance(RESERVED_MAX_MS)
    assert bench.desk.spendable(POINTS) == 50
    assert bench.sell(UUID(int=99)) == ()


def test_a_sale_that_cannot_be_written_spends_nothing(bench: Bench) -> None:
    bench.welcome()
    bench.grant()
    held = bench.desk.reserve(POINTS, 30)
    bench.journal.full = True
    with pytest.raises(Fault):
        bench.sell(held.id)
    bench.journal.full = False
    assert (bench.desk.spendable(POINTS), bench.started().spendable(POINTS)) == (20, 50)
    assert len(bench.sell(held.id)) == 1


def test_a_lease_that_ended_meanwhile_is_not_sold(bench: Bench) -> None:
    bench.welcome()
    bench.grant(until=bench.clock.now().mono_ms + 1_000)
    held = bench.desk.reserve(POINTS, 30)
    bench.clock.advance(1_000)
    with pytest.raises(Fault) as caught:
        bench.sell(held.id)
    assert caught.value.code == FaultCode.LEASE_SHORT
    bench.desk.tend()
    (said,) = bench.said(EventType.LEASE_RETURNED)
    assert isinstance(said, LeaseReturned)
    assert said.final == 0


def test_a_wall_clock_that_jumps_neither_ends_nor_extends_a_timed_lease(bench: Bench) -> None:
    bench.welcome()
    bench.grant(until=bench.clock.now().mono_ms + 1_000)
    bench.clock.jump(400 * 24 * 3_600_000)
    assert bench.desk.spendable(POINTS) == 50
    bench.clock.advance(1_000)
    bench.clock.jump(-800 * 24 * 3_600_000)
    assert bench.desk.spendable(POINTS) == 0


def test_what_is_recalled_is_given_back_when_no_basket_holds_it(bench: Bench) -> None:
    bench.welcome()
    bench.grant()
    first, second = bench.desk.reserve(POINTS, 10), bench.desk.reserve(POINTS, 5)
    bench.hears(ChangeKind.LEASE_RECALLED, LeaseRecall(DEVICE.bytes, "points", POINTS.id.bytes))
    assert bench.said(EventType.LEASE_RETURNED) == []
    bench.sell(first.id)
    bench.desk.void(second.id)
    assert bench.said(EventType.LEASE_RETURNED) == [
        LeaseReturned("points", POINTS.id.bytes, 1, 1, 10)
    ]
    bench.grant()
    assert bench.desk.spendable(POINTS) == 0


def test_while_the_line_is_cut_nothing_is_given_back_that_nobody_could_have(bench: Bench) -> None:
    bench.welcome()
    bench.grant(50)
    (first,) = bench.desk.exchange((), [(POINTS, 10)])
    bench.recall()
    bench.line = False
    with pytest.raises(Fault):
        bench.desk.exchange([first.id], [(POINTS, 51)])
    bench.desk.exchange([first.id], ())
    bench.desk.tend()
    assert bench.said(EventType.LEASE_RETURNED) == []
    (second,) = bench.desk.exchange((), [(POINTS, 30)])
    bench.sell(second.id)
    assert bench.desk.spendable(POINTS) == 20
    bench.line = True
    bench.desk.tend()
    assert bench.said(EventType.LEASE_RETURNED) == [
        LeaseReturned("points", POINTS.id.bytes, 1, 1, 30)
    ]
    assert bench.desk.spendable(POINTS) == 0


def test_an_exchange_leaves_held_back_what_it_shall_keep(bench: Bench) -> None:
    bench.welcome()
    bench.grant(50)
    bench.hears(
        ChangeKind.LEASE_GRANTED, LeaseGrant(DEVICE.bytes, "coupon", COUPON.id.bytes, 1, 2, 1)
    )
    old = [one.id for one in bench.desk.exchange((), [(POINTS, 10), (COUPON, 1)])]
    bench.recall()
    assert bench.desk.exchange(old, (), keep={POINTS}) == ()
    assert bench.desk.still_held(old) == (old[0],)
    assert (bench.desk.spendable(POINTS), bench.desk.spendable(COUPON)) == (40, 1)
    assert bench.said(EventType.LEASE_RETURNED) == []
    bench.clock.advance(RESERVED_MAX_MS)
    assert bench.desk.still_held(old) == ()


def test_a_sale_on_disk_stands_when_what_was_recalled_cannot_be_given_back(bench: Bench) -> None:
    bench.welcome()
    bench.grant(50)
    held = bench.desk.reserve(POINTS, 30)
    bench.hears(ChangeKind.LEASE_RECALLED, LeaseRecall(DEVICE.bytes, "points", POINTS.id.bytes))

    def record(draws: tuple[Draw, ...], beside: Beside) -> tuple[Draw, ...]:
        bench.journal.append([make_draft()], beside=beside)
        bench.journal.full = True
        return draws

    assert [draw.amount for draw in bench.desk.commit([held.id], record)] == [30]
    bench.desk.void(held.id)
    bench.journal.full = False
    bench.desk.tend()
    assert bench.said(EventType.LEASE_RETURNED) == [
        LeaseReturned("points", POINTS.id.bytes, 1, 1, 30)
    ]


def test_a_fenced_box_gives_back_by_its_own_word_and_begins_anew(bench: Bench) -> None:
    bench.welcome()
    bench.grant()
    bench.sell(bench.desk.reserve(POINTS, 10).id)
    bench.welcome(2, OTHER)
    assert bench.said(EventType.LEASE_RETURNED) == [
        LeaseReturned("points", POINTS.id.bytes, 1, 1, 10)
    ]
    bench.grant(epoch=2)
    assert bench.desk.spendable(POINTS) == 0


def test_a_boot_that_was_never_let_in_gives_back_nothing(bench: Bench) -> None:
    bench.welcome()
    bench.grant()
    bench.clock.reboot(OTHER)
    bench.desk = bench.started()
    bench.welcome(2)
    assert bench.said(EventType.LEASE_RETURNED) == []
    assert bench.desk.admitted()
    assert bench.desk.spendable(POINTS) == 0


def test_a_frozen_device_spends_nothing_until_it_is_let_in(bench: Bench) -> None:
    bench.welcome()
    bench.grant()
    bench.welcome(2, frozen=True)
    assert not bench.desk.admitted()
    bench.welcome(2)
    assert bench.desk.admitted()


def test_a_forked_journal_begins_a_new_epoch_and_asks_again(bench: Bench) -> None:
    bench.welcome()
    bench.grant()
    before = bench.journal.epoch
    bench.desk.forked()
    assert bench.journal.epoch != before
    assert not bench.started().admitted()
    assert len(bench.said(EventType.LEASE_HELLO)) == 1


def test_what_is_meant_for_another_box_or_unreadable_is_passed_over(bench: Bench) -> None:
    bench.welcome()
    bench.hears(
        ChangeKind.LEASE_GRANTED, LeaseGrant(OTHER.bytes, "points", POINTS.id.bytes, 1, 1, 9)
    )
    bench.hears(
        ChangeKind.LEASE_GRANTED, LeaseGrant(DEVICE.bytes, "stars", POINTS.id.bytes, 1, 1, 9)
    )
    bench.desk.apply([Change(2, ChangeKind.LEASE_GRANTED, bytes(16), 1, msgspec.Raw(b"\xc1"))])
    bench.desk.apply([Change(3, ChangeKind.MEMBER, bytes(16), 1, msgspec.Raw(b"\x90"))])
    assert bench.desk.spendable(POINTS) == 0
    assert bench.tally.snapshot()[FaultCode.WIRE_MALFORMED] == 2


def test_a_full_disk_stops_the_feed_instead_of_losing_a_grant(bench: Bench) -> None:
    bench.welcome()
    bench.journal.full = True
    with pytest.raises(Fault):
        bench.grant()
    bench.journal.full = False
    bench.grant()
    assert bench.desk.spendable(POINTS) == 50
    assert bench.desk.spendable(COUPON) == 0
