"""Clerks practise at a lane: nothing rung up there is booked."""

from typing import Annotated

from fastapi import APIRouter, Depends

from edge_agent.api.dependencies import Deps, SignedIn, needs
from edge_agent.api.hub import WHOLE_SHOP
from edge_agent.api.models.base import WhereOrHere
from edge_agent.api.models.receipts import TrainingAnswered, TrainingAsked
from edge_agent.api.principals import Principal, Scope
from edge_agent.services.counter.training import Training

router = APIRouter(tags=["operators"])


@router.get("/v1/training")
def state(
    deps: Deps,
    caller: Annotated[Principal, Depends(needs(Scope.OPERATE))],
    lane: WhereOrHere = None,
) -> TrainingAnswered:
    """Tell whether a lane practises."""
    here = deps.visits.place(lane, caller).lane
    return _shown(here, deps.after.training.at(here))


@router.put("/v1/training")
def switch(
    asked: TrainingAsked,
    deps: Deps,
    operator: SignedIn,
    caller: Annotated[Principal, Depends(needs(Scope.OPERATE))],
) -> TrainingAnswered:
    """Begin or end a lesson; it ends by itself with the business day, not with a restart."""
    here = deps.visits.place(asked.lane, caller).lane
    found = deps.after.training.switch(here, operator.operator_id, operator.role, on=asked.on)
    shown = _shown(here, found)
    deps.hub.publish("training", shown.model_dump(mode="json"), lane=here)
    deps.hub.publish("health", deps.wellbeing.view().model_dump(mode="json"), lane=WHOLE_SHOP)
    return shown


def _shown(lane: str, training: Training | None) -> TrainingAnswered:
    if training is None:
        return TrainingAnswered(lane=lane, on=False)
    return TrainingAnswered(
        lane=lane, on=True, since_ms=training.since_ms, operator=training.operator
    )
