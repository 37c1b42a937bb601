"""Receipts after the sale: found, printed again, and given a code to be claimed later."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from edge_agent.api.dependencies import Deps, needs
from edge_agent.api.models.receipts import (
    ClaimLinkAnswered,
    ClaimLinkAsked,
    ReceiptAnswered,
    ReceiptsAnswered,
)
from edge_agent.api.principals import Principal, Scope
from edge_agent.domain.receipts import ReceiptSearch
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

router = APIRouter(tags=["receipts"])
_DAY = r"^(19|20)\d{6}$"


@router.get("/v1/receipts")
def receipts(  # one argument for each thing that may be asked
    deps: Deps,
    _caller: Annotated[Principal, Depends(needs(Scope.RECEIPTS))],
    till: UUID | None = None,
    day: Annotated[str | None, Query(pattern=_DAY, examples=["20260731"])] = None,
    no: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
    member: UUID | None = None,
    *,
    elsewhere: bool = False,
) -> ReceiptsAnswered:
    """List this box's last receipts; with `elsewhere`, other shops' of a day with a number."""
    views = deps.after.views
    date = None if day is None else int(day)
    if elsewhere:
        if no is None or date is None:
            raise Fault(FaultCode.API_BODY_INVALID, detail="no, day")
        found = deps.after.receipts.elsewhere(no, date)
        return ReceiptsAnswered(receipts=tuple(views.other(one) for one in found))
    rows = deps.after.receipts.last(ReceiptSearch(till, date, no, member))
    return ReceiptsAnswered(receipts=tuple(views.row(row) for row in rows))


@router.get("/v1/receipts/{receipt_id}")
def receipt(
    receipt_id: UUID, deps: Deps, _caller: Annotated[Principal, Depends(needs(Scope.RECEIPTS))]
) -> ReceiptAnswered:
    """Return a receipt with every refund of it, whichever shop made one."""
    held = deps.after.receipts.find(receipt_id)
    return deps.after.views.receipt(held, deps.after.reprints.count(receipt_id))


@router.post("/v1/receipts/{receipt_id}/reprint")
def reprint(
    receipt_id: UUID,
    _asked: ClaimLinkAsked,
    deps: Deps,
    _caller: Annotated[Principal, Depends(needs(Scope.RECEIPTS))],
) -> ReceiptAnswered:
    """Return a receipt to be printed again, and count the copy."""
    held = deps.after.receipts.find(receipt_id)
    return deps.after.views.receipt(held, deps.after.reprints.printed(receipt_id))


@router.post("/v1/receipts/{receipt_id}/claim-link")
def claim_link(
    receipt_id: UUID,
    _asked: ClaimLinkAsked,
    deps: Deps,
    _caller: Annotated[Principal, Depends(needs(Scope.RECEIPTS))],
) -> ClaimLinkAnswered:
    """Return the code that lets a customer claim a sale without a member; always the same one."""
    return ClaimLinkAnswered.model_validate(deps.after.claims.link(receipt_id))
