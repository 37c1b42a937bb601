"""Closing a sale."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from edge_agent.api.dependencies import ApiDeps, Deps, MaybeSignedIn, Once, needs
from edge_agent.api.models.sales import SaleAnswered, SaleAsked
from edge_agent.api.principals import Principal, Scope
from edge_agent.api.routes.quotes import asked_lines, trust_at
from edge_agent.domain.sale import SaleCommand, SaleResult
from edge_agent.services.journal.recorder import AnswerOf
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

router = APIRouter(tags=["sales"])


@router.post("/v1/sales", response_model=SaleAnswered)
def sell(
    asked: SaleAsked,
    deps: Deps,
    once: Once,
    operator: MaybeSignedIn,
    caller: Annotated[Principal, Depends(needs(Scope.SELL))],
) -> Response:
    """Close a sale: when this answers, it is on disk."""
    command = _command(asked, caller, None if operator is None else operator.operator_id)

    trust = trust_at(deps, deps.visits.at(command.till), command.member_id)
    shown: list[SaleAnswered] = []

    def show(result: SaleResult) -> SaleAnswered:
        shown.append(deps.views.sale(result, trust.standing))
        return shown[-1]

    def act(answer: AnswerOf[SaleResult]) -> SaleResult:
        deps.after.training.refuse(deps.visits.at(command.till).lane)
        result = deps.sales.execute(command, trust, answer=answer)
        _announce(deps, shown[-1], command)
        return result

    return deps.once.run(once, act, show)


def _command(asked: SaleAsked, caller: Principal, operator: UUID | None) -> SaleCommand:
    if caller.till is None:
        raise Fault(FaultCode.API_SCOPE_MISSING, scope=Scope.SELL.value)
    return SaleCommand(
        till=caller.till,
        till_receipt_no=asked.till_receipt_no,
        lines=asked_lines(asked.lines),
        tenders=tuple((tender.kind, tender.amount_fen) for tender in asked.tenders),
        member_id=asked.member_id,
        operator=operator,
        quoted_total_fen=asked.quoted_total_fen,
        points=asked.points,
        coupons=asked.coupons,
        basket_id=asked.basket_id,
    )


def _announce(deps: ApiDeps, sold: SaleAnswered, command: SaleCommand) -> None:
    deps.visits.over(command.till, command.member_id)
    told = {"till": command.till, **sold.model_dump(mode="json")}
    deps.hub.publish("sale", told, lane=deps.visits.at(command.till).lane)
