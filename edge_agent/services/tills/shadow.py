"""Shadow mode: what the box computes for each sale, beside what the till printed.

Where scanner or display were heard, the basket they made is priced by our catalogue and rules and
compared with the receipt. Where only the printer is, its own names are priced: that proves the
names and the prices, and nothing about a basket before payment (`Verdict.ahead`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from edge_agent.domain.sale import AskedLine
from edge_agent.domain.tapped import TappedBooking, TappedOutcome
from edge_agent.domain.tapped_receipt import SALE, TappedReceipt
from edge_agent.ports.clock import Clock
from edge_agent.ports.replica import HeldMember, Replica
from edge_agent.services.shop.price_desk import PriceDesk
from edge_agent.services.tills.book_tapped import TAKES_BACK
from edge_agent.services.tills.fusing import Fusing, priceable
from edge_agent.services.tills.write_permit import Verdict, WritePermit
from retail_core.checkout.basket import BasketLine
from retail_core.errors import Fault
from retail_core.fusion.basket import FusedBasket
from retail_core.fusion.compare import (
    UNREAD,
    Computed,
    Difference,
    Kind,
    Printed,
    differences,
)
from retail_core.limits import AMOUNT_FEN_MAX
from retail_core.tally import FaultTally

_NOT_COMPARED = frozenset({TappedOutcome.DUPLICATE, TappedOutcome.OTHER})


@dataclass(frozen=True, slots=True)
class _Bill:
    """What is compared: our lines, those nobody could price, and what was printed."""

    lines: tuple[BasketLine, ...]
    unpriced: tuple[Difference, ...]
    printed: tuple[Printed, ...]
    total_fen: int


class Shadow:
    """Settles each till's basket by its receipt, compares both, and counts the result."""

    def __init__(
        self,
        fusing: Fusing,
        permit: WritePermit,
        desk: PriceDesk,
        replica: Replica,
        clock: Clock,
        tally: FaultTally,
    ) -> None:
        self._fusing = fusing
        self._permit = permit
        self._desk = desk
        self._replica = replica
        self._clock = clock
        self._tally = tally

    def receipt(self, till: UUID, receipt: TappedReceipt, booking: TappedBooking) -> Verdict | None:
        """Settle and compare a printed receipt; None for what is no sale or was seen before."""
        counts = receipt.kind == SALE or receipt.fault is not None
        if booking.outcome in _NOT_COMPARED or not (counts or receipt.kind in TAKES_BACK):
            return None  # a copy ends no sale: the next customer's goods are rung up already
        # What was scanned to go back is none of the next customer's goods either.
        basket = self._fusing.printed(till, abs(receipt.total_fen or 0))
        if not counts or till not in self._permit.tills():
            return None
        verdict = Verdict(
            till,
            ahead=bool(basket.lines),
            differences=self._differences(receipt, basket, booking),
            business_date=self._desk.business_date(self._clock.now()),
        )
        try:
            self._permit.judge(verdict)
        except Fault as fault:  # a full disk: the sale goes on, and so does the count in memory
            self._tally.count(fault.code)
        return verdict

    # ---- inside ---------------------------------------------------------------------------------

    def _differences(
        self, receipt: TappedReceipt, basket: FusedBasket, booking: TappedBooking
    ) -> tuple[Difference, ...]:
        if receipt.fault is not None or receipt.total_fen is None:
            return (UNREAD,)
        if abs(receipt.total_fen) > AMOUNT_FEN_MAX:  # no sum, and no database holds it
            return (UNREAD,)
        printed = self._printed(receipt)
        bill = (
            self._of_taps(basket, printed, receipt.total_fen)
            if basket.lines
            else self._of_names(printed, receipt.total_fen)
        )
        member_id = booking.member_id
        held = None if member_id is None else self._replica.member(member_id)
        # A till that was told who buys charges her price, one that was not charges everybody's.
        buyers: tuple[HeldMember | None, ...] = (None,) if held is None else (None, held)
        found = [self._against(bill, buyer) for buyer in buyers]
        # What was read too doubtfully to be booked proves nothing, even where nothing differs.
        doubtful = booking.outcome is TappedOutcome.REFUSED
        return min(found, key=len) or ((UNREAD,) if doubtful else ())

    def _printed(self, receipt: TappedReceipt) -> tuple[Printed, ...]:
        lines = (line for line in receipt.lines if line.amount_fen >= 0)
        named = ((line, self._replica.article_by_receipt_name(line.name)) for line in lines)
        return tuple(
            Printed("" if found is None else found.sku, line.name, line.qty_milli, line.amount_fen)
            for line, found in named
        )

    def _of_taps(self, basket: FusedBasket, printed: Sequence[Printed], total_fen: int) -> _Bill:
        lines = priceable(self._desk, basket)
        known = {line.line for line in lines}
        unpriced = tuple(
            Difference(Kind.UNKNOWN, name=one.code, computed_milli=one.qty_milli)
            for one in basket.lines
            if one.line not in known
        )
        return _Bill(lines, unpriced, tuple(printed), total_fen)

    def _of_names(self, printed: Sequence[Printed], total_fen: int) -> _Bill:
        named = [one for one in printed if one.sku and one.qty_milli > 0]
        lines = tuple(
            self._desk.line(number, AskedLine(sku=one.sku, qty_milli=one.qty_milli))
            for number, one in enumerate(named, start=1)
        )
        unpriced = tuple(
            Difference(
                Kind.UNKNOWN,
                name=one.name,
                printed_fen=one.amount_fen,
                printed_milli=one.qty_milli,
            )
            for one in printed
            if one not in named
        )
        return _Bill(lines, unpriced, tuple(named), total_fen)

    def _against(self, bill: _Bill, buyer: HeldMember | None) -> tuple[Difference, ...]:
        """Price our lines for somebody and compare; a total is compared when all have a price."""
        if not bill.lines:
            return bill.unpriced or (UNREAD,)
        try:
            priced = self._desk.priced(bill.lines, buyer, self._clock.now()).priced
        except Fault:
            return (*bill.unpriced, UNREAD)
        computed = [
            Computed(one.sku, one.name, one.qty_milli, one.shelf_fen, one.net_fen)
            for one in priced.lines
        ]
        ours = bill.total_fen if bill.unpriced else priced.total_fen
        return (*bill.unpriced, *differences(computed, bill.printed, (ours, bill.total_fen)))
