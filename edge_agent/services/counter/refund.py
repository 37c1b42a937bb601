"""A refund at the till: worked out from the box's own journal, on disk, then answered.

The box says what came back and what it handed out; the points are booked by the cloud from its own
books, because what is left of them is known there alone. A receipt of another shop is looked up in
the cloud, with every refund of it; offline it is refused.
"""

import contextlib
import threading
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from edge_agent.domain.receipts import HeldReceipt
from edge_agent.domain.refunding import RefundCommand, RefundQuote, RefundResult
from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.journal import Draft
from edge_agent.ports.replica import Replica
from edge_agent.services.counter.receipts import ReceiptBook
from edge_agent.services.journal.recorder import AnswerOf, Recorder
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core import limits
from retail_core.checkout.basket import MILLI, Basket, BasketLine
from retail_core.checkout.receipt import TENDER_POINTS, counted_on, receipt_of
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
from retail_core.money import Amount, divide_half_up
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.proof.repricing import member_of, opened_of, store_of
from retail_core.pricing.rules.context import MemberContext
from retail_core.pricing.rules.coupons import Held
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale, SaleLine
from retail_core.wire.refund import Refund, RefundLine, RestLine, RestPoint


class RefundSale:
    """Quotes and books refunds; safe to call from several threads."""

    def __init__(  # what it reads, what it writes, and the shop
        self,
        receipts: ReceiptBook,
        recorder: Recorder,
        replica: Replica,
        clock: Clock,
        ids: IdSource,
        shop: Shop,
    ) -> None:
        self._receipts = receipts
        self._recorder = recorder
        self._replica = replica
        self._clock = clock
        self._ids = ids
        self._shop = shop
        self._desk = PriceDesk(replica, shop)
        self._lock = threading.Lock()

    def quote(self, command: RefundCommand) -> RefundQuote:
        """Return what a refund would come to (Faults P111 to P118, A162)."""
        return self._quote(command, self._receipts.find(command.receipt_id))[0]

    def execute(
        self, command: RefundCommand, *, answer: AnswerOf[RefundResult] | None = None
    ) -> RefundResult:
        """Book a refund; when this returns it is on disk, with the answer under its key."""
        # One at a time: two tills that take the same goods back must not both look first.
        with self._lock:
            at = self._clock.now()
            sold = self._receipts.find(command.receipt_id)
            quote, rest = self._quote(command, sold)
            _check_paid(command, quote)
            refund_id, date = self._ids.uuid7(), self._desk.business_date(at)
            body = _body(refund_id, command, quote, rest, date, sold.sale)
            draft = Draft(
                event_id=self._ids.uuid7(),
                type=EventType.REFUND,
                at=at,
                body=encode_body(body),
                till=command.till,
                operator=command.operator,
                member=sold.member_id,
            )

            def result_at(seq: int) -> RefundResult:
                return RefundResult(refund_id, seq, quote, sold.member_id, date, at.wall_ms)

            return self._recorder.record([draft], result_at, answer)

    def _quote(self, command: RefundCommand, sold: HeldReceipt) -> tuple[RefundQuote, Rest | None]:
        if not command.lines:
            raise Fault(FaultCode.REFUND_EMPTY)
        standing = standing_of(sold)
        returned = [Returned(line, qty_milli) for line, qty_milli in command.lines]
        rest = self._rest(sold, standing, returned) if command.repriced else None
        # Any wallet will do: the numbers are told, the postings are the cloud's.
        made = plan_refund(standing, returned, rest, wallet=self._shop.store)
        return RefundQuote(
            money_fen=made.money_fen,
            points_fen=made.points_fen,
            points_back=made.points_back,
            points_taken=made.points_taken,
            coupons=made.coupons,
            uses=made.uses,
            left=_left(sold.sale, made.returned),
            whole=sold.whole,
        ), rest

    def _rest(self, sold: HeldReceipt, standing: Standing, returned: list[Returned]) -> Rest:
        """Price what is kept as if the rest had never been bought (Fault P118)."""
        back = returned_after(standing, returned)
        kept = [line for line in sold.sale.lines if back[line.line] < line.qty_milli]
        if not kept:
            return Rest({})
        facts, rules = sold.sale.priced_for, self._desk.rules_of(sold.sale.bundle_hash)
        if facts is None or rules is None:
            raise Fault(FaultCode.REFUND_RULES_CHANGED)
        lines = tuple(self._line(line, line.qty_milli - back[line.line]) for line in kept)
        basket = Basket(lines, opened_of(facts))
        member = _with_coupon(member_of(facts), sold.sale)
        priced = price_basket(basket, rules.bundle, member, store=store_of(facts))
        nets = {line.line: line.net_fen for line in priced.lines}
        if facts.tier is None:
            return Rest(nets)
        points_fen = kept_points_fen(standing.receipt, sum(nets.values()))
        nobody, entity = UUID(int=0), self._shop.legal_entity
        earn = rules.bundle.earn
        return Rest(nets, earn_postings(priced, earn, facts.tier, nobody, entity, points_fen))

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


def _with_coupon(member: MemberContext | None, sale: Sale) -> MemberContext | None:
    """Return the member with the coupon that she used: it lowers what is kept, if it still may."""
    used = sale.coupon
    if member is None or used is None or used.id is None:
        return member
    return replace(member, coupons=(Held(id=str(UUID(bytes=used.id)), coupon=used.rule),))


def standing_of(sold: HeldReceipt) -> Standing:
    """Return a receipt as it stands after the refunds known of it."""
    postings = tuple(from_wire(posting) for posting in sold.sale.postings)
    standing = Standing(receipt_of(sold.sale), postings, {})
    for made in sold.refunds:
        # Of goods that two shops took back the cloud books the first refund alone, and so do we.
        with contextlib.suppress(Fault):
            standing = _refunded(standing, made.body)
    return standing


def _left(sale: Sale, returned: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
    return tuple((line.line, line.qty_milli - returned.get(line.line, 0)) for line in sale.lines)


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
    """Refuse what was not handed out to the fen (REFUND_AMOUNT); points are no money."""
    if len(command.tenders) > limits.TENDERS_MAX:
        raise Fault(FaultCode.API_BODY_INVALID, detail="tenders")
    if any(fen < 0 for _, fen in command.tenders):
        raise Fault(FaultCode.SALE_TENDER_NEGATIVE)
    if any(kind == TENDER_POINTS for kind, _ in command.tenders):
        raise Fault(FaultCode.REDEEM_TENDER)
    refunded = sum(fen for _, fen in command.tenders)
    if refunded != quote.money_fen:
        amounts = {"refunded": Amount(refunded), "due": Amount(quote.money_fen)}
        raise Fault(FaultCode.REFUND_AMOUNT, **amounts)


def _body(  # what was asked, what it came to, when, and of which sale
    refund_id: UUID,
    command: RefundCommand,
    quote: RefundQuote,
    rest: Rest | None,
    date: int | None,
    sold: Sale,
) -> Refund:
    kept = Rest({}) if rest is None else rest
    return Refund(
        refund_id=refund_id.bytes,
        receipt_id=command.receipt_id.bytes,
        source=command.source,
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
        uses=quote.uses,
        uses_on=_counted_for_her(sold),
    )


def _counted_for_her(sale: Sale) -> int:
    """Return the day a sale's uses counted for its member; 0 if it had none, or no day was known.

    Who claims a receipt later did not use its rules.
    """
    facts = sale.priced_for
    return 0 if facts is None or facts.tier is None else counted_on(sale) or 0
