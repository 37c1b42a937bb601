"""Receipts read off the printer line."""

from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.domain.tapped import TappedOutcome
from edge_agent.domain.till_session import TillSession
from edge_agent.ports.till_tap import ReceiptLine, TappedReceipt
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.members.till_sessions import VISIT_MS, TillSessions
from edge_agent.services.tills.book_tapped import BookTapped
from retail_core.clock import TimeQuality
from retail_core.identity.assurance import Factor, Standing, TurnPolicy
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.messages import Sale
from tests.factories.shop_floor import BUNDLE, MASK, SHOP, SOAP, TILL, make_id, make_record
from tests.fakes.clock import FakeClock
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal
from tests.fakes.replica import FakeReplica

BY_FRAME, BY_PHONE, BY_CARD = (
    Standing(factor) for factor in (Factor.FACE_FRAME, Factor.PHONE_NUMBER, Factor.SUN_CARD)
)
RECEIPT = TappedReceipt(
    till="老收银机",
    profile="generic-zh-32",
    receipt_no="0042",
    kind="sale",
    lines=(ReceiptLine("玫瑰香皂", 2_000, 3_980), ReceiptLine("补水面膜5片", 1_000, 9_900)),
    total_fen=13_880,
    text="单号 0042 …",
)


class Lane:
    """An old till's lane with everything behind it."""

    def __init__(self) -> None:
        self.journal = FakeJournal()
        self.replica = FakeReplica()
        self.clock = FakeClock()
        self.tally = FaultTally()
        self.sessions = TillSessions(self.clock)
        self.replica.replace_catalogue(1, [SOAP, MASK])
        self.replica.replace_bundle(3, BUNDLE)
        self.member = make_id()
        self.replica.put_member(self.member, 1, make_record())
        self.booker = self.built()

    def built(self) -> BookTapped:
        return BookTapped(
            Recorder(self.journal),
            self.journal,
            self.replica,
            self.sessions,
            self.clock,
            FakeIdSource(len(self.journal.records())),
            SHOP,
            self.tally,
        )

    def sales(self) -> list[Sale]:
        bodies = [decode_body("sale", record.draft.body) for record in self.journal.records()]
        return [body for body in bodies if isinstance(body, Sale)]


@pytest.fixture
def lane() -> Lane:
    return Lane()


def test_a_receipt_is_booked_as_printed(lane: Lane) -> None:
    booking = lane.booker.book(TILL, RECEIPT)
    (sale,) = lane.sales()
    assert booking.outcome == TappedOutcome.BOOKED
    assert (booking.seq, booking.total_fen, booking.points_earned) == (1, 13_880, 0)
    assert (sale.source, sale.till_receipt_no, sale.business_date) == ("tap", "0042", 20_260_731)
    assert (sale.shelf_fen, sale.total_fen) == (13_880, 13_880)
    assert sale.lines[0].article == SOAP.article_id.bytes
    assert [line.net_fen for line in sale.lines] == [3_980, 9_900]
    assert (sale.bundle_version, sale.solver_status) == (3, ""), "points by our rules, not prices"
    assert lane.booker.last() == (booking,)


def test_names_without_an_article_are_listed_and_sold(lane: Lane) -> None:
    booking = lane.booker.book(TILL, RECEIPT)
    assert booking.unmapped == ("补水面膜5片",)
    assert lane.sales()[0].lines[1].article is None
    lane.replica.replace_name_map({"补水面膜5片": "MASK"})
    mapped = lane.booker.book(TILL, replace(RECEIPT, receipt_no="0043"))
    assert mapped.unmapped == ()
    assert [line.sku for line in mapped.lines] == ["SOAP", "MASK"]


def test_the_member_who_stood_there_earns_on_the_printed_total(lane: Lane) -> None:
    lane.sessions.recognised(TILL, lane.member, BY_PHONE)
    lane.clock.advance(60_000)
    booking = lane.booker.book(TILL, RECEIPT)
    assert (booking.member_id, booking.points_earned) == (lane.member, 138)
    assert lane.journal.records()[0].draft.member == lane.member
    assert lane.sales()[0].total_fen == 13_880, "her price is the printed one"


def test_the_next_receipt_is_somebody_elses(lane: Lane) -> None:
    lane.sessions.recognised(TILL, lane.member, BY_CARD)
    lane.booker.book(TILL, RECEIPT)
    assert lane.booker.book(TILL, replace(RECEIPT, receipt_no="0043")).member_id is None


