"""Releases as boxes fetch them: signed files, whole or from a byte on."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi import Path as InPath
from starlette.responses import FileResponse

from cloud_broker.api.deps import Box, Doors
from cloud_broker.api.errors import ErrorBody
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

IndexName = Annotated[
    str, InPath(pattern=r"^(timestamp|[0-9]{1,9}\.(root|targets|snapshot))\.json$")
]
Folder = Annotated[str, InPath(pattern="^(releases|parts)$")]
FileName = Annotated[str, InPath(pattern=r"^[0-9a-f]{64}\.[a-z0-9][a-z0-9._-]{0,120}$")]


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/device/releases`."""
    routes = APIRouter(
        prefix="/v1/device/releases",
        tags=["device"],
        responses={401: {"model": ErrorBody}, 404: {"model": ErrorBody}},
    )
    FromBox = Annotated[Box, Depends(doors.box)]  # noqa: N806 - an alias is a type
    shelf = doors.deps.devices.releases

    @routes.get("/metadata/{name}", response_class=FileResponse)
    def index(_box: FromBox, name: IndexName) -> FileResponse:
        """Return a file of the signed index."""
        return _file(shelf, Path("metadata") / name)

    @routes.get("/targets/{folder}/{name}", response_class=FileResponse)
    def target(_box: FromBox, folder: Folder, name: FileName) -> FileResponse:
        """Return a list or a part, the range a `Range` header names."""
        return _file(shelf, Path("targets") / folder / name)

    return routes


def _file(shelf: Path | None, name: Path) -> FileResponse:
    place = None if shelf is None else shelf / name
    if place is None or not place.is_file():
        raise Fault(FaultCode.API_NOT_FOUND, what=name.name)
    return FileResponse(place, media_type="application/octet-stream")
