"""What this shop has booked."""

from typing import Annotated

from fastapi import APIRouter, Depends

from edge_agent.api.dependencies import Deps, needs
from edge_agent.api.models.base import WhereOrHere
from edge_agent.api.models.books import LedgerAnswered, TappedAnswered
from edge_agent.api.principals import Principal, Scope

router = APIRouter(tags=["books"])


@router.get("/v1/ledger")
def ledger(
    deps: Deps, _caller: Annotated[Principal, Depends(needs(Scope.LEDGER))]
) -> LedgerAnswered:
    """List every receipt the journal still keeps, to compare with the cloud's books."""
    return LedgerAnswered.model_validate(deps.ledger())


@router.get("/v1/receipts/tapped")
def tapped(
    deps: Deps,
    caller: Annotated[Principal, Depends(needs(Scope.RECEIPTS))],
    lane: WhereOrHere = None,
) -> TappedAnswered:
    """List a lane's last printed receipts, newest first, and printed names nobody has mapped."""
    here = deps.visits.place(lane, caller).lane
    receipts = tuple(
        deps.views.tapped(booking)
        for booking in deps.tapped.last()
        if deps.visits.is_at(booking.till, here)
    )
    unmapped = dict.fromkeys(name for receipt in receipts for name in receipt.unmapped)
    return TappedAnswered(receipts=receipts, unmapped=tuple(unmapped))
