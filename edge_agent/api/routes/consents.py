"""A member's consents at the till: shown, given, taken back; a withdrawal has erased on return."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from edge_agent.api.agreeing import show_consent, text_of
from edge_agent.api.dependencies import ApiDeps, Deps, Once, SignedIn, needs
from edge_agent.api.models.consents import (
    ConsentAsked,
    ConsentsAnswered,
    ConsentShownAnswered,
    ConsentShownAsked,
    WordView,
)
from edge_agent.api.principals import Principal, Scope
from edge_agent.domain.consents import CONSENT_TEXTS, FACE_WALK_UP, Consent, age_word, standing
from edge_agent.services.journal.recorder import AnswerOf
from edge_agent.services.recognition.consents import Word
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

router = APIRouter(tags=["consents"])
CHANNEL = "till"
MayEnrol = Annotated[Principal, Depends(needs(Scope.ENROL))]


@router.get("/v1/members/{member_id}/consents")
def consents(member_id: UUID, deps: Deps, _caller: MayEnrol) -> ConsentsAnswered:
    """Show what a member said here, and the texts as they stand now."""
    words, held = deps.consents.words(member_id), deps.consents.holds(member_id)
    walks_up = member_id in deps.consents.may_walk_up() if held else None
    return ConsentsAnswered(
        member_id=member_id,
        words=tuple(map(_view, words)),
        face_held=held,
        standing=standing(words, walks_up=walks_up),
        offered=deps.leave.offered(),
        texts=CONSENT_TEXTS,
    )


@router.post("/v1/members/{member_id}/consents/ask", response_model=ConsentShownAnswered)
def ask(
    member_id: UUID,
    asked: ConsentShownAsked,
    deps: Deps,
    once: Once,
    _operator: SignedIn,
    caller: MayEnrol,
) -> Response:
    """Show the customer, on the screens of her counter, what she is asked to agree to."""
    masked = _masked(deps, member_id)
    offered = deps.leave.offered()
    if not offered:
        raise Fault(FaultCode.FACE_DISABLED)
    if asked.kind == FACE_WALK_UP and FACE_WALK_UP not in offered:
        raise Fault(FaultCode.FACE_WALK_UP_NOT_LET)
    place = deps.visits.place(asked.lane, caller)

    def act() -> ConsentShownAnswered:
        deps.after.training.refuse(place.lane)
        show_consent(deps, place, asked.kind, masked, "asked")
        return ConsentShownAnswered(kind=asked.kind, **text_of(asked.kind).model_dump())

    return deps.once.run_beside(once, act, lambda shown: shown)


@router.post("/v1/members/{member_id}/consents", response_model=WordView)
def say(
    member_id: UUID,
    asked: ConsentAsked,
    deps: Deps,
    once: Once,
    operator: SignedIn,
    caller: MayEnrol,
) -> Response:
    """Record one word; a withdrawn face is erased here before this answers."""
    masked = _masked(deps, member_id)
    place = deps.visits.place(asked.lane, caller)
    word = Word(
        member_id=member_id,
        kind=asked.kind,
        given=asked.given,
        language=asked.language,
        channel=CHANNEL,
        age=age_word(asked.is_14_or_older),
        operator=operator.operator_id,
        till=caller.till,
    )

    def act(answer: AnswerOf[Consent]) -> Consent:
        said = deps.consents.say(word, answer=answer)
        show_consent(deps, place, asked.kind, masked, "given" if asked.given else "refused")
        return said

    return deps.once.run(once, act, _view)


@router.get("/v1/members/{member_id}/export")
def export(member_id: UUID, deps: Deps, _operator: SignedIn, _caller: MayEnrol) -> dict[str, Any]:
    """Return everything this box holds of a member, for her; no template, only that it exists."""
    return dict(deps.export.collect(member_id))


def _masked(deps: ApiDeps, member_id: UUID) -> str:
    """Return her number as it is shown. Fault API_NOT_FOUND."""
    shown = deps.members.view(member_id)
    if shown is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"member {member_id}")
    return shown.phone_masked


def _view(consent: Consent) -> WordView:
    return WordView(
        consent_id=consent.consent_id,
        kind=consent.kind,
        given=consent.given,
        text_version=consent.text_version,
        text_hash=consent.text_hash.hex(),
        language=consent.language,
        channel=consent.channel,
        wall_ms=consent.wall_ms,
        age=consent.age,
    )
