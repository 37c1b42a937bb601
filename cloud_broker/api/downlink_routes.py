"""What a box fetches to hold its store's members: snapshots, buckets, what no snapshot holds."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Header, Path, Query, Response

from cloud_broker.api.deps import Box, Doors
from cloud_broker.api.device_routes import MSGPACK, Sha256Hex
from cloud_broker.api.errors import ErrorBody
from cloud_broker.api.member_routes import body_of
from cloud_broker.services.stores.store_sets import check_range
from retail_core.errors import Fault
from retail_core.sync.buckets import BUCKETS
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode
from retail_core.wire.snapshot import open_sums

BYTES = "application/octet-stream"
SUMS_BYTES_MAX = 8 * 1024
_POSITION_MAX = (1 << 63) - 1


def router(doors: Doors) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1/device", tags=["device"], responses={401: {"model": ErrorBody}})
    members = doors.deps.members
    FromBox = Annotated[Box, Depends(doors.box)]  # noqa: N806 - an alias is a type

    @routes.get("/kept", response_class=Response, responses=_content(MSGPACK))
    def kept(box: FromBox, since: Annotated[int, Query(ge=0, le=_POSITION_MAX)]) -> Response:
        """Return what of the store's feed no snapshot holds, one frame at a time."""
        frame = members.sets.kept_since(box.tenant, box.place.store, since)
        return Response(encode(frame), media_type=MSGPACK)

    @routes.get("/snapshot", response_class=Response, responses=_content(MSGPACK))
    def snapshot(box: FromBox) -> Response:
        """Return the manifest of the store's members; 503 while it is being made."""
        content = members.snapshots.manifest(box.tenant, box.place.store)
        return Response(content, media_type=MSGPACK)

    @routes.get("/snapshot/{sha256}", response_class=Response, status_code=206)
    def segment(
        box: FromBox, sha256: Sha256Hex, range_: Annotated[str | None, Header(alias="Range")] = None
    ) -> Response:
        """Return the part of a segment that the `Range` header names."""
        start, size = check_range(range_)
        part = members.snapshots.part(
            box.tenant, box.place.store, bytes.fromhex(sha256), start, size
        )
        return Response(
            part,
            status_code=206,
            media_type=BYTES,
            headers={"Content-Range": f"bytes {start}-{start + max(len(part), 1) - 1}/*"},
        )

    @routes.post("/buckets", response_class=Response, responses=_content(MSGPACK))
    def compare(box: FromBox, body: Annotated[bytes, Depends(body_of)]) -> Response:
        """Compare what a box holds, added up by bucket, with what it should hold."""
        if len(body) > SUMS_BYTES_MAX:
            raise Fault(FaultCode.WIRE_TOO_LARGE, limit=SUMS_BYTES_MAX)
        told = members.sets.compare(box.tenant, box.place.store, open_sums(body))
        return Response(msgspec.msgpack.encode(told), media_type=MSGPACK)

    @routes.get("/buckets/{bucket}", response_class=Response, responses=_content(MSGPACK))
    def bucket(box: FromBox, bucket: Annotated[int, Path(ge=0, lt=BUCKETS)]) -> Response:
        """Return the members of one bucket."""
        found = members.sets.bucket(box.tenant, box.place.store, bucket)
        return Response(msgspec.msgpack.encode(found), media_type=MSGPACK)

    return routes


def _content(media: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media: {}}}, 404: {"model": ErrorBody}, 503: {"model": ErrorBody}}
