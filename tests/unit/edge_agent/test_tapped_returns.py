"""What a till took back, read off its printer: reversed to the fen, or put before a person."""

from dataclasses import replace
from typing import TypeVar
from uuid import UUID

import pytest

from edge_agent.domain.tapped import TappedBooking, TappedOutcome
from edge_agent.domain.tapped_receipt import ReceiptKind, ReceiptLine, TappedReceipt
from edge_agent.services.counter.receipts import ReceiptBook
from edge_agent.services.counter.refund import RefundSale
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.members.till_sessions import TillSessions
from edge_agent.services.tills.book_tapped import BookTapped
from edge_agent.services.tills.tapped_returns import TappedReturns
from retail_core.identity.assurance import Factor, Standing
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.messages import Sale
from retail_core.wire.refund import Refund
from retail_core.wire.returns import ReturnUnmatched
from tests.factories.shop_floor import BUNDLE, MASK, SHOP, SOAP, TILL, make_id, make_record
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_directory import FakeCloudDirectory
from tests.fakes.ids import FakeIdSource
from tests.fakes.journal import FakeJournal
from tests.fakes.replica import FakeReplica

Body = TypeVar("Body", Sale, Refund, ReturnUnmatched)
SOAPS = ReceiptLine("玫瑰香皂", 2_000, 3_980)
ONE_SOAP = ReceiptLine("玫瑰香皂", 1_000, 1_990)
MASKS = ReceiptLine("补水面膜5片", 1_000, 9_900)
SALE = TappedReceipt("till", "auto", "0042", "sale", (SOAPS, MASKS), 13_880, "单号 0042")


class Lane:
    """An old till's lane with its receipts and refunds."""

    def __init__(self) -> None:
        self.journal, self.replica, self.clock = FakeJournal(), FakeReplica(), FakeClock()
        self.sessions = TillSessions(self.clock)
        self.replica.replace_catalogue(1, [SOAP, MASK])
        self.replica.replace_bundle(3, BUNDLE)
        self.tally = FaultTally()
        recorder, ids = Recorder(self.journal), FakeIdSource()
        receipts = ReceiptBook(self.journal, FakeCloudDirectory())
        recorder.listen(receipts.recorded)
        refunds = RefundSale(receipts, recorder, self.replica, self.clock, ids, SHOP)
        self.booker = BookTapped(
            recorder,
            self.journal,
            self.replica,
            self.sessions,
            self.clock,
            ids,
            SHOP,
            self.tally,
            TappedReturns(receipts, refunds, recorder, ids),
        )

    def print(self, receipt: TappedReceipt, till: UUID = TILL) -> TappedBooking:
        self.clock.advance(60_000)
        return self.booker.book(till, receipt)

    def sell_to_somebody(self, receipt: TappedReceipt) -> None:
        member = make_id()
        self.replica.put_member(member, 1, make_record())
        self.sessions.recognised(TILL, member, Standing(Factor.PHONE_NUMBER))
        assert self.print(receipt).member_id == member

    def bodies(self, kind: type[Body]) -> list[Body]:
        found = [decode_body(each.draft.type, each.draft.body) for each in self.journal.records()]
        return [body for body in found if isinstance(body, kind)]


def back(kind: ReceiptKind, *lines: ReceiptLine, **changes: object) -> TappedReceipt:
    """A paper on which goods came back; the total is that of the lines."""
    total = sum(line.amount_fen for line in lines)
    made = TappedReceipt("till", "auto", "0077", kind, lines, total, f"{kind} 0077")
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture
def lane() -> Lane:
    lane = Lane()
    lane.print(SALE)
    return lane


@pytest.mark.parametrize("original_no", ["0042", ""], ids=["by number", "by content"])
def test_a_refund_takes_back_exactly_what_it_shows(lane: Lane, original_no: str) -> None:
    booking = lane.print(back("refund", ONE_SOAP, original_no=original_no))
    assert (booking.outcome, booking.fault) == (TappedOutcome.RETURNED, None)
    (refund,) = lane.bodies(Refund)
    (sale,) = lane.bodies(Sale)
    assert (refund.receipt_id, refund.source, refund.money_fen) == (sale.receipt_id, "tap", 1_990)
    assert [(line.line, line.qty_milli) for line in refund.lines] == [(1, 1_000)]


