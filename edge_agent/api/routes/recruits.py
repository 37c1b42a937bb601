"""Recruiting: a phone number finds a member or makes one; a code by SMS lets her spend."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from edge_agent.api.agreeing import show_consent, text_of
from edge_agent.api.dependencies import ApiDeps, Deps, MaybeSignedIn, Once, needs
from edge_agent.api.models.identify import IdentifyAnswered
from edge_agent.api.models.members import MemberAnswered
from edge_agent.api.models.recruits import (
    RecruitAnswered,
    RecruitAsked,
    SmsAnswered,
    SmsAsked,
    SmsTried,
)
from edge_agent.api.principals import Principal, Scope
from edge_agent.domain.enrolment import MEMBERSHIP
from edge_agent.domain.lanes import Place
from edge_agent.domain.recruiting import ConsentSaid, RecruitCommand, Recruited, said
from edge_agent.ports.replica import HeldMember
from edge_agent.services.journal.recorder import AnswerOf
from edge_agent.services.recognition.identify import vouched
from retail_core.identity.assurance import NAMED_BY_TILL, Factor

router = APIRouter(tags=["recruits"])


@router.post("/v1/recruits", response_model=RecruitAnswered)
def recruit(
    asked: RecruitAsked,
    deps: Deps,
    once: Once,
    operator: MaybeSignedIn,
    caller: Annotated[Principal, Depends(needs(Scope.ENROL))],
) -> Response:
    """Find the member with this number, or create her with her consent; look-ups are rated.

    Creating needs a signed-in operator, who is the recruiter. `consent` events show the text on
    the lane's screens.
    """
    place = deps.visits.place(asked.lane, caller)
    deps.rate.take(caller.key)
    agreed = asked.consent
    command = RecruitCommand(
        phone=asked.phone,
        name=asked.name,
        language=asked.language,
        declared=asked.declared,
        consent=None if agreed is None else ConsentSaid(agreed.text_version, agreed.given),
        operator=None if operator is None else operator.operator_id,
        till=caller.till,
    )

    def act(answer: AnswerOf[Recruited]) -> Recruited:
        if agreed is not None and agreed.given:
            deps.after.training.refuse(place.lane)
        result = deps.recruiting.recruit.execute(command, answer=answer)
        _tell(deps, place, asked, result)
        return result

    return deps.once.run(once, act, lambda result: _answered(deps, place, result))


@router.post("/v1/members/{member_id}/sms", response_model=SmsAnswered)
def send_code(
    member_id: UUID,
    asked: SmsAsked,
    deps: Deps,
    once: Once,
    caller: Annotated[Principal, Depends(needs(Scope.IDENTIFY))],
) -> Response:
    """Send her a six-digit code through the cloud; without a line the answer says so in words."""
    place = deps.visits.place(asked.lane, caller)

    def act() -> int:
        return deps.recruiting.sms.send(place.lane, member_id, asked.phone, asked.language)

    def view(expires_s: int) -> SmsAnswered:
        shown = deps.members.view(member_id)
        return SmsAnswered(
            member_id=member_id,
            phone_masked="" if shown is None else shown.phone_masked,
            expires_s=expires_s,
            lane=place.lane,
        )

    return deps.once.run_beside(once, act, view)


@router.post("/v1/members/{member_id}/sms/verify", response_model=IdentifyAnswered)
def verify_code(
    member_id: UUID,
    asked: SmsTried,
    deps: Deps,
    once: Once,
    caller: Annotated[Principal, Depends(needs(Scope.IDENTIFY))],
) -> Response:
    """Check the code she reads out: a right one lets her spend at this lane, for this visit."""
    place = deps.visits.place(asked.lane, caller)

    def act() -> IdentifyAnswered:
        held = deps.recruiting.sms.check(place.lane, member_id, asked.code)
        return deps.counter.recognised(vouched(held, Factor.SMS_CODE), place)

    return deps.once.run_beside(once, act, lambda answered: answered)


def _tell(deps: ApiDeps, place: Place, asked: RecruitAsked, result: Recruited) -> None:
    """Show the lane's screens what to read, or who stands there."""
    if result.member_id is None or result.record is None:
        refused = asked.consent is not None and not asked.consent.given
        state: Literal["asked", "refused"] = "refused" if refused else "asked"
        show_consent(deps, place, MEMBERSHIP, result.phone_masked, state)
        return
    if result.enrolled is not None:
        show_consent(deps, place, MEMBERSHIP, result.phone_masked, "given")
        made = result.enrolled
        deps.counter.links(place, (result.record.name, made.claim_uri, made.claim_expires_s))
    deps.recruiting.sms.typed(place.lane, result.member_id, asked.phone)
    held = HeldMember(result.member_id, result.ver, result.record)
    deps.counter.recognised(vouched(held, Factor.PHONE_NUMBER), place)


def _answered(deps: ApiDeps, place: Place, result: Recruited) -> RecruitAnswered:
    zh, en = said(result.outcome, result.gift)
    known = result.member_id is not None and result.record is not None
    return RecruitAnswered(
        outcome=result.outcome,
        member_id=result.member_id,
        member=_masked(deps, result),
        phone_masked=result.phone_masked,
        assurance="low" if known else "none",
        welcome_gift=result.gift,
        consent=None if known else text_of(MEMBERSHIP),
        lane=place.lane,
        text_zh=zh,
        text_en=en,
    )


def _masked(deps: ApiDeps, result: Recruited) -> MemberAnswered | None:
    if result.member_id is None or result.record is None:
        return None
    held = HeldMember(result.member_id, result.ver, result.record)
    return deps.views.member(deps.members.show(held), NAMED_BY_TILL)
