"""A refund at the till: worked out from the box's own journal, on disk, then answered.

The box says what came back and what it handed out; the points are booked by the cloud from its own
books, because what is left of them is known there alone. A receipt of another shop is taken back at
the till's word and compared in the cloud.
"""

from dataclasses import dataclass
from uuid import UUID

from edge_agent.domain.refunding import RefundCommand, RefundQuote, RefundResult
from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.journal import Draft, Journal, Record
from edge_agent.ports.replica import Replica
from edge_agent.services.price_desk import PriceDesk
from edge_agent.services.recorder import AnswerOf, Recorder
from retail_core import limits
from retail_core.checkout.basket import MILLI, BasketLine
from retail_core.checkout.receipt import receipt_of
from retail_core.errors import Fault
from retail_core.loyalty.earning import earn_postings
from retail_core.loyalty.postings import Posting, from_wire
from retail_core.loyalty.refunds import (
    Rest,
    Returned,
    Standing,
    kept_points_fen,
    plan_refund,
    returned_after,
)
from retail_core.money import divide_half_up
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body, encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale, SaleLine
from retail_core.wire.refund import Refund, RefundLine, RestLine, RestPoint

SOURCE_API = "api"


@dataclass(frozen=True, slots=True)
class _Sold:
    """A sale this box keeps, and what came back of it here."""

    record: Record
    sale: Sale
    standing: Standing


class RefundSale:
    """Quotes and books refunds; safe to call from several threads."""

    def __init__(  # what it reads, what it writes, and the shop
        self,
        journal: Journal,
        recorder: Recorder,
        replica: Replica,
        clock: Clock,
        ids: IdSource,
        shop: Shop,
    ) -> None:
        self._journal = journal
        self._recorder = recorder
        self._replica = replica
        self._clock = clock
        self._ids = ids
        self._shop = shop
        self._desk = PriceDesk(replica, shop)

    def quote(self, command: RefundCommand) -> RefundQuote:
        """Return what a refund would come to (Faults P111 to P118)."""
        return self._quote(command, self._sold(command.receipt_id))[0]

    def execute(
        self, command: RefundCommand, *, answer: AnswerOf[RefundResult] | None = None
    ) -> RefundResult:
        """Book a refund; when this returns it is on disk, with the answer under its key."""
        at = self._clock.now()
        sold = self._sold(command.receipt_id)
        quote, rest = self._quote(command, sold)
        _check_paid(command, quote)
        refund_id, date = self._ids.uuid7(), self._desk.business_date(at)
        member = None if sold is None else sold.record.draft.member
        body = _body(refund_id, command, quote, rest, date)
        draft = Draft(
            event_id=self._ids.uuid7(),
            type=EventType.REFUND,
            at=at,
            body=encode_body(body),
            till=command.till,
            operator=command.operator,
            member=member,
        )

        def result_at(seq: int) -> RefundResult:
            return RefundResult(refund_id, seq, quote, member, date, at.wall_ms)

        return self._recorder.record([draft], result_at, answer)

    def _quote(self, command: RefundCommand, sold: _Sold | None) -> tuple[RefundQuote, Rest | None]:
        if not command.lines:
            raise Fault(FaultCode.REFUND_EMPTY)
        if sold is None:
            if command.money_fen is None or command.repriced:
                raise Fault(FaultCode.REFUND_RECEIPT_UNKNOWN, receipt=command.receipt_id)
            return RefundQuote(command.money_fen, 0, 0, 0), None
        returned = [Returned(line, qty_milli) for line, qty_milli in command.lines]
        rest = self._rest(sold, returned) if command.repriced else None
        # Any wallet will do: the numbers are told, the postings are the cloud's.
        made = plan_refund(sold.standing, returned, rest, wallet=self._shop.store)
        quote = RefundQuote(
            made.money_fen, made.points_fen, made.points_back, made.points_taken, made.coupons
        )
        return quote, rest

    def _sold(self, receipt_id: UUID) -> _Sold | None:
        """Return a sale of this box with the refunds made of it here."""
        for record in self._journal.records(type_=EventType.SALE):
            sale = decode_body(EventType.SALE, record.draft.body)
            if isinstance(sale, Sale) and sale.receipt_id == receipt_id.bytes:
                return _Sold(record, sale, self._standing(sale, record.seq))
        return None

    def _standing(self, sale: Sale, seq: int) -> Standing:
        postings = tuple(from_wire(posting) for posting in sale.postings)
        standing = Standing(receipt_of(sale), postings, {})
        for record in self._journal.records(type_=EventType.REFUND, since_seq=seq):
            refund = decode_body(EventType.REFUND, record.draft.body)
            if isinstance(refund, Refund) and refund.receipt_id == sale.receipt_id:
                standing = _refunded(standing, refund)
        return standing

    def _rest(self, sold: _Sold, returned: list[Returned]) -> Rest:
        """Price what is kept as if the rest had never been bought (Fault P118)."""
        back = returned_after(sold.standing, returned)
        kept = [line for line in sold.sale.lines if back[line.line] < line.qty_milli]
        if not kept:
            return Rest({})
        draft = sold.record.draft
        rules = self._desk.rules_at(draft.at)
        if rules.hash != sold.sale.bundle_hash:
            raise Fault(FaultCode.REFUND_RULES_CHANGED)
        held = None if draft.member is None else self._replica.member(draft.member)
        lines = tuple(self._line(line, line.qty_milli - back[line.line]) for line in kept)
        priced = self._desk.again(lines, held, draft.at).priced
        nets = {line.line: line.net_fen for line in priced.lines}
        if held is None:
            return Rest(nets)
        points_fen = kept_points_fen(sold.standing.receipt, sum(nets.values()))
        earned = earn_postings(
            priced,
            rules.bundle.earn,
            held.record.tier,
            UUID(bytes=held.record.wallet),
            self._shop.legal_entity,
            points_fen,
        )
        return Rest(nets, earned)

    def _line(self, sold: SaleLine, qty_milli: int) -> BasketLine:
        """Return a line as it was sold, at the unit price it had then."""
        article = self._replica.article_by_sku(sold.sku) if sold.article is not None else None
        return BasketLine(
            line=sold.line,
            sku=sold.sku,
            article_id=None if sold.article is None else UUID(bytes=sold.article),
            name=sold.name,
            unit_price_fen=divide_half_up(sold.shelf_fen * MILLI, sold.qty_milli),
            qty_milli=qty_milli,
            brand="" if article is None else article.brand,
            category="" if article is None else article.category,
            tags=frozenset() if article is None else article.tags,
        )