def test_a_void_of_the_same_number_takes_back_the_whole_sale(lane: Lane) -> None:
    assert lane.print(back("void", SOAPS, MASKS, receipt_no="0042")).outcome == "returned"
    (refund,) = lane.bodies(Refund)
    assert (refund.money_fen, len(refund.lines)) == (13_880, 2)


def test_the_total_alone_is_enough_for_a_void(lane: Lane) -> None:
    paper = back("void", receipt_no="0042", total_fen=13_880)
    assert lane.print(paper).outcome == "returned"
    again = lane.print(replace(paper, text="another one", receipt_no="0043", original_no="0042"))
    assert again.outcome == "review", "what is back already does not come back again"


def test_the_same_return_printed_twice_is_one(lane: Lane) -> None:
    paper = back("refund", ONE_SOAP, original_no="0042")
    lane.print(paper)
    assert lane.print(paper).outcome == "duplicate"
    assert lane.print(replace(paper, lines=(MASKS,))).outcome == "conflict"
    assert len(lane.bodies(Refund)) == 1


@pytest.mark.parametrize(
    "paper",
    [
        back("refund", ReceiptLine("洗发水", 1_000, 2_500)),
        back("refund", ReceiptLine("玫瑰香皂", 3_000, 5_970)),
        back("refund", replace(ONE_SOAP, amount_fen=1_500)),
        back("refund", ONE_SOAP, original_no="9999"),
        back("refund", ONE_SOAP, original_no="0042", total_fen=1_000),
        back("refund", total_fen=None),
    ],
    ids=["never sold", "more than sold", "another price", "no such number", "less money", "empty"],
)
def test_what_fits_no_sale_waits_for_a_person(lane: Lane, paper: TappedReceipt) -> None:
    booking = lane.print(paper)
    assert booking.outcome == TappedOutcome.REVIEW
    assert booking.fault is not None
    assert lane.tally.snapshot() == {booking.fault.value: 1}
    assert lane.bodies(Refund) == []
    (told,) = lane.bodies(ReturnUnmatched)
    assert (told.kind, told.till_receipt_no, told.reason) == ("refund", "0077", booking.fault.value)
    assert lane.print(paper).outcome == "duplicate"


def test_whose_points_it_takes_is_never_guessed(lane: Lane) -> None:
    lane.sell_to_somebody(replace(SALE, receipt_no="0043"))
    booking = lane.print(back("refund", ONE_SOAP))
    assert (booking.outcome, booking.fault) == ("review", FaultCode.TILL_RETURN_AMBIGUOUS)
    named = back("refund", ONE_SOAP, original_no="0043", receipt_no="0078")
    assert lane.print(named).outcome == "returned"


def test_a_sale_of_some_days_ago_counts_as_much_as_todays(lane: Lane) -> None:
    lane.sell_to_somebody(replace(SALE, receipt_no="0043"))
    for number in range(60):
        lane.print(
            TappedReceipt("till", "auto", f"1{number:03}", "sale", (MASKS,), 9_900, str(number))
        )
    booking = lane.print(back("refund", ONE_SOAP))
    assert booking.fault is FaultCode.TILL_RETURN_AMBIGUOUS


def test_an_exchange_is_a_return_and_a_sale(lane: Lane) -> None:
    minus = replace(ONE_SOAP, amount_fen=-1_990)
    paper = back("exchange", minus, MASKS, returns=(ONE_SOAP,), original_no="0042")
    booking = lane.print(paper)
    assert (booking.outcome, booking.total_fen) == (TappedOutcome.BOOKED, 9_900)
    assert [each.outcome for each in lane.booker.last()[:2]] == ["booked", "returned"]
    assert len(lane.bodies(Refund)) == 1
    assert len(lane.bodies(Sale)) == 2
    assert lane.print(paper).outcome == "duplicate"
    assert len(lane.bodies(Sale)) == 2


