"""Refunds and the maturing of points in a batch: worked out from the books, whatever a box says.

What was handed out was handed out: a refund whose money differs from what is due is booked as it
was paid, and a person hears of it. One that takes back more than was bought is refused.
"""

from dataclasses import replace
from datetime import date
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival, day_from
from cloud_broker.domain.ingest_effects import BookedSale, Facts, Note, Plan
from cloud_broker.domain.points import (
    BookedRefund,
    Counting,
    HeldReceipt,
    Moment,
    NewPosting,
    new_posting,
)
from cloud_broker.domain.postings import sums_up
from cloud_broker.domain.rule_uses import counted_day
from retail_core.checkout.receipt import receipt_of
from retail_core.errors import Fault
from retail_core.loyalty.lots import Dated, Lot
from retail_core.loyalty.postings import EARN, MemberPurse, Posting, member_account, posting_key
from retail_core.loyalty.refunds import EARNED, Rest, Returned, Standing, plan_refund, uses_gone
from retail_core.loyalty.upkeep import maturing
from retail_core.texts.faults import FaultCode
from retail_core.wire.refund import Refund as RefundBody

PURSES: tuple[MemberPurse, ...] = ("free", "pending", "qualifying", "owed")


def book_refund(arrival: Arrival, body: RefundBody, facts: Facts, made: Plan) -> None:
    """Add a refund to the plan (Faults P111 to P117, L101)."""
    refund_id, receipt_id = UUID(bytes=body.refund_id), UUID(bytes=body.receipt_id)
    held = facts.held.get(receipt_id) or _sold_now(receipt_id, facts, made)
    if held is None:
        raise Fault(FaultCode.REFUND_RECEIPT_UNKNOWN, receipt=receipt_id)
    if refund_id in facts.refunds:
        raise Fault(FaultCode.LEDGER_KEY_CONFLICT, receipt=refund_id)
    wallet = None if held.wallet is None else facts.holders.get(held.wallet, held.wallet)
    refund = plan_refund(
        held.standing,
        [Returned(line.line, line.qty_milli) for line in body.lines],
        _rest(body) if body.repriced else None,
        wallet=wallet,
        purses={} if wallet is None else _purses(wallet, facts, made),
    )
    day, at_ms = _after(arrival, body, held)
    booked = BookedRefund(
        arrival=arrival,
        body=body,
        refund_id=refund_id,
        receipt_id=receipt_id,
        member=held.member,
        nth=held.standing.refunds,
        day=day,
        at_ms=at_ms,
        made=refund,
        counting=held.counting,
        whole=all(
            refund.returned[line.line] >= line.qty_milli for line in held.standing.receipt.lines
        ),
        gone=uses_gone(held.standing.receipt, refund.returned),
    )
    made.refunds.append(booked)
    moment = Moment(day, at_ms, arrival.received_ms)
    made.postings += [
        _posted(facts.tenant, booked, posting, wallet, moment) for posting in refund.postings
    ]
    made.balances.update(sums_up(refund.postings))
    facts.refunds.add(refund_id)
    facts.held[receipt_id] = _refunded(held, booked)
    if held.member is not None:
        made.touched.add(held.member)
        made.interests.add((arrival.place.store, held.member))
    _compare(booked, made)


def mature_at_once(sale: BookedSale, facts: Facts, made: Plan) -> None:
    """Free points that only waited for the sale to arrive here."""
    waiting = [
        posting
        for posting in sale.postings
        if posting.kind == EARN and posting.credit.endswith(":pending")
    ]
    if not waiting or sale.wallet is None or facts.policies.on(sale.day).return_days:
        return
    points = sum(posting.points for posting in waiting)
    lot = Lot(None, sale.day, sale.receipt_id, waiting[0].issuer)
    for receipt_id, posting in maturing([(lot, points)], sale.wallet, sale.day, facts.policies):
        moment = Moment(sale.day, sale.arrival.happened_ms + 1, sale.arrival.received_ms)
        made.postings.append(new_posting(facts.tenant, receipt_id, posting, sale.wallet, moment))
        made.balances.update(sums_up([posting]))


def _sold_now(receipt_id: UUID, facts: Facts, made: Plan) -> HeldReceipt | None:
    """Return a receipt that is booked by this very batch."""
    for sale in made.sales:
        if sale.receipt_id == receipt_id:
            matured = [
                one.dated.posting for one in made.postings if one.dated.key.receipt_id == receipt_id
            ]
            standing = Standing(receipt_of(sale.sale), (*sale.postings, *matured), {})
            arrival = sale.arrival
            wallet = sale.wallet or facts.wallets.get(arrival.member or receipt_id)
            return HeldReceipt(
                standing=standing,
                store=arrival.place.store,
                member=arrival.member,
                wallet=wallet,
                day=sale.day,
                sold_ms=arrival.happened_ms,
                counting=Counting(
                    arrival.member, counted_day(sale.sale, sale.day), arrival.place.store
                ),
            )
    return None


def _rest(body: RefundBody) -> Rest:
    if any(point.kind not in EARNED for point in body.rest_points):
        raise Fault(FaultCode.REFUND_REST_WRONG)
    nobody = UUID(int=0)
    return Rest(
        {line.line: line.net_fen for line in body.rest},
        tuple(
            Posting(point.line, point.rule, point.kind, 0, "rest", "kept", point.points, nobody)
            for point in body.rest_points
        ),
    )


def _purses(wallet: UUID, facts: Facts, made: Plan) -> dict[MemberPurse, int]:
    """Return what a wallet holds now: what was locked, and what this batch moved since."""
    return {
        purse: facts.balances.get(account, 0) + made.balances[account]
        for purse in PURSES
        for account in (member_account(wallet, purse),)
    }


def _after(arrival: Arrival, body: RefundBody, held: HeldReceipt) -> tuple[date, int]:
    """Return the refund's day and moment: never before its sale, whatever two clocks say."""
    try:
        day = day_from(arrival, body.business_date)
    except (ValueError, OverflowError, OSError):
        detail = f"business date {body.business_date}"
        raise Fault(FaultCode.WIRE_MALFORMED, detail=detail) from None
    return max(day, held.day), max(arrival.happened_ms, held.sold_ms + 2)


def _posted(
    tenant: UUID, booked: BookedRefund, posting: Posting, wallet: UUID | None, moment: Moment
) -> NewPosting:
    key = posting_key(tenant, booked.receipt_id, posting)
    dated = Dated(key, posting, moment.day, moment.at_ms)
    return NewPosting(dated, booked.arrival.event_id, wallet, moment.now_ms)


def _refunded(held: HeldReceipt, booked: BookedRefund) -> HeldReceipt:
    """Return the receipt as the next refund in this batch finds it."""
    before, refund = held.standing, booked.made
    standing = Standing(
        before.receipt,
        before.postings + refund.postings,
        refund.returned,
        before.refunded_fen + booked.body.money_fen,
        before.points_fen_back + refund.points_fen,
        before.refunds + 1,
    )
    return replace(held, standing=standing)


def _compare(booked: BookedRefund, made: Plan) -> None:
    paid, due = booked.body.money_fen, booked.made.money_fen
    if paid != due:
        detail = f"refunded={paid}, due={due}, refund={booked.refund_id}"
        made.notes.append(
            Note(booked.arrival, "books", FaultCode.REFUND_AMOUNT, detail, booked.member)
        )
