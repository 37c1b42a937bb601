"""From the services' results to what the API answers."""

from collections.abc import Callable, Mapping
from typing import Literal
from uuid import UUID

from edge_agent.api.growth_views import growth_seen, worked_seen
from edge_agent.api.models.books import TappedLineView, TappedView
from edge_agent.api.models.enrolments import FaceAnswered, FrameView
from edge_agent.api.models.identify import (
    ChallengeView,
    IdentifyAnswered,
    MemberHere,
    ReasonView,
)
from edge_agent.api.models.members import (
    BoughtView,
    LastPurchaseView,
    MemberAnswered,
)
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
from edge_agent.recognition.enrol import EnrolFrame, EnrolPlan
from edge_agent.services.counter.close_sale import Priced, points_fen
from edge_agent.services.members.members import Members
from edge_agent.services.recognition.identify import Identification
from edge_agent.services.shop.price_desk import PriceDesk
from retail_core.errors import Fault
from retail_core.identity.assurance import (
    Action,
    Assurance,
    Factor,
    Standing,
    TurnPolicy,
    allows,
)
from retail_core.identity.naming import mask_name
from retail_core.loyalty.earning import earn_postings
from retail_core.loyalty.postings import points_earned
from retail_core.pricing.certificate import (
    AppliedOffer,
    PricedBasket,
    PricedLine,
    RejectedOffer,
)
from retail_core.pricing.rules.english import EnglishNames
from retail_core.pricing.rules.ruleset import EarnRule
from retail_core.texts.faults import FaultCode

_ASSURANCE: dict[Assurance, Literal["none", "hint", "low", "high"]] = {
    Assurance.NONE: "none",
    Assurance.HINT: "hint",
    Assurance.LOW: "low",
    Assurance.HIGH: "high",
}
_NO_WALLET = {
    "points_free": None,
    "points_pending": 0,
    "pending_local_points": 0,
    "coupons": (),
    "worked": (),
    "calls": (),
}
# A reason comes without its particulars; the texts say something sensible all the same.
_SEEN = {"count": "2+", "source": "camera"}


