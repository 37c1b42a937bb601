"""A sale from the till's API: priced, checked against what was paid, on disk, then answered.

What is redeemed is spent of this box's leases in the same write: either all of it stands or none.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import msgspec

from edge_agent.domain.basket import Wish
from edge_agent.domain.sale import AskedLine, SaleCommand, SaleResult
from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.journal import Beside, Draft
from edge_agent.ports.replica import HeldMember
from edge_agent.services.counter.openings import Openings, took_ms
from edge_agent.services.counter.redeeming import (
    NO_ALLOWANCE,
    Allowance,
    Amounts,
    Asking,
    Redeeming,
    Trust,
    check_drawn,
    rights_of,
)
from edge_agent.services.counter.sold_again import SoldAgain
from edge_agent.services.journal.recorder import AnswerOf, Recorder
from edge_agent.services.rights.lease_desk import LeaseDesk
from edge_agent.services.shop.price_desk import PriceDesk, Quote, Redeemable
from retail_core import limits
from retail_core.checkout.basket import BasketLine
from retail_core.clock import Instant
from retail_core.errors import Fault
from retail_core.identity.assurance import NAMED_BY_TILL, Action, TurnPolicy
from retail_core.loyalty.earning import earn_postings
from retail_core.loyalty.lease_box import Draw
from retail_core.loyalty.lease_postings import redeem_posting
from retail_core.loyalty.lease_wire import spend_message
from retail_core.loyalty.leases import RightKind
from retail_core.loyalty.postings import Posting, points_earned, to_wire
from retail_core.loyalty.spending import RULE, TENDER_POINTS
from retail_core.money import Amount
from retail_core.pricing.certificate import PricedBasket, certificate_hash
from retail_core.pricing.uses import uses_counted
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import CouponTaken, GiftTaken, Sale, SaleLine

SOURCE_API = "api"
BY_NAME_ONLY = Trust(NAMED_BY_TILL, TurnPolicy())


@dataclass(frozen=True, slots=True)
class Redemptions:
    """Where what is redeemed comes from; a box without leases redeems nothing."""

    leases: LeaseDesk
    redeeming: Redeeming


@dataclass(frozen=True, slots=True)
class Priced:
    """A basket priced for a member with what she redeems held back: `holds` of `wanted`.

    `kept` is what stays held back for her though a wish was refused: it is not spent by this price.
    """

    quote: Quote
    held: HeldMember | None = None
    allowance: Allowance = NO_ALLOWANCE
    holds: tuple[UUID, ...] = ()
    wanted: Amounts = ()
    kept: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Closing:
    """How a sale becomes durable: its receipt, the answer and what changes beside it."""

    receipt_id: UUID
    answer: AnswerOf[SaleResult] | None = None
    beside: Beside | None = None
    opened: Instant | None = None


class CloseSale:
    """Closes sales and quotes prices; safe to call from several threads."""

    def __init__(  # what it reads, what it writes, and the shop
        self,
        recorder: Recorder,
        desk: PriceDesk,
        clock: Clock,
        ids: IdSource,
        shop: Shop,
        redemptions: Redemptions | None = None,
    ) -> None:
        self._recorder = recorder
        self._clock = clock
        self._ids = ids
        self._shop = shop
        self.desk = self._desk = desk
        self._redemptions = redemptions
        self.openings = Openings(clock)
        self.again: SoldAgain | None = None
        # From price to booking one sale at a time: what may be had once is counted when it is sold.
        self.turn = threading.RLock()

    def quote(self, lines: tuple[AskedLine, ...], member_id: UUID | None = None) -> PricedBasket:
        """Price lines without selling them."""
        return self._desk.quote(lines, self._desk.member(member_id), self._clock.now()).priced

    def quoted(
        self,
        lines: tuple[AskedLine, ...],
        member_id: UUID | None,
        wish: Wish,
        trust: Trust = BY_NAME_ONLY,
        opened: Instant | None = None,
    ) -> Priced:
        """Price lines with what she would redeem; nothing is held back for it."""
        at = opened or self._clock.now()
        held = self._desk.member(member_id)
        allowance = self.allowance(self._asking(held, wish, trust, at), at)
        quote = self._desk.quote(lines, held, at, allowance.redeem)
        return Priced(quote, held, allowance)

    def allowance(self, asking: Asking, at: Instant) -> Allowance:
        """Work out what may be redeemed of a basket opened `at`."""
        if self._redemptions is None:
            return NO_ALLOWANCE
        bundle, points = self._desk.rules_at(at).bundle, self._desk.points_rule(at)
        return self._redemptions.redeeming.allowance(asking, bundle, points)

    def _asking(self, held: HeldMember | None, wish: Wish, trust: Trust, at: Instant) -> Asking:
        return Asking(held, wish, trust, self._desk.business_date(at))

    def execute(
        self,
        command: SaleCommand,
        trust: Trust = BY_NAME_ONLY,
        *,
        answer: AnswerOf[SaleResult] | None = None,
    ) -> SaleResult:
        """Close a sale; when this returns it is on disk, with the answer under its key."""
        at = self.openings.of(command.till, command.basket_id)
        held = self._desk.member(command.member_id)
        wish = Wish(command.points, command.coupons)
        asking = self._asking(held, wish, trust, at)
        with self.turn:
            priced = self.hold(self._desk.named(command.lines), asking, at)
            try:
                check_trusted(trust, command.member_id, priced)
                sold = self.close(command, priced, Closing(self._ids.uuid7(), answer, opened=at))
                self.openings.over(command.till, command.basket_id)
                return sold
            finally:
                self.let_go(priced.holds)

    def hold(self, lines: Sequence[BasketLine], asking: Asking, opened: Instant) -> Priced:
        """Price named lines and hold back what the price spends, instead of `asking.holds`.

        When that cannot be held back the price is without it, and the allowance says why. What was
        held back for her before stays then: who asks for too much shall not lose what is here.
        """
        allowance, named = self.allowance(asking, opened), tuple(lines)
        quote = self._desk.priced(named, asking.held, opened, allowance.redeem)
        if self._redemptions is None:
            return Priced(quote, asking.held, allowance)
        redeeming = self._redemptions.redeeming
        wanted, hers = redeeming.wanted(quote, asking.held), rights_of(asking.held)
        in_vain = allowance.refused is not None and not asking.wish.is_empty
        try:
            holds = redeeming.hold(asking.holds, wanted, hers if in_vain else ())
        except Fault as refused:
            redeeming.hold(asking.holds, (), hers)
            allowance = replace(allowance, redeem=Redeemable(budgets=False), refused=refused)
            quote = self._desk.priced(named, asking.held, opened, allowance.redeem)
            holds, wanted = (), ()
        kept = redeeming.still_held(asking.holds)
        return Priced(quote, asking.held, allowance, holds, wanted, kept)

    def let_go(self, holds: Sequence[UUID]) -> None:
        """Give back what was held back for a basket; what is spent or gone is passed over."""
        if self._redemptions is not None and holds:
            self._redemptions.leases.exchange(holds, ())

    def close(self, command: SaleCommand, priced: Priced, closing: Closing) -> SaleResult:
        """Book a priced sale with what it redeems in one write (Faults of tenders and leases)."""
        at, quote = self._clock.now(), priced.quote
        if self.again is not None:
            day = self._desk.business_date(at) or at.boot_id
            self.again.refuse(command, quote.basket.lines, day)
        check_paid(command, quote.priced)
        if not priced.wanted or self._redemptions is None:
            return self._book(command, priced, closing, at, ())

        def record(draws: tuple[Draw, ...], beside: Beside) -> SaleResult:
            check_drawn(draws, priced.wanted)
            both = replace(closing, beside=_both(beside, closing.beside))
            return self._book(command, priced, both, at, draws)

        return self._redemptions.leases.commit(priced.holds, record)  # lint: allow RG04 a lease

    def practised(self, command: SaleCommand, priced: Priced, receipt_id: UUID) -> SaleResult:
        """Answer a training sale: checked like any other, and booked nowhere."""
        at = self._clock.now()
        check_paid(command, priced.quote.priced)
        earned = self._earned(priced.quote, priced.held)
        made = self._result(command, priced, receipt_id, at, earned)
        return replace(made, training=True)

    def _book(
        self,
        command: SaleCommand,
        priced: Priced,
        closing: Closing,
        at: Instant,
        draws: tuple[Draw, ...],
    ) -> SaleResult:
        earned = self._earned(priced.quote, priced.held)
        redeemed = tuple(
            redeem_posting(draw, RULE, self._shop.legal_entity)
            for draw in draws
            if draw.key.right.kind == RightKind.POINTS
        )
        made = self._result(command, priced, closing.receipt_id, at, earned)
        sale = _sale(made, command, priced.quote, (*redeemed, *earned))
        sale = msgspec.structs.replace(
            sale,
            lease_spends=tuple(map(spend_message, draws)),
            uses_on=self._uses_on(priced, made.business_date) if sale.uses else 0,
            counter_ms=took_ms(closing.opened, at),
        )
        draft = self._draft(command, at, encode_body(sale))
        return self._recorder.record(
            [draft], lambda seq: replace(made, seq=seq), closing.answer, beside=closing.beside
        )

    def _uses_on(self, priced: Priced, booked: int | None) -> int:
        """Return the day that caps were asked for, the basket's, where another one is booked."""
        asked = self._desk.day_asked(priced.quote)
        return 0 if asked is None or asked == booked else asked

    def _result(
        self,
        command: SaleCommand,
        priced: Priced,
        receipt_id: UUID,
        at: Instant,
        earned: tuple[Posting, ...],
    ) -> SaleResult:
        quote = priced.quote
        return SaleResult(
            receipt_id=receipt_id,
            seq=0,
            priced=quote.priced,
            points_earned=points_earned(earned),
            member_id=command.member_id,
            business_date=self._desk.business_date(at),
            wall_ms=at.wall_ms,
            unmapped=tuple(line.name for line in quote.basket.lines if line.article_id is None),
            fallback=quote.fallback,
            refused=priced.allowance.refused,
        )

    def _draft(self, command: SaleCommand, at: Instant, body: bytes) -> Draft:
        return Draft(
            event_id=self._ids.uuid7(),
            type=EventType.SALE,
            at=at,
            body=body,
            till=command.till,
            operator=command.operator,
            member=command.member_id,
        )

    def _earned(self, quote: Quote, held: HeldMember | None) -> tuple[Posting, ...]:
        if held is None:
            return ()
        return earn_postings(
            quote.priced,
            quote.earn,
            held.record.tier,
            UUID(bytes=held.record.wallet),
            self._shop.legal_entity,
            points_fen(quote.priced),
        )


