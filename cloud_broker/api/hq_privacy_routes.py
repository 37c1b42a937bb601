"""Leaving, exporting and equal treatment for HQ's programs."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.domain.equal_treatment import as_values
from cloud_broker.ports.privacy import Leaving
from cloud_broker.services.access.overview import HqIdentity
from retail_core.identity.erasure_certificate import open_certificate

_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody} for status in (403, 404, 409, 422)
}
SHOWN = 500


class LeavingAnswered(BaseModel):
    """A wish to leave."""

    leaving: UUID
    member: UUID
    channel: str
    asked_by: str
    why: str
    asked_ms: int
    state: str
    second: str
    due_ms: int | None


class ErasureAnswered(BaseModel):
    """A certificate: how many rows of which place, and the signed bytes in hexadecimal."""

    erasure: UUID
    erased_ms: int
    places: dict[str, int]
    content: str
    signature: str
    public_key: str


class PrivacyAnswered(BaseModel):
    """Who leaves, and what was erased."""

    leavings: tuple[LeavingAnswered, ...]
    certificates: tuple[ErasureAnswered, ...]


class LeavingWanted(BaseModel, extra="forbid"):
    """Why a member is to be let go."""

    why: str = Field(min_length=1, max_length=300)


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/hq`; none where the desks are not there."""
    routes = APIRouter(prefix="/v1/hq", tags=["hq"])
    desks = doors.deps.privacy
    if desks is None:
        return routes
    Hq = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.get("/privacy")
    def overview(who: Hq) -> PrivacyAnswered:
        """Return who leaves and the certificates, the newest first."""
        made = desks.shelf.certificates(who.tenant_id, SHOWN)
        return PrivacyAnswered(
            leavings=tuple(map(_answered, desks.leavings.leavings(who.tenant_id))),
            certificates=tuple(
                ErasureAnswered(
                    erasure=one.erasure,
                    erased_ms=one.erased_ms,
                    places={
                        place.place: place.rows for place in open_certificate(one.signed).places
                    },
                    content=one.signed.content.hex(),
                    signature=one.signed.signature.hex(),
                    public_key=one.signed.public_key.hex(),
                )
                for one in made
            ),
        )

    @routes.post("/members/{member_id}/leaving", responses=_REFUSALS)
    def ask(member_id: UUID, wanted: LeavingWanted, who: Hq) -> LeavingAnswered:
        """Ask that a member be let go; a second person decides."""
        asked = desks.leavings.request(who.tenant_id, member_id, "hq", who.login, wanted.why)
        return _answered(asked)

    @routes.post("/privacy/{leaving_id}/{decision}", responses=_REFUSALS)
    def decide(leaving_id: UUID, decision: Literal["agree", "refuse"], who: Hq) -> LeavingAnswered:
        """Agree as a second person, or refuse."""
        agree = decision == "agree"
        return _answered(desks.leavings.decide(who.tenant_id, leaving_id, who.login, agree=agree))

    @routes.get("/members/{member_id}/export", responses=_REFUSALS)
    def export(member_id: UUID, who: Hq) -> dict[str, Any]:
        """Return all that is held of a person."""
        return desks.export.of(who.tenant_id, member_id, who.login)

    @routes.get("/equal-treatment", responses=_REFUSALS)
    def equal(
        who: Hq, first: Annotated[date, Query()], last: Annotated[date, Query()]
    ) -> dict[str, Any]:
        """Return whether everybody was charged alike on these business days."""
        return dict(as_values(desks.equal.audit(who.tenant_id, first, last)))

    return routes


def _answered(one: Leaving) -> LeavingAnswered:
    return LeavingAnswered(
        leaving=one.leaving,
        member=one.member,
        channel=one.channel,
        asked_by=one.asked_by,
        why=one.why,
        asked_ms=one.asked_ms,
        state=one.state.value,
        second=one.second,
        due_ms=one.due_ms,
    )
