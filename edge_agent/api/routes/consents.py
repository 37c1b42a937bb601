"""A member's consents at the till: shown, given, taken back; a withdrawal has erased on return."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from edge_agent.api.dependencies import Deps, Once, SignedIn, needs
from edge_agent.api.models.consents import ConsentAsked, ConsentsAnswered, WordView
from edge_agent.api.principals import Principal, Scope
from edge_agent.domain.consents import CONSENT_TEXTS, Consent, age_word
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
    return ConsentsAnswered(
        member_id=member_id,
        words=tuple(map(_view, deps.consents.words(member_id))),
        face_held=deps.consents.holds(member_id),
        texts=CONSENT_TEXTS,
    )


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
    if deps.members.view(member_id) is None:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"member {member_id}")
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
        return deps.consents.say(word, answer=answer)

    return deps.once.run(once, act, _view)


@router.get("/v1/members/{member_id}/export")
def export(member_id: UUID, deps: Deps, _operator: SignedIn, _caller: MayEnrol) -> dict[str, Any]:
    """Return everything this box holds of a member, for her; no template, only that it exists."""
    return dict(deps.export.collect(member_id))


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
