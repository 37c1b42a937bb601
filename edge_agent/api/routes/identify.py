"""Recognising the customer."""

from typing import Annotated

from fastapi import APIRouter, Depends

from edge_agent.api.dependencies import Budget, Deps, needs
from edge_agent.api.models.base import WhereOrHere
from edge_agent.api.models.identify import (
    CodeAsked,
    IdentifyAnswered,
    IdentifyAsked,
    PhoneAsked,
    TurnAnswered,
    TurnAsked,
    TurnCancelled,
    VisitEnded,
)
from edge_agent.api.principals import Principal, Scope
from edge_agent.services.recognition.identify import vouched
from retail_core.identity.assurance import Factor
from retail_core.identity.card_number import may_be_card_number
from retail_core.limits import IDENTIFY_HARD_MS
from retail_core.texts.faults import FaultCode

router = APIRouter(tags=["identify"])
Caller = Annotated[Principal, Depends(needs(Scope.IDENTIFY))]


@router.post("/v1/identify")
def identify(asked: IdentifyAsked, deps: Deps, caller: Caller, budget: Budget) -> IdentifyAnswered:
    """Race the lane's face, member code and card readers; the surest result in time wins."""
    place = deps.visits.place(asked.lane, caller)
    deadline_ms = budget.share_ms(asked.deadline_ms or IDENTIFY_HARD_MS)
    deps.counter.armed(place, deadline_ms)
    result = deps.lanes[place.lane].identify.identify(asked.factors, deadline_ms)
    return deps.counter.recognised(result, place)


@router.post("/v1/identify/phone")
def identify_by_phone(asked: PhoneAsked, deps: Deps, caller: Caller) -> IdentifyAnswered:
    """Look a phone number up; a masked member is shown, and look-ups are rated."""
    place = deps.visits.place(asked.lane, caller)
    deps.rate.take(caller.key)
    found = deps.members.find_phone(asked.phone)
    return deps.counter.recognised(vouched(found.held, Factor.PHONE_NUMBER), place)


@router.post("/v1/identify/code")
def identify_by_code(asked: CodeAsked, deps: Deps, caller: Caller) -> IdentifyAnswered:
    """Check what a hand scanner read: a member code, else the number on a card of the house.

    A number on a card can be copied: it finds her and never spends; such look-ups are rated.
    """
    place = deps.visits.place(asked.lane, caller)
    result = deps.lanes[place.lane].identify.code(asked.text)
    if FaultCode.QR_FOREIGN in result.reasons and may_be_card_number(asked.text):
        deps.rate.take(caller.key)
        held = deps.members.find_card(asked.text.encode()).held
        result = result if held is None else vouched(held, Factor.STATIC_QR)
    return deps.counter.recognised(result, place)


@router.post("/v1/identify/turn")
def turn(asked: TurnAsked, deps: Deps, caller: Caller) -> TurnAnswered:
    """Ask who was recognised by the face to turn the head; `challenge` events say what to do."""
    return deps.turns.run(deps.visits.place(asked.lane, caller))


@router.post("/v1/identify/turn/cancel")
def cancel_turn(asked: TurnAsked, deps: Deps, caller: Caller) -> TurnCancelled:
    """End the challenge under way at this lane."""
    return TurnCancelled(cancelled=deps.turns.cancel(deps.visits.place(asked.lane, caller)))


@router.delete("/v1/visits")
def end_visit(deps: Deps, caller: Caller, lane: WhereOrHere = None) -> VisitEnded:
    """End the visit of who stands here: what she proved counts no longer for whoever comes next."""
    place = deps.visits.place(lane, caller)
    deps.turns.cancel(place)
    left = VisitEnded(ended=deps.visits.leave(place))
    # Also when nobody stood there: a display that shows somebody still is to forget her.
    deps.hub.publish("visit", left.model_dump(), lane=place.lane)
    return left
