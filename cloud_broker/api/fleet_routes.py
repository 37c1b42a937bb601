"""What a box says of its twin and its commands, hears of them, and collects for HQ."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from cloud_broker.api.deps import Box, Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.api.member_routes import body_of
from retail_core.wire.codec import encode
from retail_core.wire.fleet import decode_word

MSGPACK = "application/msgpack"
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {MSGPACK: {}}},
    400: {"model": ErrorBody},
}


def router(doors: Doors) -> APIRouter:
    """Return the route."""
    routes = APIRouter(prefix="/v1/device", tags=["device"], responses={401: {"model": ErrorBody}})
    FromBox = Annotated[Box, Depends(doors.box)]  # noqa: N806 - an alias is a type
    Content = Annotated[bytes, Depends(body_of)]  # noqa: N806 - an alias is a type
    words = doors.deps.box_words

    @routes.post("/fleet", response_class=Response, responses=_CONTENT)
    def fleet(box: FromBox, content: Content) -> Response:
        """Take what a box says of its settings and commands; answer what is wanted of it."""
        doors.fleet.admit(str(box.place.device))
        sheet = words.answer(box.tenant, box.place, decode_word(content))
        return Response(encode(sheet), media_type=MSGPACK)

    @routes.post("/diagnostics", status_code=204)
    def diagnostics(box: FromBox, content: Content) -> None:
        """Take the archive that HQ has asked this box for."""
        doors.fleet.admit(str(box.place.device))
        doors.deps.fleet.archives.take(box.tenant, box.place, content)

    return routes
