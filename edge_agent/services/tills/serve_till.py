"""What an unchanged till asks in its own language, answered: a member, a sale booked once."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from edge_agent.domain.receipts import HeldReceipt, ReceiptSearch
from edge_agent.domain.tapped import TappedBooking, TappedOutcome
from edge_agent.domain.till_request import Means, TillAnswer, TillRequest
from edge_agent.ports.clock import Clock
from edge_agent.ports.till_tap import ReceiptLine, TappedReceipt
from edge_agent.services.counter.receipts import ReceiptBook
from edge_agent.services.members.members import Members
from edge_agent.services.tills.attach import Attach
from edge_agent.services.tills.book_tapped import BookTapped
from retail_core.errors import Fault
from retail_core.limits import AMOUNT_FEN_MAX
from retail_core.loyalty.postings import EARN
from retail_core.texts.faults import FaultCode

# Most tills of this kind tell what was paid, not what was sold.
WHOLE_SALE = "收银合计"
# So long a till may go on sending the same sale.
AGAIN_MS = 10 * 60_000
_ONE_MILLI = 1_000


@dataclass(frozen=True, slots=True)
class ServeTill:
    """Answers requests; `booked` is told of each sale.

    `practising` says whether a till trains, `today` which business day it is, `nobody` ends a visit
    at a till.
    """

    attach: Attach
    tapped: BookTapped
    receipts: ReceiptBook
    members: Members
    booked: Callable[[TappedBooking], None]
    practising: Callable[[UUID], bool]
    today: Callable[[], int | None]
    clock: Clock
    nobody: Callable[[UUID], None]

    def answer(self, till: UUID, profile: str, request: TillRequest) -> TillAnswer:
        """Return what the till is told; a fault is an answer too."""
        try:
            match request.means:
                case Means.PING:
                    return TillAnswer()
                case Means.MEMBER:
                    return self._member(till, request.card)
                case Means.SALE:
                    return self._sale(till, profile, request)
        except Fault as fault:
            return TillAnswer(fault=fault.code)

    def _member(self, till: UUID, card: str) -> TillAnswer:
        view = self.attach.by_text(till, card)
        points = view.points_free + view.pending_local_points
        return TillAnswer(name=view.name, tier=view.tier, points=points)

    def _sale(self, till: UUID, profile: str, request: TillRequest) -> TillAnswer:
        """Book a sale; the same receipt again gets the same answer, also after a restart."""
        if not 0 < request.amount_fen <= AMOUNT_FEN_MAX:
            return TillAnswer(fault=FaultCode.FRAMED_REQUEST_UNREADABLE)
        if self.practising(till):
            return TillAnswer()
        if self._last_again(till, request):
            return self._again(till, request.receipt_no)
        receipt = _receipt(till, profile, request)
        # Sent again after its visit is over: whoever stands here now is not to get her card.
        if request.card and not self.tapped.knows(till, receipt):
            self._attached(till, request.card)
        booking = self.tapped.book(till, receipt)
        if booking.outcome is TappedOutcome.BOOKED:
            self.booked(booking)
            return self._told(booking.member_id, booking.points_earned)
        if booking.outcome is TappedOutcome.DUPLICATE:
            return self._again(till, request.receipt_no)
        return TillAnswer(fault=booking.fault or FaultCode.TILL_RECEIPT_UNREADABLE)

    def _attached(self, till: UUID, card: str) -> None:
        """Note whose sale it is; a card that nobody has makes it nobody's, and it is booked."""
        try:
            self.attach.by_text(till, card)
        except Fault:
            self.nobody(till)

    def _last_again(self, till: UUID, request: TillRequest) -> bool:
        """Tell whether the till's last sale came again where its business day cannot say so.

        A box without a battery does not know the day after a power cut, and a day may end between
        a sale and its repetition: the number would look like one of another day.
        """
        last = next(iter(self.receipts.last(ReceiptSearch(till))), None)
        if last is None or (last.till_receipt_no, last.total_fen) != (
            request.receipt_no,
            request.amount_fen,
        ):
            return False
        today = self.today()
        if last.business_date is None or today is None:
            return True
        return (
            last.business_date != today and abs(self.clock.now().wall_ms - last.wall_ms) <= AGAIN_MS
        )

    def _again(self, till: UUID, number: str) -> TillAnswer:
        rows = self.receipts.last(ReceiptSearch(till, None, number))
        held = self.receipts.here(rows[0].receipt_id) if rows else None
        if held is None:
            return TillAnswer()
        return self._told(held.member_id, _earned(held))

    def _told(self, member_id: UUID | None, earned: int) -> TillAnswer:
        view = None if member_id is None else self.members.view(member_id)
        if view is None:
            return TillAnswer(earned=earned)
        points = view.points_free + view.pending_local_points
        return TillAnswer(name=view.name, tier=view.tier, points=points, earned=earned)


def _receipt(till: UUID, profile: str, request: TillRequest) -> TappedReceipt:
    return TappedReceipt(
        till=str(till),
        profile=profile,
        receipt_no=request.receipt_no,
        kind="sale",
        lines=request.lines or (ReceiptLine(WHOLE_SALE, _ONE_MILLI, request.amount_fen),),
        total_fen=request.amount_fen,
        text="",
    )


def _earned(held: HeldReceipt) -> int:
    return sum(posting.points for posting in held.sale.postings if posting.kind == EARN)
