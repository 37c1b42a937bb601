"""The technician's view of shadow mode: scores, failures, and a word of hers for a while."""

from uuid import UUID

from fastapi import APIRouter

from edge_agent.api.agreement_views import agreement_view, till_view
from edge_agent.api.dependencies import Deps
from edge_agent.api.models.agreement import AgreementAnswered, OverrideAsked, TillAgreementView
from edge_agent.api.routes.pairing import InCharge
from edge_agent.api.routes.tech import MayInspect

router = APIRouter(tags=["tech"])


@router.get("/v1/tech/agreement")
def agreement(deps: Deps, _caller: MayInspect) -> AgreementAnswered:
    """List the tills whose receipts are compared, what may be written, and what differed."""
    return agreement_view(deps.permit, _names(deps))


@router.post("/v1/tech/agreement/{till}/overrides")
def override(
    till: UUID, asked: OverrideAsked, deps: Deps, by: InCharge, _caller: MayInspect
) -> TillAgreementView:
    """Let a technician's word stand for the score for a while; HQ hears who said it."""
    deps.permit.override(
        till, asked.channel, by.operator_id, allow=asked.allow, minutes=asked.minutes
    )
    return till_view(deps.permit, till, _names(deps).get(till, str(till)))


def _names(deps: Deps) -> dict[UUID, str]:
    return {one.till: one.name for one in deps.tech.tills}
