"""Enrolling a member at the till."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from edge_agent.api.dependencies import Deps, Once, SignedIn, needs
from edge_agent.api.models.enrolments import EnrolAnswered, EnrolAsked
from edge_agent.api.principals import Principal, Scope
from edge_agent.domain.enrolment import EnrolCommand, Enrolled
from edge_agent.services.recorder import AnswerOf

router = APIRouter(tags=["enrolments"])


@router.post("/v1/enrolments", response_model=EnrolAnswered)
def enrol(
    asked: EnrolAsked,
    deps: Deps,
    once: Once,
    operator: SignedIn,
    caller: Annotated[Principal, Depends(needs(Scope.ENROL))],
) -> Response:
    """Enrol a member with her consents; someone with this phone number is returned instead."""
    command = EnrolCommand(
        name=asked.name,
        phone=asked.phone,
        language=asked.language,
        consents=asked.consents,
        declared_tags=asked.declared_tags,
        operator=operator.operator_id,
        till=caller.till,
    )

    def act(answer: AnswerOf[Enrolled]) -> Enrolled:
        return deps.enrol.execute(command, answer=answer)

    return deps.once.run(once, act, EnrolAnswered.model_validate)
