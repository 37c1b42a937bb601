"""A receipt read off the printer line after payment: booked as printed, never repriced.

The till restarts its numbers and may print a receipt twice, so (store, till, business date, number)
decides whether it is a new one. A receipt that was not read whole is not booked: guessing at money
is worse than a receipt in the list of those to look at. What goes back is reversed exactly or put
before a person (`tapped_returns`); an exchange is both, a return and a sale; a copy is nothing.
"""

import threading
from collections import deque
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import UUID

import msgspec

from edge_agent.domain.refunding import RefundResult
from edge_agent.domain.shop import Shop
from edge_agent.domain.tapped import TappedBooking, TappedLine, TappedOutcome
from edge_agent.domain.tapped_receipt import SALE
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.journal import Draft, Journal, StoredAnswer
from edge_agent.ports.replica import HeldMember, Replica
from edge_agent.ports.till_tap import ReceiptLine, TappedReceipt
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.members.till_sessions import TillSessions
from edge_agent.services.shop.price_desk import PriceDesk, Rules
from edge_agent.services.tills.tapped_returns import GoneBack, TappedReturns
from retail_core import limits
from retail_core.catalog.article import Article
from retail_core.clock import Instant
from retail_core.loyalty.earning import earn_postings
from retail_core.loyalty.postings import Posting, points_earned, to_wire
from retail_core.money import allocate
from retail_core.pricing.certificate import PricedBasket, PricedLine
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale, SaleLine

SOURCE_TAP = "tap"
TAKES_BACK = frozenset({"refund", "void", "exchange"})
REPEATS = frozenset({"refund", "exchange"})
SHOWN_MAX = 100
HTTP_OK = 200


@dataclass(frozen=True, slots=True)
class _Mapped:
    line: int
    name: str
    qty_milli: int
    amount_fen: int
    article: Article | None


