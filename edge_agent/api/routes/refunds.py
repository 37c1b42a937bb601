"""Goods that come back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from edge_agent.api.dependencies import ApiDeps, Deps, MaybeSignedIn, Once, needs
from edge_agent.api.models.receipts import (
    RefundAnswered,
    RefundAsked,
    RefundQuoteAsked,
    RefundQuoted,
)
from edge_agent.api.principals import Principal, Scope
from edge_agent.api.receipt_views import quoted, refunded
from edge_agent.domain.receipts import ReceiptSearch
from edge_agent.domain.refunding import RefundCommand, RefundResult
from edge_agent.services.journal.recorder import AnswerOf
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

router = APIRouter(tags=["refunds"])


@router.post("/v1/refunds/quote")
def quote(
    asked: RefundQuoteAsked,
    deps: Deps,
    caller: Annotated[Principal, Depends(needs(Scope.REFUND))],
) -> RefundQuoted:
    """Say what a refund would come to; nothing is booked."""
    till = deps.visits.sells_at(deps.visits.place(asked.lane, caller))
    command = _command(deps, asked, till)
    return quoted(command.receipt_id, deps.after.refunds.quote(command))


@router.post("/v1/refunds", response_model=RefundAnswered)
def refund(
    asked: RefundAsked,
    deps: Deps,
    once: Once,
    operator: MaybeSignedIn,
    caller: Annotated[Principal, Depends(needs(Scope.REFUND))],
) -> Response:
    """Take goods back: when this answers, it is on disk. At a screen a clerk is signed in."""
    if caller.till is None and operator is None:
        raise Fault(FaultCode.API_OPERATOR_NEEDED)
    place = deps.visits.place(asked.lane, caller)
    till = deps.visits.sells_at(place)
    shown: list[RefundAnswered] = []
    of: list[UUID] = []

    def show(result: RefundResult) -> RefundAnswered:
        shown.append(refunded(of[-1], result))
        return shown[-1]

    def act(answer: AnswerOf[RefundResult]) -> RefundResult:
        deps.after.training.refuse(place.lane)
        command = _command(deps, asked, till, None if operator is None else operator.operator_id)
        of.append(command.receipt_id)
        result = deps.after.refunds.execute(command, answer=answer)
        told = {"till": till, **shown[-1].model_dump(mode="json")}
        deps.hub.publish("refund", told, lane=place.lane)
        return result

    return deps.once.run(once, act, show)


def _command(
    deps: ApiDeps,
    asked: RefundQuoteAsked | RefundAsked,
    till: UUID,
    operator: UUID | None = None,
) -> RefundCommand:
    final = asked if isinstance(asked, RefundAsked) else None
    return RefundCommand(
        till=till,
        till_receipt_no="" if final is None else final.refund_no,
        receipt_id=_receipt(deps, asked),
        lines=tuple((one.line, one.qty_milli) for one in asked.lines),
        tenders=() if final is None else tuple((one.kind, one.amount_fen) for one in final.tenders),
        reason="" if final is None else final.reason,
        repriced=asked.repriced,
        operator=operator,
    )


def _receipt(deps: ApiDeps, asked: RefundQuoteAsked) -> UUID:
    """Return the receipt meant; a number has to name exactly one of this box."""
    if asked.receipt_id is not None:
        return asked.receipt_id
    number = asked.till_receipt_no
    if number is None:
        raise Fault(FaultCode.API_BODY_INVALID, detail="receipt_id")
    search = ReceiptSearch(day=asked.business_date, number=number)
    rows = deps.after.receipts.last(search)
    if len(rows) > 1:
        raise Fault(FaultCode.API_BODY_INVALID, detail=f"{number}: {len(rows)} receipts")
    if not rows:
        raise Fault(FaultCode.REFUND_RECEIPT_UNKNOWN, receipt=number)
    return rows[0].receipt_id