def check_trusted(trust: Trust, member_id: UUID | None, priced: Priced) -> None:
    """Refuse a member who has yet to turn her head (FACE_TURN_NEEDED); nobody needs to."""
    if member_id is not None and not trust.may(Action.EARN, priced.quote.priced.total_fen):
        raise Fault(FaultCode.FACE_TURN_NEEDED)


def points_fen(priced: PricedBasket) -> int:
    """Return what points pay."""
    return 0 if priced.points is None else priced.points.value_fen


def check_paid(command: SaleCommand, priced: PricedBasket) -> None:
    """Refuse what was not paid to the fen (SALE_TENDER_MISMATCH) or paid negatively.

    Points are no tender of the till's (REDEEM_TENDER).
    """
    if len(command.tenders) > limits.TENDERS_MAX:
        raise Fault(FaultCode.API_BODY_INVALID, detail="tenders")
    if any(amount < 0 for _kind, amount in command.tenders):
        raise Fault(FaultCode.SALE_TENDER_NEGATIVE)
    if any(kind == TENDER_POINTS for kind, _amount in command.tenders):
        raise Fault(FaultCode.REDEEM_TENDER)
    quoted = command.quoted_total_fen
    if quoted is not None and quoted != priced.total_fen:
        raise _unequal(quoted, priced.total_fen)
    tendered, due_fen = sum(amount for _kind, amount in command.tenders), priced.due_fen
    if tendered != due_fen:
        raise _unequal(tendered, due_fen)


