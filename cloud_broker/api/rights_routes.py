"""What boxes say of rights: those they hold after a restore, those they want from elsewhere."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from cloud_broker.api.deps import Box, Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.api.member_routes import body_of
from retail_core.wire.codec import encode
from retail_core.wire.restored import decode_standing
from retail_core.wire.rights import decode_asked

MSGPACK = "application/msgpack"
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {MSGPACK: {}}},
    400: {"model": ErrorBody},
    409: {"model": ErrorBody},
}


def router(doors: Doors) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1/device", tags=["device"], responses={401: {"model": ErrorBody}})
    FromBox = Annotated[Box, Depends(doors.box)]  # noqa: N806 - an alias is a type
    Content = Annotated[bytes, Depends(body_of)]  # noqa: N806 - an alias is a type
    rights = doors.deps.rights

    @routes.post("/standing", response_class=Response, responses=_CONTENT)
    def standing(box: FromBox, content: Content) -> Response:
        """Take what a box holds after a restore; answer what is here of its journal."""
        holds = rights.restoring.hear(box.tenant, box.place, decode_standing(content))
        return Response(encode(holds), media_type=MSGPACK)

    @routes.post("/rights", response_class=Response, responses=_CONTENT)
    def ask(box: FromBox, content: Content) -> Response:
        """Lend a box what is free of rights, and ask other stores for the rest."""
        doors.lookups.admit(str(box.place.device))
        answer = rights.recall.ask(box.tenant, box.place, decode_asked(content))
        return Response(encode(answer), media_type=MSGPACK)

    return routes
