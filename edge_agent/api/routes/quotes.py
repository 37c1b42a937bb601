"""What a basket costs; nothing is booked."""

from typing import Annotated

from fastapi import APIRouter, Depends

from edge_agent.api.dependencies import Deps, needs
from edge_agent.api.models.sales import LineAsked, QuoteAnswered, QuoteAsked
from edge_agent.api.principals import Principal, Scope
from edge_agent.domain.sale import AskedLine

router = APIRouter(tags=["sales"])


@router.post("/v1/quotes")
def quote(
    asked: QuoteAsked, deps: Deps, caller: Annotated[Principal, Depends(needs(Scope.QUOTE))]
) -> QuoteAnswered:
    """Price a basket for a member or nobody; the till screen shows it at once."""
    priced = deps.sales.quote(asked_lines(asked.lines), asked.member_id)
    answer = deps.views.quote(priced, caller.till, asked.member_id)
    deps.hub.publish("basket", answer.model_dump(mode="json"))
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