def _unequal(tendered: int, due_fen: int) -> Fault:
    """Return the fault of a payment that is not what is due."""
    amounts = {"tendered": Amount(tendered), "due": Amount(due_fen)}
    return Fault(FaultCode.SALE_TENDER_MISMATCH, **amounts)


def _both(first: Beside, second: Beside | None) -> Beside:
    def write(transaction: object) -> None:
        first(transaction)
        if second is not None:
            second(transaction)

    return write


def _sale(
    made: SaleResult, command: SaleCommand, quote: Quote, postings: tuple[Posting, ...]
) -> Sale:
    articles = {line.line: line.article_id for line in quote.basket.lines}
    priced, paid = quote.priced, command.tenders
    if priced.points is not None:
        paid = (*paid, (TENDER_POINTS, priced.points.value_fen))
    return Sale(
        receipt_id=made.receipt_id.bytes,
        source=SOURCE_API,
        till_receipt_no=command.till_receipt_no,
        business_date=made.business_date,
        shelf_fen=priced.shelf_fen,
        total_fen=priced.total_fen,
        lines=tuple(
            SaleLine(
                line=line.line,
                article=None if (article := articles[line.line]) is None else article.bytes,
                sku=line.sku,
                name=line.name,
                qty_milli=line.qty_milli,
                shelf_fen=line.shelf_fen,
                net_fen=line.net_fen,
                offers=line.offers,
            )
            for line in priced.lines
        ),
        tenders=paid,
        postings=tuple(to_wire(posting) for posting in postings),
        bundle_version=quote.rules.bundle.version,
        bundle_hash=quote.rules.hash,
        certificate_hash=certificate_hash(priced),
        solver_status=priced.status,
        priced_for=quote.facts,
        uses=uses_counted(priced, quote.rules.bundle),
        coupon=_coupon(priced),
        gifts=tuple(GiftTaken(gift.gift_id, gift.sku, gift.units) for gift in priced.gifts),
    )


def _coupon(priced: PricedBasket) -> CouponTaken | None:
    used = priced.coupon
    if used is None:
        return None
    own = UUID(used.held_id).bytes if used.held_id else None
    return CouponTaken(own, used.coupon_id, used.fen_off)
