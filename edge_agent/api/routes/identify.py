"""Recognising the customer."""

from typing import Annotated

from fastapi import APIRouter, Depends

from edge_agent.api.dependencies import Deps, needs
from edge_agent.api.models.identify import (
    CodeAsked,
    IdentifyAnswered,
    IdentifyAsked,
    PhoneAsked,
    TurnAnswered,
    TurnAsked,
    TurnCancelled,
)
from edge_agent.api.principals import Principal, Scope
from retail_core.identity.assurance import Factor
from retail_core.limits import IDENTIFY_HARD_MS

router = APIRouter(tags=["identify"])
Caller = Annotated[Principal, Depends(needs(Scope.IDENTIFY))]


@router.post("/v1/identify")
def identify(asked: IdentifyAsked, deps: Deps, caller: Caller) -> IdentifyAnswered:
    """Race face, member code and card; the surest result in time wins."""
    till = deps.visits.till_of(asked.lane, caller)
    deadline_ms = asked.deadline_ms or IDENTIFY_HARD_MS
    deps.counter.armed(deadline_ms)
    result = deps.identify.identify(asked.factors, deadline_ms)
    return deps.counter.recognised(result, till)


@router.post("/v1/identify/phone")
def identify_by_phone(asked: PhoneAsked, deps: Deps, caller: Caller) -> IdentifyAnswered:
    """Look a phone number up; a masked member is shown, and look-ups are rated."""
    till = deps.visits.till_of(asked.lane, caller)
    deps.rate.take(caller.key)
    found = deps.members.find_phone(asked.phone)
    return deps.counter.recognised(deps.identify.vouched(found.held, Factor.PHONE_NUMBER), till)


@router.post("/v1/identify/code")
def identify_by_code(asked: CodeAsked, deps: Deps, caller: Caller) -> IdentifyAnswered:
    """Check a member code that a hand scanner read."""
    till = deps.visits.till_of(asked.lane, caller)
    return deps.counter.recognised(deps.identify.code(asked.text), till)


@router.post("/v1/identify/turn")
def turn(asked: TurnAsked, deps: Deps, caller: Caller) -> TurnAnswered:
    """Ask who was recognised by the face to turn the head; `challenge` events say what to do."""
    return deps.turns.run(deps.visits.till_of(asked.lane, caller))


@router.post("/v1/identify/turn/cancel")
def cancel_turn(_asked: TurnAsked, deps: Deps, _caller: Caller) -> TurnCancelled:
    """End the challenge under way."""
    return TurnCancelled(cancelled=deps.turns.cancel())