class BookTapped:
    """Books tapped receipts and remembers the last ones for the technician's list."""

    def __init__(  # noqa: PLR0913 -- the parts of one counter
        self,
        recorder: Recorder,
        journal: Journal,
        replica: Replica,
        sessions: TillSessions,
        clock: Clock,
        ids: IdSource,
        shop: Shop,
        tally: FaultTally,
        returns: TappedReturns | None = None,
    ) -> None:
        self._recorder = recorder
        self._journal = journal
        self._replica = replica
        self._sessions = sessions
        self._clock = clock
        self._ids = ids
        self._shop = shop
        self._tally = tally
        self._returns = returns
        self._desk = PriceDesk(replica, shop)
        self._lock = threading.Lock()
        self._shown: deque[TappedBooking] = deque(maxlen=SHOWN_MAX)

    def book(self, till: UUID, receipt: TappedReceipt) -> TappedBooking:
        """Book a receipt once; what is not booked is counted and listed."""
        with self._lock:
            now = self._clock.now()
            receipt = self._named(till, receipt, now)
            key = self._key(till, receipt, now)
            made = [
                self._decide(till, part, now, _key_of(key, part, receipt))
                for part in _parts(receipt, takes_back=self._returns is not None)
            ]
            self._shown.extend(made)
        for booking in made:
            if booking.fault is not None:
                self._tally.count(booking.fault)
        return made[-1]

    def knows(self, till: UUID, receipt: TappedReceipt) -> bool:
        """Tell whether a receipt's number is taken: it would not be booked."""
        return self._journal.answer(self._key(till, receipt, self._clock.now())) is not None

    def last(self) -> tuple[TappedBooking, ...]:
        """Return the last receipts, newest first."""
        with self._lock:
            return tuple(reversed(self._shown))

    # ---- inside ---------------------------------------------------------------------------------

    def _decide(self, till: UUID, receipt: TappedReceipt, at: Instant, key: str) -> TappedBooking:
        fault = _distrust(receipt)
        if fault is None and self._returns is not None and receipt.kind in TAKES_BACK:
            return self._taken_back(till, receipt, (at, key), self._returns)
        if fault is None and receipt.kind != SALE:
            return self._unbooked(till, receipt, at, (TappedOutcome.OTHER, None))
        if fault is not None:
            return self._unbooked(till, receipt, at, (TappedOutcome.REFUSED, fault))
        body_hash = _content_hash(receipt)
        held = self._journal.answer(key)
        if held is None:
            return self._booked(till, receipt, at, (key, body_hash))
        if held.body_hash == body_hash:
            return self._unbooked(till, receipt, at, (TappedOutcome.DUPLICATE, None))
        reused = (TappedOutcome.CONFLICT, FaultCode.TILL_RECEIPT_REUSED)
        return self._unbooked(till, receipt, at, reused)

    def _named(self, till: UUID, receipt: TappedReceipt, at: Instant) -> TappedReceipt:
        """Take a return's number for that of the sale it is about, if that was sold today."""
        if receipt.kind not in REPEATS or not receipt.receipt_no or receipt.original_no:
            return receipt
        is_sold = self._journal.answer(self._key(till, receipt, at)) is not None
        return replace(receipt, original_no=receipt.receipt_no) if is_sold else receipt

    def _taken_back(
        self,
        till: UUID,
        receipt: TappedReceipt,
        once: tuple[Instant, str],
        returns: TappedReturns,
    ) -> TappedBooking:
        """Reverse what a till took back, once, or put it before a person."""
        at, key = once
        # A void of a refund shows the same goods under the same number, and is no copy of it.
        body_hash = sha256(receipt.kind.encode() + _content_hash(receipt)).digest()
        held = self._journal.answer(key)
        if held is not None:
            same = held.body_hash == body_hash
            reused = (TappedOutcome.CONFLICT, FaultCode.TILL_RECEIPT_REUSED)
            why = (TappedOutcome.DUPLICATE, None) if same else reused
            return self._unbooked(till, receipt, at, why)
        back = GoneBack(till, receipt, receipt.lines, abs(receipt.total_fen or 0))

        def answered(result: RefundResult) -> tuple[str, StoredAnswer]:
            return key, StoredAnswer(body_hash, HTTP_OK, str(result.refund_id).encode())

        done = returns.reverse(back, answered)
        if isinstance(done, FaultCode):
            now = (at, self._desk.business_date(at))
            returns.put_aside(
                back, done, now, lambda one: (key, StoredAnswer(body_hash, HTTP_OK, one.bytes))
            )
            return self._unbooked(till, receipt, at, (TappedOutcome.REVIEW, done))
        shown = self._unbooked(till, receipt, at, (TappedOutcome.RETURNED, None))
        return replace(
            shown,
            receipt_id=done.refund_id,
            seq=done.seq,
            member_id=done.member_id,
            points_earned=done.quote.points_back - done.quote.points_taken,
        )

    def _key(self, till: UUID, receipt: TappedReceipt, at: Instant) -> str:
        """Name the receipt; one without a number is named by its own text, date and time in it.

        So is a return that bears the number of the sale it is about: there may be another one.
        """
        day = self._desk.business_date(at) or f"boot-{at.boot_id}"
        repeats = receipt.kind in REPEATS and receipt.receipt_no == receipt.original_no
        number = "" if repeats else receipt.receipt_no
        number = number or sha256(receipt.text.encode()).hexdigest()
        return f"tap:{till}:{day}:{number}"

    def _booked(
        self, till: UUID, receipt: TappedReceipt, at: Instant, once: tuple[str, bytes]
    ) -> TappedBooking:
        member_id = self._sessions.at(till, receipt.total_fen or 0)
        held = None if member_id is None else self._replica.member(member_id)
        lines, total = self._mapped(receipt), receipt.total_fen or 0
        rules = self._desk.rules_at(at)
        priced = as_printed(lines, total, rules.bundle.version)
        postings = self._earned(priced, held, rules)
        receipt_id = self._ids.uuid7()
        sale = Sale(
            receipt_id=receipt_id.bytes,
            source=SOURCE_TAP,
            till_receipt_no=receipt.receipt_no,
            business_date=self._desk.business_date(at),
            shelf_fen=priced.shelf_fen,
            total_fen=priced.total_fen,
            lines=_wire_lines(lines, priced),
            postings=tuple(to_wire(posting) for posting in postings),
            bundle_version=rules.bundle.version,
            bundle_hash=rules.hash,
        )
        draft = Draft(
            event_id=self._ids.uuid7(),
            type=EventType.SALE,
            at=at,
            body=encode_body(sale),
            till=till,
            member=None if held is None else held.member_id,
        )
        key, body_hash = once

        def result_at(seq: int) -> TappedBooking:
            return TappedBooking(
                till=till,
                receipt_no=receipt.receipt_no,
                outcome=TappedOutcome.BOOKED,
                fault=None,
                receipt_id=receipt_id,
                seq=seq,
                member_id=draft.member,
                total_fen=total,
                points_earned=points_earned(postings),
                lines=_shown_lines(lines),
                unmapped=tuple(line.name for line in lines if line.article is None),
                wall_ms=at.wall_ms,
            )

        booking = self._recorder.record([draft], result_at, lambda one: _once(key, body_hash, one))
        self._sessions.end(till)
        return booking

    def _unbooked(
        self,
        till: UUID,
        receipt: TappedReceipt,
        at: Instant,
        why: tuple[TappedOutcome, FaultCode | None],
    ) -> TappedBooking:
        lines = self._mapped(receipt)
        outcome, fault = why
        return TappedBooking(
            till=till,
            receipt_no=receipt.receipt_no,
            outcome=outcome,
            fault=fault,
            receipt_id=None,
            seq=None,
            member_id=None,
            total_fen=receipt.total_fen,
            points_earned=0,
            lines=_shown_lines(lines),
            unmapped=tuple(line.name for line in lines if line.article is None),
            wall_ms=at.wall_ms,
        )

    def _mapped(self, receipt: TappedReceipt) -> tuple[_Mapped, ...]:
        """Name the articles; a negative line is a discount on all of them, not an article."""
        return tuple(
            _Mapped(
                line=number,
                name=line.name,
                qty_milli=line.qty_milli,
                amount_fen=line.amount_fen,
                article=self._replica.article_by_receipt_name(line.name),
            )
            for number, line in enumerate(receipt.lines, start=1)
            if line.amount_fen >= 0
        )

    def _earned(
        self, priced: PricedBasket, held: HeldMember | None, rules: Rules
    ) -> tuple[Posting, ...]:
        if held is None:
            return ()
        return earn_postings(
            priced,
            rules.bundle.earn,
            held.record.tier,
            UUID(bytes=held.record.wallet),
            self._shop.legal_entity,
        )


