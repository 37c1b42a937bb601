"""What a box asks when it recruits: codes by SMS, and the summary of known persons."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from cloud_broker.api.deps import Box, Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.services.members.sms_codes import SmsAsked
from retail_core.wire.persons import encode_plan

Responses = dict[int | str, dict[str, Any]]
_POSITION_MAX = (1 << 63) - 1
LANE_CHARS_MAX = 64
_REFUSALS: Responses = {status: {"model": ErrorBody} for status in (409, 422, 429, 502)}
_BINARY: Responses = {200: {"content": {"application/octet-stream": {}}}, 404: {"model": ErrorBody}}

Lane = Annotated[str, Field(min_length=1, max_length=LANE_CHARS_MAX)]
Version = Annotated[int, Path(ge=1, le=_POSITION_MAX)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CodeAsked(_Asked):
    """The number as the customer said it; used for this one message, not kept and not logged."""

    member_id: UUID
    lane: Lane
    phone: Annotated[str, Field(min_length=4, max_length=32, repr=False)]
    language: Literal["zh", "en"] = "zh"


class CodeSent(BaseModel):
    """A code is on its way."""

    expires_s: int


class CodeTried(_Asked):
    """A code as the customer read it out."""

    member_id: UUID
    lane: Lane
    code: Annotated[str, Field(pattern="^[0-9]{6}$", repr=False)]


class CodeChecked(BaseModel):
    """What became of a try."""

    outcome: Literal["right", "wrong", "over"]
    left: int = Field(description="tries that remain")


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/device`."""
    routes = APIRouter(prefix="/v1/device", tags=["device"], responses={401: {"model": ErrorBody}})
    sms, filters = doors.deps.sms, doors.deps.person_filters
    FromBox = Annotated[Box, Depends(doors.box)]  # noqa: N806 - an alias is a type

    @routes.post("/sms", responses=_REFUSALS)
    def send_code(box: FromBox, asked: CodeAsked) -> CodeSent:
        """Send a six-digit code to a member's phone; it opens this lane for five minutes."""
        said = SmsAsked(asked.member_id, asked.lane, asked.phone, asked.language)
        return CodeSent(expires_s=sms.send(box.tenant, box.place, said))

    @routes.post("/sms/check")
    def check_code(box: FromBox, tried: CodeTried) -> CodeChecked:
        """Try a code; five tries, and a right one is used up."""
        checked = sms.check(box.tenant, box.place, tried.member_id, tried.lane, tried.code)
        return CodeChecked(outcome=checked.outcome, left=checked.left)

    @routes.get(
        "/persons",
        response_class=Response,
        responses=_BINARY | {200: {"content": {"application/msgpack": {}}}},
    )
    def persons(box: FromBox, held: Annotated[int, Query(ge=0, le=_POSITION_MAX)] = 0) -> Response:
        """Return how the summary of known persons held (0 for none) becomes the newest."""
        plan = filters.plan(box.tenant, held)
        return Response(encode_plan(plan), media_type="application/msgpack")

    @routes.get("/persons/{version}", response_class=Response, responses=_BINARY)
    def persons_whole(box: FromBox, version: Version) -> Response:
        """Return the newest summary of known persons as a whole."""
        content = filters.content(box.tenant, version)
        return Response(content, media_type="application/octet-stream")

    return routes
