"""A member's view by id."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from edge_agent.api.dependencies import Deps, needs
from edge_agent.api.models.base import WhereOrHere
from edge_agent.api.models.identify import MemberHere
from edge_agent.api.principals import Principal, Scope
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

router = APIRouter(tags=["members"])


@router.get("/v1/members/{member_id}")
def member(
    member_id: UUID,
    deps: Deps,
    caller: Annotated[Principal, Depends(needs(Scope.MEMBER_READ))],
    lane: WhereOrHere = None,
) -> MemberHere:
    """Show a member this shop holds and how she is known here; her wallet by a sure factor."""
    place = deps.visits.place(lane, caller)
    view = deps.members.view(member_id)
    if view is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"member {member_id}")
    return deps.views.here(view, deps.visits.standing(place, member_id), deps.visits.policy)