def _key_of(key: str, part: TappedReceipt, whole: TappedReceipt) -> str:
    """Return a part's key: what an exchange sold is no sale of that number."""
    if part.kind in TAKES_BACK:
        return f"{key}:back"
    return key if part.kind == whole.kind else f"{key}:new"


def _parts(receipt: TappedReceipt, *, takes_back: bool) -> tuple[TappedReceipt, ...]:
    """Return an exchange as what came back and what was sold for it; all else is one part."""
    if receipt.kind != "exchange" or receipt.total_fen is None or not takes_back:
        return (receipt,)
    back_fen = sum(line.amount_fen for line in receipt.returns)
    minus = [replace(line, amount_fen=-line.amount_fen) for line in receipt.returns]
    sold: list[ReceiptLine] = []
    for line in receipt.lines:
        if line in minus:
            minus.remove(line)
        else:
            sold.append(line)
    back = replace(receipt, lines=receipt.returns, total_fen=back_fen)
    taken = replace(receipt, kind=SALE, lines=tuple(sold), total_fen=receipt.total_fen + back_fen)
    return (back, taken) if sold else (back,)


def as_printed(lines: tuple[_Mapped, ...], total_fen: int, bundle_version: int) -> PricedBasket:
    """Return the basket as printed; what was taken off the whole is spread over the lines."""
    amounts = [line.amount_fen for line in lines]
    nets = amounts if sum(amounts) == total_fen else allocate(total_fen, amounts)
    priced = tuple(
        PricedLine(
            line=line.line,
            sku="" if line.article is None else line.article.sku,
            name=line.name,
            qty_milli=line.qty_milli,
            shelf_fen=line.amount_fen,
            net_fen=net,
            offers=(),
        )
        for line, net in zip(lines, nets, strict=True)
    )
    shelf = sum(amounts)
    return PricedBasket(
        lines=priced,
        shelf_fen=shelf,
        total_fen=total_fen,
        saved_fen=shelf - total_fen,
        status="optimal",
        gap_fen=0,
        applied=(),
        rejected=(),
        bundle_version=bundle_version,
        nodes=0,
    )


def _distrust(receipt: TappedReceipt) -> FaultCode | None:
    """Return why a receipt is not booked, None when it can be."""
    if receipt.fault is not None or receipt.kind != SALE:
        return receipt.fault
    unreadable = (
        receipt.total_fen is None
        or not 0 < len(receipt.lines) <= limits.LINES_MAX
        or not 0 <= receipt.total_fen <= limits.AMOUNT_FEN_MAX
        or not any(line.amount_fen >= 0 for line in receipt.lines)
        or sum(max(line.amount_fen, 0) for line in receipt.lines) > limits.AMOUNT_FEN_MAX
        or len(receipt.receipt_no) > limits.NAME_CHARS_MAX
        or any(line.amount_fen >= 0 and line.qty_milli <= 0 for line in receipt.lines)
    )
    if unreadable:
        return FaultCode.TILL_RECEIPT_UNREADABLE
    if receipt.total_fen != sum(line.amount_fen for line in receipt.lines):
        return FaultCode.TILL_TOTAL_MISMATCH
    return None


def _content_hash(receipt: TappedReceipt) -> bytes:
    """Hash what was bought and paid: a reprint says so in its text, but sells the same."""
    return sha256(msgspec.msgpack.encode((receipt.lines, receipt.total_fen))).digest()


def _once(key: str, body_hash: bytes, booking: TappedBooking) -> tuple[str, StoredAnswer]:
    return key, StoredAnswer(body_hash, HTTP_OK, str(booking.receipt_id).encode())


def _wire_lines(lines: tuple[_Mapped, ...], priced: PricedBasket) -> tuple[SaleLine, ...]:
    return tuple(
        SaleLine(
            line=line.line,
            article=None if line.article is None else line.article.article_id.bytes,
            sku=paid.sku,
            name=line.name,
            qty_milli=line.qty_milli,
            shelf_fen=paid.shelf_fen,
            net_fen=paid.net_fen,
        )
        for line, paid in zip(lines, priced.lines, strict=True)
    )


def _shown_lines(lines: tuple[_Mapped, ...]) -> tuple[TappedLine, ...]:
    return tuple(
        TappedLine(
            name=line.name,
            sku="" if line.article is None else line.article.sku,
            qty_milli=line.qty_milli,
            amount_fen=line.amount_fen,
        )
        for line in lines
    )