def test_a_reprint_or_refused_receipt_does_not_use_her_up(lane: Lane) -> None:
    lane.booker.book(TILL, RECEIPT)
    lane.sessions.recognised(TILL, lane.member, BY_CARD)
    lane.booker.book(TILL, RECEIPT)
    lane.booker.book(TILL, replace(RECEIPT, fault=FaultCode.TILL_STREAM_TRUNCATED))
    assert lane.booker.book(TILL, replace(RECEIPT, receipt_no="0043")).member_id == lane.member


def test_a_member_at_another_till_gets_nothing(lane: Lane) -> None:
    lane.sessions.recognised(make_id(), lane.member, BY_CARD)
    assert lane.booker.book(TILL, RECEIPT).member_id is None


def test_a_visit_ends_by_itself(lane: Lane) -> None:
    lane.sessions.recognised(TILL, lane.member, BY_CARD)
    lane.clock.advance(VISIT_MS + 1)
    assert lane.booker.book(TILL, RECEIPT).member_id is None


def test_a_hint_is_not_enough_to_earn(lane: Lane) -> None:
    lane.sessions.recognised(TILL, lane.member, BY_FRAME)
    assert lane.booker.book(TILL, RECEIPT).member_id is None


def test_the_wall_clock_does_not_matter_for_a_visit(lane: Lane) -> None:
    lane.sessions.recognised(TILL, lane.member, BY_PHONE)
    lane.clock.jump(lane.clock.wall_ms + 10 * VISIT_MS)
    assert lane.sessions.at(TILL) == lane.member
    lane.clock.reboot(make_id())
    assert lane.sessions.at(TILL) is None


def test_printed_twice_is_booked_once_also_after_a_restart(lane: Lane) -> None:
    lane.booker.book(TILL, RECEIPT)
    again = lane.booker.book(TILL, replace(RECEIPT, text="*** 重印 *** 单号 0042"))
    assert (again.outcome, again.fault, again.seq) == (TappedOutcome.DUPLICATE, None, None)
    lane.booker = lane.built()
    assert lane.booker.book(TILL, RECEIPT).outcome == TappedOutcome.DUPLICATE
    assert len(lane.sales()) == 1
    assert lane.tally.snapshot() == {}


def test_the_same_number_tomorrow_or_at_another_till_is_another_sale(lane: Lane) -> None:
    lane.booker.book(TILL, RECEIPT)
    assert lane.booker.book(make_id(), RECEIPT).outcome == TappedOutcome.BOOKED
    lane.clock.advance(24 * 60 * 60 * 1_000)
    assert lane.booker.book(TILL, RECEIPT).outcome == TappedOutcome.BOOKED


def test_the_same_number_with_other_content_is_shown_not_booked(lane: Lane) -> None:
    lane.booker.book(TILL, RECEIPT)
    other = replace(RECEIPT, lines=RECEIPT.lines[:1], total_fen=3_980)
    booking = lane.booker.book(TILL, other)
    assert booking.outcome == TappedOutcome.CONFLICT
    assert lane.tally.snapshot() == {FaultCode.TILL_RECEIPT_REUSED.value: 1}
    assert len(lane.sales()) == 1
    assert lane.booker.last()[0] == booking


def test_a_receipt_without_a_number_is_known_by_its_text(lane: Lane) -> None:
    bare = replace(RECEIPT, receipt_no="")
    assert lane.booker.book(TILL, bare).outcome == TappedOutcome.BOOKED
    assert lane.booker.book(TILL, bare).outcome == TappedOutcome.DUPLICATE
    later = replace(bare, text="12:31 …")
    assert lane.booker.book(TILL, later).outcome == TappedOutcome.BOOKED


def test_without_a_date_the_boot_keeps_receipts_apart(lane: Lane) -> None:
    lane.clock.quality = TimeQuality.UNKNOWN
    assert lane.booker.book(TILL, RECEIPT).outcome == TappedOutcome.BOOKED
    assert lane.sales()[0].business_date is None
    assert lane.booker.book(TILL, RECEIPT).outcome == TappedOutcome.DUPLICATE


