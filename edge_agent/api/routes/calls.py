"""What came of a call that a campaign asked a clerk to make."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from edge_agent.api.basket_desk import Clerk
from edge_agent.api.dependencies import Deps, Once
from edge_agent.api.models.members import CallAnsweredView, CallAsked
from edge_agent.api.routes.baskets import clerk_of
from edge_agent.services.counter.calls import CallAnswering, CallKept
from edge_agent.services.journal.recorder import AnswerOf
from retail_core.errors import Fault
from retail_core.identity.assurance import Action
from retail_core.texts.faults import FaultCode

router = APIRouter(tags=["members"])


@router.post("/v1/members/{member_id}/calls/{call_id}", response_model=CallAnsweredView)
def answer_call(
    member_id: UUID,
    call_id: UUID,
    asked: CallAsked,
    deps: Deps,
    once: Once,
    clerk: Annotated[Clerk, Depends(clerk_of)],
) -> Response:
    """Say what came of a call while she stands here; it is over in this shop when this answers.

    Works without the cloud; the other shops hear of it once it has travelled.
    """
    place = clerk.place

    def act(answer: AnswerOf[CallKept]) -> CallKept:
        deps.after.training.refuse(place.lane)
        if not deps.visits.may(place, member_id, Action.SEE_WALLET, 0):
            raise Fault(FaultCode.CALL_PROOF_NEEDED)
        answering = CallAnswering(call_id, member_id, asked.outcome, place.till, clerk.operator)
        return deps.growth.calls.execute(answering, answer)

    return deps.once.run(once, act, _kept)


def _kept(kept: CallKept) -> CallAnsweredView:
    return CallAnsweredView.model_validate(
        {
            "call_id": kept.call,
            "member_id": kept.member,
            "outcome": kept.outcome,
            "seq": kept.seq,
            "committed_ms": kept.wall_ms,
        }
    )
