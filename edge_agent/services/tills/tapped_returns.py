"""A refund, void or exchange off the printer line: exactly the inverse of a sale, or a review.

The sale is looked for by its printed number, else by what came back. It is reversed through the
same refund as at the counter, and only when the money agrees to the fen; anything else is put
before a person, here and at headquarters: guessing whose points to take would be worse.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from edge_agent.domain.receipts import HeldReceipt, ReceiptRow, ReceiptSearch
from edge_agent.domain.refunding import RefundCommand, RefundResult
from edge_agent.domain.tapped_receipt import ReceiptLine, TappedReceipt
from edge_agent.ports.clock import IdSource
from edge_agent.ports.journal import Draft
from edge_agent.services.counter.receipts import ReceiptBook
from edge_agent.services.counter.refund import RefundSale, standing_of
from edge_agent.services.journal.recorder import AnswerOf, Recorder
from retail_core import limits
from retail_core.checkout.taken_back import Back, SoldLine, match_lines
from retail_core.clock import Instant
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.returns import ReturnLine, ReturnUnmatched

SOURCE_TAP = "tap"
TENDER_TILL = "till"


@dataclass(frozen=True, slots=True)
class GoneBack:
    """What a printed paper says came back, and for how much."""

    till: UUID
    receipt: TappedReceipt
    lines: tuple[ReceiptLine, ...]
    money_fen: int


@dataclass(frozen=True, slots=True)
class _Match:
    sold: HeldReceipt
    lines: tuple[tuple[int, int], ...]


class TappedReturns:
    """Reverses what a till took back; not for two threads at once."""

    def __init__(
        self, receipts: ReceiptBook, refunds: RefundSale, recorder: Recorder, ids: IdSource
    ) -> None:
        self._receipts = receipts
        self._refunds = refunds
        self._recorder = recorder
        self._ids = ids

    def reverse(self, back: GoneBack, answer: AnswerOf[RefundResult]) -> RefundResult | FaultCode:
        """Book the refund of the sale this is about; a fault code says why there is none."""
        found = self._find(back)
        if isinstance(found, FaultCode):
            return found
        command = RefundCommand(
            till=back.till,
            till_receipt_no=back.receipt.receipt_no,
            receipt_id=UUID(bytes=found.sold.sale.receipt_id),
            lines=found.lines,
            tenders=((TENDER_TILL, back.money_fen),) if back.money_fen else (),
            reason=back.receipt.kind,
            source=SOURCE_TAP,
        )
        try:
            return self._refunds.execute(command, answer=answer)
        except Fault as fault:
            return fault.code

    def put_aside(
        self, back: GoneBack, why: FaultCode, at: tuple[Instant, int | None], answer: AnswerOf[UUID]
    ) -> UUID:
        """Put a return that was not booked before a person, here and at headquarters."""
        review_id, (now, day) = self._ids.uuid7(), at
        body = ReturnUnmatched(
            review_id=review_id.bytes,
            kind=back.receipt.kind,
            till_receipt_no=back.receipt.receipt_no,
            original_no=back.receipt.original_no,
            business_date=day,
            reason=why.value,
            total_fen=back.money_fen if abs(back.money_fen) <= limits.AMOUNT_FEN_MAX else None,
            lines=tuple(
                ReturnLine(line.name, line.qty_milli, line.amount_fen)
                for line in back.lines[: limits.LINES_MAX]
                if abs(line.amount_fen) <= limits.AMOUNT_FEN_MAX
                and line.qty_milli <= limits.QTY_MILLI_MAX
            ),  # what the wire does not carry must not keep the rest from a person
        )
        draft = Draft(
            event_id=self._ids.uuid7(),
            type=EventType.RETURN_UNMATCHED,
            at=now,
            body=encode_body(body),
            till=back.till,
        )
        return self._recorder.record([draft], lambda _seq: review_id, answer)

    # ---- which sale -----------------------------------------------------------------------------

    def _find(self, back: GoneBack) -> _Match | FaultCode:
        """Return the sale: by number the newest that fits, by content only if nobody else's fits.

        Two sales of the same goods may be told apart by nothing but their members. Each till counts
        for itself: of a number the newest sale of every till may be meant, of a void's own number
        that of its own till.
        """
        own = back.receipt.receipt_no if back.receipt.kind == "void" else ""
        number = back.receipt.original_no
        if number or own:
            search = (
                ReceiptSearch(number=number) if number else ReceiptSearch(back.till, number=own)
            )
            newest: dict[UUID | None, _Match] = {}
            for match in self._matching(self._receipts.last(search), back):
                newest.setdefault(match.sold.till, match)
            return _of_one_person(newest.values())
        # Every receipt kept is looked at: an older sale may be the one that is meant.
        rows = self._receipts.all(ReceiptSearch(till=back.till))
        return _of_one_person(self._matching(rows, back))

    def _matching(self, rows: Iterable[ReceiptRow], back: GoneBack) -> Iterator[_Match]:
        for row in rows:
            sold = self._receipts.here(row.receipt_id)
            lines = None if sold is None else _match(sold, back)
            if sold is not None and lines is not None:
                yield _Match(sold, lines)


def _of_one_person(matches: Iterable[_Match]) -> _Match | FaultCode:
    """Return the first, unless another sale that fits is of somebody else."""
    chosen: _Match | None = None
    for match in matches:
        if chosen is not None and match.sold.member_id != chosen.sold.member_id:
            return FaultCode.TILL_RETURN_AMBIGUOUS
        chosen = chosen or match
    return chosen or FaultCode.TILL_RETURN_UNMATCHED


def _match(sold: HeldReceipt, back: GoneBack) -> tuple[tuple[int, int], ...] | None:
    lines = _sold_lines(sold)
    if not back.lines and back.receipt.kind == "void":  # some tills print the total alone
        whole = sold.sale.total_fen == back.money_fen and not sold.refunds
        return tuple((line.line, line.qty_milli) for line in lines) if whole else None
    return match_lines(lines, _articles(back.lines))


def _sold_lines(sold: HeldReceipt) -> Sequence[SoldLine]:
    returned = standing_of(sold).returned
    return [
        SoldLine(
            line=line.line,
            name=line.name,
            qty_milli=line.qty_milli,
            shelf_fen=line.shelf_fen,
            net_fen=line.net_fen,
            left_milli=line.qty_milli - returned.get(line.line, 0),
        )
        for line in sold.sale.lines
    ]


def _articles(lines: tuple[ReceiptLine, ...]) -> Iterator[Back]:
    """Give the articles; a reduction in a return takes off what comes back, it is none itself."""
    for line in lines:
        if line.amount_fen >= 0:
            yield Back(line.name, line.qty_milli, line.amount_fen)
