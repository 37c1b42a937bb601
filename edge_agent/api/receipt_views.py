"""From receipts and refunds to what the API answers."""

from collections.abc import Mapping
from uuid import UUID

from edge_agent.api.models.receipts import (
    ReceiptAnswered,
    ReceiptLineView,
    ReceiptRowView,
    RefundAnswered,
    RefundLineView,
    RefundQuoted,
    RefundView,
    TenderView,
)
from edge_agent.api.models.sales import LineOffer
from edge_agent.domain.receipts import HeldReceipt, ReceiptRow, RefundMade
from edge_agent.domain.refunding import RefundQuote, RefundResult
from edge_agent.services.counter.refund import standing_of
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core.checkout.receipt import receipt_of
from retail_core.loyalty.postings import EARN, REDEEM
from retail_core.pricing.rules.english import EnglishNames
from retail_core.wire.messages import Sale


class ReceiptViews:
    """Adds what people read (names of offers and tills) to bare receipts."""

    def __init__(self, prices: PriceDesk, till_names: Mapping[UUID, str]) -> None:
        self._prices = prices
        self._till_names = till_names

    def row(self, row: ReceiptRow) -> ReceiptRowView:
        """Return one of this box's receipts for a list."""
        return ReceiptRowView(
            receipt_id=row.receipt_id,
            till=row.till,
            till_name=self._till(row.till),
            operator=row.operator,
            member_id=row.member_id,
            till_receipt_no=row.till_receipt_no,
            business_date=row.business_date,
            wall_ms=row.wall_ms,
            total_fen=row.total_fen,
            refunds=row.refunds,
        )

    def other(self, held: HeldReceipt) -> ReceiptRowView:
        """Return another shop's receipt for a list."""
        return ReceiptRowView(
            receipt_id=held.receipt_id,
            till=held.till,
            till_name="",
            operator=held.operator,
            member_id=held.member_id,
            till_receipt_no=held.sale.till_receipt_no,
            business_date=held.sale.business_date,
            wall_ms=held.wall_ms,
            total_fen=held.sale.total_fen,
            refunds=len(held.refunds),
            store_name=held.store_name,
        )

    def receipt(self, held: HeldReceipt, reprints: int) -> ReceiptAnswered:
        """Return a whole receipt as it is printed again."""
        sale = held.sale
        return ReceiptAnswered(
            receipt_id=held.receipt_id,
            reprints=reprints,
            till=held.till,
            till_name=self._till(held.till),
            operator=held.operator,
            member_id=held.member_id,
            till_receipt_no=sale.till_receipt_no,
            business_date=sale.business_date,
            wall_ms=held.wall_ms,
            store_name=held.store_name,
            lines=self._lines(held),
            shelf_fen=sale.shelf_fen,
            total_fen=sale.total_fen,
            saved_fen=sale.shelf_fen - sale.total_fen,
            points_fen=receipt_of(sale).points_fen,
            points_redeemed=_points(sale, REDEEM),
            points_earned=_points(sale, EARN),
            tenders=_tenders(sale.tenders),
            refunds=tuple(_refund(made) for made in held.refunds),
            refunded_fen=sum(made.body.money_fen for made in held.refunds),
            whole=held.whole,
        )

    def _lines(self, held: HeldReceipt) -> tuple[ReceiptLineView, ...]:
        names, english = self._names(held.sale)
        returned = standing_of(held).returned
        return tuple(
            ReceiptLineView(
                line=line.line,
                sku=line.sku,
                name=line.name,
                qty_milli=line.qty_milli,
                shelf_fen=line.shelf_fen,
                net_fen=line.net_fen,
                offers=tuple(
                    LineOffer(
                        offer_id=offer,
                        name=(name := names.get(offer, "")),
                        name_en=english.of(name, offer),
                        fen_off=fen,
                    )
                    for offer, fen in line.offers
                ),
                returned_milli=returned.get(line.line, 0),
                left_milli=line.qty_milli - returned.get(line.line, 0),
            )
            for line in held.sale.lines
        )

    def _names(self, sale: Sale) -> tuple[dict[str, str], EnglishNames]:
        rules = self._prices.rules_of(sale.bundle_hash)
        if rules is None:
            return {}, EnglishNames({}, {})
        named = (*rules.bundle.offers, *rules.bundle.coupons)
        return {offer.id: offer.name for offer in named}, rules.bundle.english

    def _till(self, till: UUID | None) -> str:
        return "" if till is None else self._till_names.get(till, "")


def quoted(receipt_id: UUID, quote: RefundQuote) -> RefundQuoted:
    """Return what a refund would come to."""
    return RefundQuoted(
        receipt_id=receipt_id,
        money_fen=quote.money_fen,
        points_fen=quote.points_fen,
        points_back=quote.points_back,
        points_taken=quote.points_taken,
        coupons=quote.coupons,
        left=tuple(RefundLineView(line=line, qty_milli=left) for line, left in quote.left),
        whole=quote.whole,
    )


def refunded(receipt_id: UUID, result: RefundResult) -> RefundAnswered:
    """Return a refund that is on disk."""
    return RefundAnswered(
        **quoted(receipt_id, result.quote).model_dump(),
        refund_id=result.refund_id,
        seq=result.seq,
        member_id=result.member_id,
        business_date=result.business_date,
        committed_ms=result.wall_ms,
    )


def _points(sale: Sale, kind: str) -> int:
    return sum(posting.points for posting in sale.postings if posting.kind == kind)


def _tenders(tenders: tuple[tuple[str, int], ...]) -> tuple[TenderView, ...]:
    return tuple(TenderView(kind=kind, amount_fen=fen) for kind, fen in tenders)


def _refund(made: RefundMade) -> RefundView:
    body = made.body
    return RefundView(
        refund_id=UUID(bytes=body.refund_id),
        wall_ms=made.wall_ms,
        store_name=made.store_name,
        operator=made.operator,
        reason=body.reason,
        lines=tuple(RefundLineView(line=one.line, qty_milli=one.qty_milli) for one in body.lines),
        money_fen=body.money_fen,
        points_fen=body.points_fen,
        tenders=_tenders(body.tenders),
    )
