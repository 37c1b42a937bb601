"""From the services' results to what the API answers."""

from collections.abc import Mapping
from uuid import UUID

from edge_agent.api.models.books import TappedLineView, TappedView
from edge_agent.api.models.identify import ReasonView
from edge_agent.api.models.members import BoughtView, LastPurchaseView, MemberAnswered
from edge_agent.api.models.sales import (
    AppliedView,
    BuyerView,
    LineAnswered,
    LineOffer,
    QuoteAnswered,
    RejectedView,
    SaleAnswered,
)
from edge_agent.domain.member_view import LastPurchase, MemberView
from edge_agent.domain.sale import SaleResult
from edge_agent.domain.shop import Shop
from edge_agent.domain.tapped import TappedBooking
from edge_agent.ports.replica import Replica
from edge_agent.services.price_desk import PriceDesk
from retail_core.errors import Fault
from retail_core.loyalty.postings import earn_postings, points_earned
from retail_core.pricing.certificate import PricedBasket, PricedLine
from retail_core.texts.faults import FaultCode


class Views:
    """Adds what people read (tier and offer names, this shop's name) to bare results."""

    def __init__(
        self, prices: PriceDesk, replica: Replica, shop: Shop, till_names: Mapping[UUID, str]
    ) -> None:
        self._prices = prices
        self._replica = replica
        self._shop = shop
        self._till_names = till_names

    def member(self, view: MemberView) -> MemberAnswered:
        """Return a member with the name of her tier."""
        tiers = self._prices.rules().bundle.tier_names
        return MemberAnswered(
            member_id=view.member_id,
            ver=view.ver,
            name=view.name,
            tier=view.tier,
            tier_name=tiers.get(view.tier, ""),
            tags=view.tags,
            points_free=view.points_free,
            points_pending=view.points_pending,
            pending_local_points=view.pending_local_points,
            phone_masked=view.phone_masked,
            home_store=view.home_store,
            last_purchase=None if view.last_purchase is None else self._last(view.last_purchase),
            as_of_ms=view.as_of_ms,
        )

    def quote(self, priced: PricedBasket, till: UUID | None, member: UUID | None) -> QuoteAnswered:
        """Return a priced basket, with the points it would bring."""
        names = {offer.offer_id: offer.name for offer in priced.applied}
        return QuoteAnswered(
            till=till,
            member_id=member,
            lines=tuple(_line(line, names) for line in priced.lines),
            shelf_fen=priced.shelf_fen,
            total_fen=priced.total_fen,
            saved_fen=priced.saved_fen,
            points_earned=self._points(priced, member),
            status=priced.status,
            gap_fen=priced.gap_fen,
            applied=tuple(AppliedView.model_validate(offer) for offer in priced.applied),
            rejected=tuple(RejectedView.model_validate(offer) for offer in priced.rejected),
            bundle_version=priced.bundle_version,
        )

    def sale(self, result: SaleResult) -> SaleAnswered:
        """Return a finished sale."""
        names = {offer.offer_id: offer.name for offer in result.priced.applied}
        return SaleAnswered(
            receipt_id=result.receipt_id,
            seq=result.seq,
            business_date=result.business_date,
            committed_ms=result.wall_ms,
            lines=tuple(_line(line, names) for line in result.priced.lines),
            shelf_fen=result.priced.shelf_fen,
            total_fen=result.priced.total_fen,
            saved_fen=result.priced.saved_fen,
            points_earned=result.points_earned,
            member=self._buyer(result.member_id),
            status=result.priced.status,
            unmapped=result.unmapped,
        )

    def tapped(self, booking: TappedBooking) -> TappedView:
        """Return a printed receipt and how it was booked."""
        held = None if booking.member_id is None else self._replica.member(booking.member_id)
        return TappedView(
            till=booking.till,
            till_name=self._till_names.get(booking.till, ""),
            receipt_no=booking.receipt_no,
            outcome=booking.outcome.value,
            fault=None if booking.fault is None else reason(booking.fault),
            receipt_id=booking.receipt_id,
            seq=booking.seq,
            member_id=booking.member_id,
            member_name="" if held is None else held.record.name,
            total_fen=booking.total_fen,
            points_earned=booking.points_earned,
            lines=tuple(
                TappedLineView(
                    name=line.name,
                    sku=line.sku,
                    qty_milli=line.qty_milli,
                    shelf_fen=line.amount_fen,
                )
                for line in booking.lines
            ),
            unmapped=booking.unmapped,
            wall_ms=booking.wall_ms,
        )

    def _buyer(self, member_id: UUID | None) -> BuyerView | None:
        held = None if member_id is None else self._replica.member(member_id)
        if held is None:
            return None
        return BuyerView(member_id=held.member_id, name=held.record.name, tier=held.record.tier)

    def _points(self, priced: PricedBasket, member_id: UUID | None) -> int:
        held = None if member_id is None else self._replica.member(member_id)
        if held is None:
            return 0
        wallet = UUID(bytes=held.record.wallet)
        earn = self._prices.rules().bundle.earn
        postings = earn_postings(priced, earn, held.record.tier, wallet, self._shop.legal_entity)
        return points_earned(postings)

    def _last(self, last: LastPurchase) -> LastPurchaseView:
        return LastPurchaseView(
            receipt_id=last.receipt_id,
            store=last.store,
            store_name=self._shop.store_name if last.store == self._shop.store else "",
            wall_ms=last.wall_ms,
            total_fen=last.total_fen,
            lines=tuple(BoughtView.model_validate(line) for line in last.lines),
        )


def reason(code: FaultCode, fields: Mapping[str, object] | None = None) -> ReasonView:
    """Return a fault as a person reads it."""
    fault = Fault(code, **(fields or {}))
    return ReasonView(code=code.value, zh=fault.text("zh"), en=fault.text("en"))


def _line(line: PricedLine, names: Mapping[str, str]) -> LineAnswered:
    return LineAnswered(
        line=line.line,
        sku=line.sku,
        name=line.name,
        qty_milli=line.qty_milli,
        shelf_fen=line.shelf_fen,
        net_fen=line.net_fen,
        offers=tuple(
            LineOffer(offer_id=offer, name=names.get(offer, offer), fen_off=off)
            for offer, off in line.offers
        ),
    )