@pytest.mark.parametrize("original_no", ["", "0042"])
def test_an_exchange_may_bear_the_number_of_the_sale_it_is_about(
    lane: Lane, original_no: str
) -> None:
    minus = replace(ONE_SOAP, amount_fen=-1_990)
    paper = back(
        "exchange", minus, MASKS, returns=(ONE_SOAP,), receipt_no="0042", original_no=original_no
    )
    assert lane.print(paper).outcome == TappedOutcome.BOOKED
    assert [each.outcome for each in lane.booker.last()[:2]] == ["booked", "returned"]
    assert lane.print(paper).outcome == "duplicate"
    again = replace(paper, text="an hour later")
    assert lane.print(again).outcome == TappedOutcome.BOOKED
    assert (len(lane.bodies(Refund)), len(lane.bodies(Sale))) == (2, 3)


def test_two_returns_may_bear_the_number_of_their_sale(lane: Lane) -> None:
    paper = back("refund", ONE_SOAP, receipt_no="0042")
    assert lane.print(paper).outcome == "returned"
    assert lane.print(paper).outcome == "duplicate"
    assert lane.print(replace(paper, lines=(MASKS,), total_fen=9_900, text="b")).outcome == (
        "returned"
    )
    assert [refund.money_fen for refund in lane.bodies(Refund)] == [1_990, 9_900]


def test_an_exchange_printed_again_is_known_by_its_own_number(lane: Lane) -> None:
    minus = replace(ONE_SOAP, amount_fen=-1_990)
    paper = back("exchange", minus, MASKS, returns=(ONE_SOAP,), original_no="0042")
    lane.print(paper)
    assert lane.print(replace(paper, text="the copy says so")).outcome == "duplicate"
    assert (len(lane.bodies(Refund)), len(lane.bodies(Sale))) == (1, 2)


def test_an_exchange_of_something_unknown_still_sells(lane: Lane) -> None:
    strange = ReceiptLine("洗发水", 1_000, 2_500)
    paper = back("exchange", replace(strange, amount_fen=-2_500), MASKS, returns=(strange,))
    assert lane.print(paper).outcome == TappedOutcome.BOOKED
    assert [each.outcome for each in lane.booker.last()[:2]] == ["booked", "review"]
    assert lane.print(back("exchange", returns=(ONE_SOAP,), receipt_no="0079")).outcome == (
        "returned"
    )


def test_a_copy_books_nothing(lane: Lane) -> None:
    before = lane.journal.depth()
    assert lane.print(replace(SALE, kind="reprint")).outcome == TappedOutcome.OTHER
    assert lane.journal.depth() == before


def test_a_number_that_two_tills_gave_names_neither_sale(lane: Lane) -> None:
    lane.sell_to_somebody(replace(SALE, receipt_no="0050"))
    member, other_till = make_id(), make_id()
    lane.replica.put_member(member, 1, make_record())
    lane.sessions.recognised(other_till, member, Standing(Factor.PHONE_NUMBER))
    lane.print(replace(SALE, receipt_no="0050"), other_till)
    named = back("refund", ONE_SOAP, original_no="0050")
    booking = lane.print(named)
    assert (booking.outcome, booking.fault) == ("review", FaultCode.TILL_RETURN_AMBIGUOUS)
    assert lane.bodies(Refund) == []


def test_a_void_is_of_its_own_tills_number(lane: Lane) -> None:
    lane.print(replace(SALE, lines=(SOAPS,), total_fen=3_980), other_till := make_id())
    assert lane.print(back("void", SOAPS, receipt_no="0042"), other_till).outcome == "returned"
    (refund,) = lane.bodies(Refund)
    assert refund.receipt_id == lane.bodies(Sale)[1].receipt_id
    assert lane.print(back("void", SOAPS, receipt_no="0042"), make_id()).outcome == "review"


def test_a_void_of_the_refund_is_no_copy_of_it(lane: Lane) -> None:
    lane.print(back("refund", SOAPS, MASKS, original_no="0042"))
    booking = lane.print(back("void", SOAPS, MASKS))
    assert (booking.outcome, booking.fault) == ("conflict", FaultCode.TILL_RECEIPT_REUSED)


def test_a_return_with_figures_that_no_sale_has_still_reaches_headquarters(lane: Lane) -> None:
    huge = ReceiptLine("折扣", 1_000, -(10**13))
    lane.print(back("refund", ONE_SOAP, huge))
    assert len(lane.bodies(ReturnUnmatched)) == 1
