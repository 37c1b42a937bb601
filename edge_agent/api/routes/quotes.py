"""What a basket costs; nothing is booked."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from edge_agent.api.dependencies import ApiDeps, Deps, needs
from edge_agent.api.models.sales import LineAsked, QuoteAnswered, QuoteAsked
from edge_agent.api.principals import Principal, Scope
from edge_agent.domain.basket import NO_WISH, Wish
from edge_agent.domain.lanes import Place
from edge_agent.domain.sale import AskedLine
from edge_agent.services.counter.redeeming import Trust
from retail_core.identity.assurance import NAMED_BY_TILL, Action
from retail_core.texts.faults import FaultCode

router = APIRouter(tags=["sales"])


@router.post("/v1/quotes")
def quote(
    asked: QuoteAsked, deps: Deps, caller: Annotated[Principal, Depends(needs(Scope.QUOTE))]
) -> QuoteAnswered:
    """Price a basket for a member or nobody; the till screen shows it at once.

    Without her member price where she was known by the face alone and has yet to turn her head.
    """
    place = deps.visits.place(None, caller)
    lines, member = asked_lines(asked.lines), asked.member_id
    wish, trust = Wish(asked.points, asked.coupons), trust_at(deps, place, member)
    opened = deps.sales.openings.of(caller.till, asked.basket_id)
    quoted, refused = deps.sales.quoted(lines, member, wish, trust, opened), None
    if not trust.may(Action.MEMBER_PRICE, quoted.quote.priced.total_fen):
        quoted, member = deps.sales.quoted(lines, None, NO_WISH, trust, opened), None
        refused = FaultCode.FACE_TURN_NEEDED
    answer = deps.views.quoted(quoted, caller.till, member, refused)
    deps.hub.publish("basket", answer.model_dump(mode="json"), lane=place.lane)
    return answer


def trust_at(deps: ApiDeps, place: Place, member: UUID | None) -> Trust:
    """Return how surely a member was recognised at a place."""
    standing = NAMED_BY_TILL if member is None else deps.visits.standing(place, member)
    return Trust(standing, deps.visits.policy)


def asked_lines(lines: tuple[LineAsked, ...]) -> tuple[AskedLine, ...]:
    """Translate what a till sent for the service."""
    return tuple(
        AskedLine(
            sku=line.sku or "",
            barcode=line.barcode or "",
            qty_milli=line.quantity_milli,
            unit_price_fen=line.unit_price_fen,
            name=line.name or "",
        )
        for line in lines
    )
