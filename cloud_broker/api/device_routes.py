"""What boxes fetch over HTTP."""

from base64 import b64encode
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel

from cloud_broker.api.deps import Box, Doors
from cloud_broker.api.errors import ErrorBody
from retail_core.wire.codec import encode, encode_body

MSGPACK = "application/msgpack"
BYTES = "application/octet-stream"
HASH_HEX_MAX = 128
_POSITION_MAX = (1 << 63) - 1


class FoundMember(BaseModel):
    """A member; `record` is the base64 of her msgpack record."""

    member_id: UUID
    ver: int
    record: str


Hex = Annotated[str, Query(min_length=2, max_length=HASH_HEX_MAX, pattern="^([0-9a-f]{2})+$")]
Sha256Hex = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
Version = Annotated[int, Path(ge=1, le=_POSITION_MAX)]


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/device`."""
    routes = APIRouter(prefix="/v1/device", tags=["device"], responses={401: {"model": ErrorBody}})
    devices, members = doors.deps.devices, doors.deps.members
    FromBox = Annotated[Box, Depends(doors.box)]  # noqa: N806 - an alias is a type

    @routes.get("/members", responses={404: {"model": ErrorBody}, 429: {"model": ErrorBody}})
    def find_member(
        box: FromBox,
        value: Hex,
        kind: Annotated[str, Query(pattern="^(phone_key|card|phone|member)$")],
    ) -> FoundMember:
        """Find a member by phone key, card or phone hash; by id where the store holds her.

        The store hears of her from now on.
        """
        doors.lookups.admit(str(box.place.device))
        found = members.find(box.tenant, box.place, kind, bytes.fromhex(value))
        record = b64encode(encode_body(found.record)).decode()
        return FoundMember(member_id=found.member, ver=found.ver, record=record)

    @routes.get("/changes", response_class=Response, responses=_content(MSGPACK))
    def changes(box: FromBox, since: Annotated[int, Query(ge=0, le=_POSITION_MAX)]) -> Response:
        """Return the store's feed after a position, one frame at a time."""
        frame = members.changes_since(box.tenant, box.place, since)
        return Response(encode(frame), media_type=MSGPACK)

    @routes.get("/catalogue/{version}", response_class=Response, responses=_content(BYTES))
    def catalogue(box: FromBox, version: Version) -> Response:
        """Return a catalogue's bytes."""
        content = devices.document(box.tenant, "catalogue", version)
        return Response(content, media_type=BYTES)

    @routes.get("/bundle/{version}", response_class=Response, responses=_content(BYTES))
    def bundle(box: FromBox, version: Version) -> Response:
        """Return a rule bundle's signed bytes."""
        return Response(devices.document(box.tenant, "bundle", version), media_type=BYTES)

    @routes.get("/name-map")
    def name_map(box: FromBox) -> dict[str, str]:
        """Return the reviewed mapping of printed names to skus."""
        return devices.name_map(box.tenant)

    _faces(routes, doors)
    return routes


def _faces(routes: APIRouter, doors: Doors) -> None:
    devices = doors.deps.devices
    FromBox = Annotated[Box, Depends(doors.box)]  # noqa: N806 - an alias is a type

    @routes.get("/models", response_class=Response, responses=_content(BYTES))
    def models(box: FromBox) -> Response:
        """Return the newest bundle of face models that HQ published, signed."""
        return Response(devices.newest(box.tenant, "models"), media_type=BYTES)

    @routes.get("/models/{version}", response_class=Response, responses=_content(BYTES))
    def models_of(box: FromBox, version: Version) -> Response:
        """Return one published bundle of face models, signed."""
        return Response(devices.document(box.tenant, "models", version), media_type=BYTES)

    @routes.get("/model-files/{sha256}", response_class=Response, responses=_content(BYTES))
    def model_file(box: FromBox, sha256: Sha256Hex) -> Response:
        """Return the weights that a bundle names by their SHA-256."""
        return Response(devices.model_file(box.tenant, sha256), media_type=BYTES)

    @routes.get("/face", response_class=Response, responses=_content(BYTES))
    def face(box: FromBox) -> Response:
        """Return HQ's signed leave to recognise faces in this store, which may say no."""
        return Response(doors.deps.faces.signed(box.tenant, box.place.store), media_type=BYTES)


def _content(media: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media: {}}}, 404: {"model": ErrorBody}}