def _refunded(standing: Standing, refund: Refund) -> Standing:
    """Return a receipt as it stands after a refund that was made of it here."""
    returned = [Returned(line.line, line.qty_milli) for line in refund.lines]
    rest = None
    if refund.repriced:
        rest = Rest({line.line: line.net_fen for line in refund.rest}, _earned(refund.rest_points))
    made = plan_refund(standing, returned, rest, wallet=UUID(int=0))
    return Standing(
        standing.receipt,
        standing.postings + made.postings,
        made.returned,
        standing.refunded_fen + refund.money_fen,
        standing.points_fen_back + refund.points_fen,
        standing.refunds + 1,
    )


def _earned(points: tuple[RestPoint, ...]) -> tuple[Posting, ...]:
    nobody = UUID(int=0)
    return tuple(
        Posting(one.line, one.rule, one.kind, 0, "rest", "kept", one.points, nobody)
        for one in points
    )


def _check_paid(command: RefundCommand, quote: RefundQuote) -> None:
    """Refuse what was not handed out to the fen (REFUND_AMOUNT)."""
    if len(command.tenders) > limits.TENDERS_MAX:
        raise Fault(FaultCode.API_BODY_INVALID, detail="tenders")
    if any(fen < 0 for _, fen in command.tenders):
        raise Fault(FaultCode.SALE_AMOUNT_NEGATIVE, line="tender")
    refunded = sum(fen for _, fen in command.tenders)
    if refunded != quote.money_fen:
        raise Fault(FaultCode.REFUND_AMOUNT, refunded=refunded, due=quote.money_fen)


def _body(
    refund_id: UUID, command: RefundCommand, quote: RefundQuote, rest: Rest | None, date: int | None
) -> Refund:
    kept = Rest({}) if rest is None else rest
    return Refund(
        refund_id=refund_id.bytes,
        receipt_id=command.receipt_id.bytes,
        source=SOURCE_API,
        till_receipt_no=command.till_receipt_no,
        business_date=date,
        reason=command.reason,
        lines=tuple(RefundLine(line, qty_milli) for line, qty_milli in command.lines),
        money_fen=quote.money_fen,
        points_fen=quote.points_fen,
        tenders=command.tenders,
        repriced=rest is not None,
        rest=tuple(RestLine(line, net_fen) for line, net_fen in sorted(kept.nets.items())),
        rest_points=tuple(
            RestPoint(one.line, one.rule, one.kind, one.points) for one in kept.postings
        ),
        coupons=quote.coupons,
        points_back=quote.points_back,
        points_taken=quote.points_taken,
    )
