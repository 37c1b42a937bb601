"""What time it is, for a box that cannot tell."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from cloud_broker.api.deps import Box, Doors
from cloud_broker.api.errors import ErrorBody


def router(doors: Doors) -> APIRouter:
    """Return the route."""
    routes = APIRouter(prefix="/v1/device", tags=["device"], responses={401: {"model": ErrorBody}})
    FromBox = Annotated[Box, Depends(doors.box)]  # noqa: N806 - an alias is a type

    @routes.get(
        "/time",
        response_class=Response,
        responses={200: {"content": {"application/msgpack": {}}}},
    )
    def time(box: FromBox, nonce: Annotated[str, Query(pattern="^[0-9a-f]{32}$")]) -> Response:
        """Sign the time for the nonce that the box has drawn."""
        told = doors.deps.time.tell(box.tenant, box.place.device, bytes.fromhex(nonce))
        return Response(told, media_type="application/msgpack")

    return routes
