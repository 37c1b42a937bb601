"""A member's phone was lost or changed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from edge_agent.api.dependencies import Deps, Once, SignedIn, needs
from edge_agent.api.models.phones import PhoneAsked, PhoneLinkAnswered
from edge_agent.api.principals import Principal, Scope
from edge_agent.services.journal.recorder import AnswerOf
from edge_agent.services.members.reissue import PhoneLink

router = APIRouter(tags=["enrolments"])


@router.post("/v1/enrolments/{member_id}/phone", response_model=PhoneLinkAnswered)
def reissue(
    member_id: UUID,
    asked: PhoneAsked,
    deps: Deps,
    once: Once,
    operator: SignedIn,
    caller: Annotated[Principal, Depends(needs(Scope.ENROL))],
) -> Response:
    """Issue a link for her new phone, shown on the till screen as a code to scan."""
    place = deps.visits.place(asked.lane, caller)

    def act(answer: AnswerOf[PhoneLink]) -> PhoneLink:
        deps.after.training.refuse(place.lane)
        link = deps.reissue.execute(
            member_id, operator=operator.operator_id, till=caller.till, answer=answer
        )
        deps.counter.links(place, (link.name, link.claim_uri, link.claim_expires_s))
        return link

    return deps.once.run(once, act, PhoneLinkAnswered.model_validate)
