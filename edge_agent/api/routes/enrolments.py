"""Enrolling a member at the till."""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from edge_agent.api.counter import CARD_WAIT_MS
from edge_agent.api.dependencies import ApiDeps, Deps, Once, SignedIn, needs
from edge_agent.api.models.enrolments import (
    BirthdaySaid,
    CardAnswered,
    CardAsked,
    EnrolAnswered,
    EnrolAsked,
    FaceAnswered,
    FaceAsked,
)
from edge_agent.api.principals import Principal, Scope
from edge_agent.api.views import face
from edge_agent.domain.enrolment import EnrolCommand, Enrolled
from edge_agent.ports.arrays import UInt8s
from edge_agent.recognition.enrol import EnrolFrame, EnrolPlan
from edge_agent.services.journal.recorder import AnswerOf
from edge_agent.services.members.enrol import CardBound
from edge_agent.services.recognition.enrol_face import EnrolFace
from retail_core.errors import Fault
from retail_core.growth.birthdays import Birthday
from retail_core.texts.faults import FAULTS, FaultCode

router = APIRouter(tags=["enrolments"])
_BROKEN = EnrolFrame(
    ok=False,
    code=FaultCode.FACE_IMAGE_BROKEN,
    hint_zh=FAULTS[FaultCode.FACE_IMAGE_BROKEN].zh,
    hint_en=FAULTS[FaultCode.FACE_IMAGE_BROKEN].en,
)


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
        is_14_or_older=asked.is_14_or_older,
        birthday=_birthday(asked.birthday),
    )

    place = deps.visits.place(asked.lane, caller)

    def act(answer: AnswerOf[Enrolled]) -> Enrolled:
        deps.after.training.refuse(place.lane)
        enrolled = deps.enrol.execute(command, answer=answer)
        if enrolled.claim_code:
            link = (command.name, enrolled.claim_uri, enrolled.claim_expires_s)
            deps.counter.links(place, link)
        return enrolled

    return deps.once.run(once, act, EnrolAnswered.model_validate)


@router.post("/v1/enrolments/{member_id}/face", response_model=FaceAnswered)
def enrol_face(
    member_id: UUID,
    asked: FaceAsked,
    deps: Deps,
    once: Once,
    _operator: SignedIn,
    caller: Annotated[Principal, Depends(needs(Scope.ENROL))],
) -> Response:
    """Enrol a face from pictures or the camera; the screen coaches, no picture is kept."""
    place = deps.visits.place(asked.lane, caller)
    desk = deps.lanes[place.lane].enrol_face

    def act() -> EnrolPlan:
        deps.after.training.refuse(place.lane)
        if asked.from_camera is None:
            return enrol_pictures(deps, desk, member_id, asked.images)
        with deps.counter.coaching(place, asked.from_camera) as hear:
            plan = desk.from_camera(member_id, asked.from_camera, hear)
        deps.counter.coached(place, plan, asked.from_camera)
        return plan

    return deps.once.run_beside(once, act, face)


@router.post("/v1/enrolments/{member_id}/card", response_model=CardAnswered)
def bind_card(
    member_id: UUID,
    asked: CardAsked,
    deps: Deps,
    once: Once,
    operator: SignedIn,
    caller: Annotated[Principal, Depends(needs(Scope.ENROL))],
) -> Response:
    """Bind a card to the member: by the number printed on it, else by a tap within ten seconds."""
    place = deps.visits.place(asked.lane, caller)
    cards = deps.lanes[place.lane].cards

    def act(answer: AnswerOf[CardBound]) -> CardBound:
        deps.after.training.refuse(place.lane)
        by = operator.operator_id
        if asked.number:
            return deps.enrol.bind_number(member_id, asked.number, operator=by, answer=answer)
        uid = cards.read_uid(timeout_ms=once.deadline.share_ms(CARD_WAIT_MS))
        return deps.enrol.bind_card(member_id, uid, operator=by, answer=answer)

    return deps.once.run(once, act, CardAnswered.model_validate)


def enrol_pictures(
    deps: ApiDeps, desk: EnrolFace, member_id: UUID, images: Sequence[str]
) -> EnrolPlan:
    """Enrol from base64 pictures; one that cannot be opened is told in its place."""
    opened = [_opened(deps, image) for image in images]
    good = [picture for picture in opened if picture is not None]
    plan = desk.from_pictures(member_id, good)
    told = iter(plan.frames)
    return replace(plan, frames=tuple(_BROKEN if one is None else next(told) for one in opened))


def _opened(deps: ApiDeps, image: str) -> UInt8s | None:
    try:
        return deps.decode_picture(b64decode(image, validate=True))
    except ValueError:
        deps.tally.count(FaultCode.FACE_IMAGE_BROKEN)
    except Fault as fault:
        deps.tally.count(fault.code)
    return None


def _birthday(said: BirthdaySaid | None) -> Birthday | None:
    if said is None:
        return None
    return Birthday(said.calendar, said.month, said.day, said.leap)
