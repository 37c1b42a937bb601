"""What a basket costs; nothing is booked."""

from typing import Annotated

from fastapi import APIRouter, Depends

from edge_agent.api.dependencies import Deps, needs
from edge_agent.api.models.sales import LineAsked, QuoteAnswered, QuoteAsked
from edge_agent.api.principals import Principal, Scope
from edge_agent.api.views import reason
from edge_agent.domain.sale import AskedLine
from retail_core.identity.assurance import Action
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
    priced, refused = deps.sales.quote(lines, member), None
    if member is not None and not deps.visits.may(
        place, member, Action.MEMBER_PRICE, priced.total_fen
    ):
        priced, member = deps.sales.quote(lines, None), None
        refused = reason(FaultCode.FACE_TURN_NEEDED)
    answer = deps.views.quote(priced, caller.till, member).model_copy(update={"refused": refused})
    deps.hub.publish("basket", answer.model_dump(mode="json"), lane=place.lane)
    return answer


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