class Views:
    """Adds what people read (tier and offer names, this shop's name) to bare results."""

    def __init__(
        self,
        prices: PriceDesk,
        members: Members,
        replica: Replica,
        shop: Shop,
        till_names: Mapping[UUID, str],
        claim: Callable[[UUID], str],
    ) -> None:
        self._prices = prices
        self._members = members
        self._replica = replica
        self._shop = shop
        self._till_names = till_names
        self._claim = claim

    @property
    def english(self) -> EnglishNames:
        """What English pages call the rules in force."""
        return self._prices.rules().bundle.english

    def member(self, view: MemberView, standing: Standing) -> MemberAnswered:
        """Return a member with the name of her tier; her wallet only where it may be seen.

        Masked when nothing but her number vouches for her.
        """
        bundle = self._prices.rules().bundle
        seen = growth_seen(view, self._shop, bundle)
        shown = MemberAnswered(
            member_id=view.member_id,
            ver=view.ver,
            name=view.name,
            tier=view.tier,
            tier_name=bundle.tier_names.get(view.tier, ""),
            tier_name_en=bundle.tier_name_en(view.tier),
            tags=view.tags,
            points_free=view.points_free,
            points_pending=view.points_pending,
            pending_local_points=view.pending_local_points,
            phone_masked=view.phone_masked,
            home_store=view.home_store,
            last_purchase=None if view.last_purchase is None else self._last(view.last_purchase),
            as_of_ms=view.as_of_ms,
            standing=seen.standing,
            coupons=seen.coupons,
            gifts=seen.gifts,
            birthday_today=seen.birthday_today,
            worked=tuple(map(worked_seen, view.worked)),
            calls=seen.calls,
        )
        sees = allows(standing.assurance, Action.SEE_WALLET)
        shown = shown if sees else shown.model_copy(update=_NO_WALLET)
        return _masked(shown) if standing.factor is Factor.PHONE_NUMBER else shown

    def here(self, view: MemberView, standing: Standing, policy: TurnPolicy) -> MemberHere:
        """Return a member with how she is known here, and what that allows."""
        return MemberHere(
            **self.member(view, standing).model_dump(),
            assurance=_ASSURANCE[standing.assurance],
            factor=standing.factor.value,
            allowed=may_now(standing, policy),
            challenge=challenge(standing, policy),
        )

    def identified(
        self, result: Identification, standing: Standing | None, policy: TurnPolicy
    ) -> IdentifyAnswered:
        """Return a recognition; a phone number alone shows a masked member."""
        shown = None
        if result.member is not None and standing is not None:
            shown = self.member(self._members.show(result.member), standing)
        return IdentifyAnswered(
            outcome=result.outcome,
            assurance=_ASSURANCE[result.assurance],
            factor=None if result.factor is None else result.factor.value,
            member=shown,
            reasons=tuple(reason(code, _SEEN) for code in result.reasons),
            stage_ms=dict(result.stage_ms),
            total_ms=result.total_ms,
            frame_to_member_ms=result.frame_to_member_ms,
            first_usable_ms=result.first_usable_ms,
            in_budget=result.in_budget,
            allowed=may_now(standing, policy),
            challenge=challenge(standing, policy),
            walked_up=result.walked_up,
        )

    def quote(
        self,
        priced: PricedBasket,
        till: UUID | None,
        member: UUID | None,
        earn: EarnRule | None,
    ) -> QuoteAnswered:
        """Return a priced basket, with the points it would bring."""
        names, english = _named(priced), self.english
        return QuoteAnswered(
            till=till,
            member_id=member,
            lines=tuple(_line(line, names, english) for line in priced.lines),
            shelf_fen=priced.shelf_fen,
            total_fen=priced.total_fen,
            saved_fen=priced.saved_fen,
            points_earned=self._points(priced, member, earn),
            status=priced.status,
            gap_fen=priced.gap_fen,
            applied=tuple(_applied(offer, english) for offer in priced.applied),
            rejected=tuple(_rejected(offer, english) for offer in priced.rejected),
            bundle_version=priced.bundle_version,
            due_fen=priced.due_fen,
        )

    def quoted(
        self, priced: Priced, till: UUID | None, member: UUID | None, refused: FaultCode | None
    ) -> QuoteAnswered:
        """Return a quote with why a price or a redemption is not given."""
        quote, why = priced.quote, priced.allowance.refused
        shown = self.quote(quote.priced, till, member, quote.earn)
        return shown.model_copy(
            update={
                "refused": None if refused is None else reason(refused),
                "fallback": None if quote.fallback is None else reason(quote.fallback),
                "redeem_refused": None if why is None else fault_reason(why),
            }
        )

    def sale(self, result: SaleResult, standing: Standing) -> SaleAnswered:
        """Return a finished sale; a buyer known by her number alone stays masked."""
        names, english = _named(result.priced), self.english
        return SaleAnswered(
            receipt_id=result.receipt_id,
            seq=result.seq,
            business_date=result.business_date,
            committed_ms=result.wall_ms,
            lines=tuple(_line(line, names, english) for line in result.priced.lines),
            shelf_fen=result.priced.shelf_fen,
            total_fen=result.priced.total_fen,
            saved_fen=result.priced.saved_fen,
            points_earned=result.points_earned,
            member=self._buyer(result.member_id, standing),
            status=result.priced.status,
            unmapped=result.unmapped,
            due_fen=result.priced.due_fen,
            points_redeemed=result.priced.points.points if result.priced.points else 0,
            points_fen=points_fen(result.priced),
            training=result.training,
            fallback=None if result.fallback is None else reason(result.fallback),
            refused=None if result.refused is None else fault_reason(result.refused),
            claim_token=None
            if result.member_id or result.training
            else self._claim(result.receipt_id),
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

    def _buyer(self, member_id: UUID | None, standing: Standing) -> BuyerView | None:
        held = None if member_id is None else self._replica.member(member_id)
        if held is None:
            return None
        name, tier = held.record.name, held.record.tier
        shown = mask_name(name) if standing.factor is Factor.PHONE_NUMBER else name
        return BuyerView(member_id=held.member_id, name=shown, tier=tier)

    def _points(self, priced: PricedBasket, member_id: UUID | None, earn: EarnRule | None) -> int:
        held = None if member_id is None else self._replica.member(member_id)
        if held is None:
            return 0
        wallet = UUID(bytes=held.record.wallet)
        paid = points_fen(priced)
        entity = self._shop.legal_entity
        postings = earn_postings(priced, earn, held.record.tier, wallet, entity, paid)
        return points_earned(postings)

    def _last(self, last: LastPurchase) -> LastPurchaseView:
        return LastPurchaseView(
            receipt_id=last.receipt_id,
            store=last.store,
            store_name=self._shop.store_name if last.store == self._shop.store else last.store_name,
            wall_ms=last.wall_ms,
            total_fen=last.total_fen,
            lines=tuple(BoughtView.model_validate(line) for line in last.lines),
        )


def frame(seen: EnrolFrame) -> FrameView:
    """Return what became of one picture."""
    return FrameView(
        ok=seen.ok,
        code=None if seen.code is None else seen.code.value,
        hint_zh=seen.hint_zh,
        hint_en=seen.hint_en,
    )


def face(plan: EnrolPlan) -> FaceAnswered:
    """Return how far the enrolment of a face came; whom she looks like stays unnamed."""
    return FaceAnswered(
        accepted=plan.accepted,
        frames=tuple(frame(seen) for seen in plan.frames),
        templates=len(plan.templates),
        enough=plan.enough,
        lookalike=None if plan.lookalike is None else reason(FaultCode.FACE_LOOKALIKE),
    )


def reason(code: FaultCode, fields: Mapping[str, object] | None = None) -> ReasonView:
    """Return a fault as a person reads it."""
    return fault_reason(Fault(code, **(fields or {})))


def fault_reason(fault: Fault) -> ReasonView:
    """Return a fault with its particulars as a person reads it."""
    return ReasonView(code=fault.code.value, zh=fault.text("zh"), en=fault.text("en"))


def may_now(standing: Standing | None, policy: TurnPolicy) -> tuple[str, ...]:
    """Return what may be done on a basket of any amount."""
    if standing is None:
        return ()
    return tuple(action.value for action in standing.may_now(policy, policy.above_fen + 1))


def challenge(standing: Standing | None, policy: TurnPolicy) -> ChallengeView | None:
    """Return what a turn of the head would add, if anything."""
    added = () if standing is None else standing.turn_would_allow(policy)
    if not added:
        return None
    above_fen = policy.above_fen if policy.when == "above_fen" else 0
    return ChallengeView(allows=tuple(action.value for action in added), above_fen=above_fen)


def _masked(member: MemberAnswered) -> MemberAnswered:
    """Whoever says a number need not be its owner: neither name nor habits."""
    hidden = {
        "name": mask_name(member.name),
        "tags": (),
        "worked": (),
        "calls": (),
        "last_purchase": None,
        "standing": None,
        "birthday_today": False,
        "gifts": (),
    }
    return member.model_copy(update=hidden)


def _named(priced: PricedBasket) -> dict[str, str]:
    return {offer.offer_id: offer.name for offer in priced.applied}


def _applied(offer: AppliedOffer, english: EnglishNames) -> AppliedView:
    return AppliedView(
        offer_id=offer.offer_id,
        name=offer.name,
        name_en=english.of(offer.name, offer.offer_id),
        fen_off=offer.fen_off,
        lines=offer.lines,
    )


def _rejected(offer: RejectedOffer, english: EnglishNames) -> RejectedView:
    return RejectedView(
        offer_id=offer.offer_id,
        name=offer.name,
        name_en=english.of(offer.name, offer.offer_id),
        reason=offer.reason.value,
    )


def _line(line: PricedLine, names: Mapping[str, str], english: EnglishNames) -> LineAnswered:
    return LineAnswered(
        line=line.line,
        sku=line.sku,
        name=line.name,
        qty_milli=line.qty_milli,
        shelf_fen=line.shelf_fen,
        net_fen=line.net_fen,
        offers=tuple(
            LineOffer(
                offer_id=offer,
                name=(name := names.get(offer, offer)),
                name_en=english.of(name, offer),
                fen_off=off,
            )
            for offer, off in line.offers
        ),
    )