@pytest.mark.parametrize(
    ("receipt", "fault"),
    [
        (replace(RECEIPT, fault=FaultCode.TILL_STREAM_TRUNCATED), FaultCode.TILL_STREAM_TRUNCATED),
        (replace(RECEIPT, total_fen=None), FaultCode.TILL_RECEIPT_UNREADABLE),
        (replace(RECEIPT, lines=()), FaultCode.TILL_RECEIPT_UNREADABLE),
        (replace(RECEIPT, total_fen=-1), FaultCode.TILL_RECEIPT_UNREADABLE),
        (replace(RECEIPT, total_fen=13_881), FaultCode.TILL_TOTAL_MISMATCH),
        (
            replace(RECEIPT, lines=(ReceiptLine("优惠", 1_000, -5),), total_fen=0),
            FaultCode.TILL_RECEIPT_UNREADABLE,
        ),
        (
            replace(RECEIPT, lines=(ReceiptLine("香皂", 0, 5),), total_fen=5),
            FaultCode.TILL_RECEIPT_UNREADABLE,
        ),
    ],
)
def test_what_was_not_read_whole_is_not_booked(
    lane: Lane, receipt: TappedReceipt, fault: FaultCode
) -> None:
    booking = lane.booker.book(TILL, receipt)
    assert (booking.outcome, booking.fault) == (TappedOutcome.REFUSED, fault)
    assert lane.journal.depth() == 0
    assert lane.tally.snapshot() == {fault.value: 1}
    assert lane.booker.last() == (booking,)


@pytest.mark.parametrize("kind", ["refund", "void", "reprint", "other"])
def test_what_is_no_sale_is_listed(
    lane: Lane, kind: Literal["refund", "void", "reprint", "other"]
) -> None:
    booking = lane.booker.book(TILL, replace(RECEIPT, kind=kind))
    assert (booking.outcome, booking.fault) == (TappedOutcome.OTHER, None)
    assert lane.journal.depth() == 0


@given(
    amounts=st.lists(st.integers(1, 99_999), min_size=1, max_size=8), permille=st.integers(0, 1_000)
)
def test_a_reduction_is_spread_over_the_lines_to_the_fen(amounts: list[int], permille: int) -> None:
    lane, off = Lane(), sum(amounts) * permille // 1_000
    lines = tuple(ReceiptLine(f"商品{at}", 1_000, fen) for at, fen in enumerate(amounts))
    reduced = replace(
        RECEIPT,
        lines=(*lines, ReceiptLine("会员优惠", 1_000, -off)) if off else lines,
        total_fen=sum(amounts) - off,
    )
    booking = lane.booker.book(TILL, reduced)
    assert booking.outcome == TappedOutcome.BOOKED
    (sale,) = lane.sales()
    assert len(sale.lines) == len(amounts)
    assert sale.shelf_fen == sum(amounts)
    assert sum(line.net_fen for line in sale.lines) == sale.total_fen == reduced.total_fen
    assert all(0 <= line.net_fen <= line.shelf_fen for line in sale.lines)
    assert "会员优惠" not in booking.unmapped


def test_only_the_last_receipts_are_remembered(lane: Lane) -> None:
    for number in range(105):
        lane.booker.book(TILL, replace(RECEIPT, receipt_no=str(number)))
    assert len(lane.booker.last()) == 100
    assert lane.booker.last()[0].receipt_no == "104"


def test_a_session_of_the_future_is_none() -> None:
    clock = FakeClock()
    session = TillSession(make_id(), BY_CARD, clock.now())
    clock.mono_ms -= 500
    assert session.member_at(clock.now(), TurnPolicy(), 0, window_ms=VISIT_MS) is None


def test_figures_that_no_message_carries_are_refused_here(lane: Lane) -> None:
    huge = 10**12
    lines = (ReceiptLine("补水面膜5片", 1_000, huge), ReceiptLine("折扣", 1_000, 100 - huge))
    made = lane.booker.book(TILL, replace(RECEIPT, lines=lines, total_fen=100))
    assert (made.outcome, made.fault) == ("refused", FaultCode.TILL_RECEIPT_UNREADABLE)
    made = lane.booker.book(TILL, replace(RECEIPT, receipt_no="7" * 250))
    assert (made.outcome, made.fault) == ("refused", FaultCode.TILL_RECEIPT_UNREADABLE)
    assert lane.sales() == []
