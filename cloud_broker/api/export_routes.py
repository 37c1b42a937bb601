"""Nightly exports as partners fetch them: lists, manifests, and files, whole or from a byte on."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi import Path as InPath
from pydantic import BaseModel
from starlette.responses import FileResponse

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.domain.export_plan import PEOPLE
from cloud_broker.services.access.partners import Partner
from cloud_broker.services.outward.exporting import ExportShelf, FileSaid, Manifest
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

Revision = Annotated[int, InPath(ge=1, le=1_000_000)]
TableName = Annotated[str, InPath(pattern=r"^[a-z]{1,20}$")]
GZIP = "application/gzip"


class ExportFile(BaseModel):
    """A file of a day: `path` below `/v1/export/`, `total` the sum over the column `total_of`."""

    path: str
    table: str
    columns: tuple[str, ...]
    rows: int
    total_of: str
    total: int
    bytes: int
    sha256: str


class ExportDay(BaseModel):
    """What was exported of a business day; a later revision holds what came late."""

    format: int
    day: date
    revision: int
    made_ms: int
    files: tuple[ExportFile, ...]


class ExportDays(BaseModel):
    """The days there is an export of, oldest first."""

    days: tuple[date, ...]


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/export`."""
    routes = APIRouter(
        prefix="/v1/export",
        tags=["export"],
        responses={status: {"model": ErrorBody} for status in (401, 403, 404, 429)},
    )
    Caller = Annotated[Partner, Depends(doors.partner)]  # noqa: N806 - an alias is a type

    def shelf() -> ExportShelf:
        if doors.deps.exports is None:
            raise Fault(FaultCode.EXPORT_UNSET)
        return doors.deps.exports

    @routes.get("")
    def days(caller: Caller) -> ExportDays:
        """Return the days there is an export of."""
        return ExportDays(days=shelf().days(caller.tenant))

    @routes.get("/{day}")
    def newest(caller: Caller, day: date) -> ExportDay:
        """Return a day's newest manifest."""
        found = shelf().newest(caller.tenant, day)
        if found is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"export {day}")
        return _day(found)

    @routes.get("/{day}/{revision}/people.csv.gz", response_class=FileResponse)
    def people(caller: Caller, day: date, revision: Revision) -> FileResponse:
        """Return who the members are: where the setting lets it be written, by its own scope."""
        return _file(shelf(), caller, day, revision, PEOPLE)

    @routes.get("/{day}/{revision}/{table}.csv.gz", response_class=FileResponse)
    def table(caller: Caller, day: date, revision: Revision, table: TableName) -> FileResponse:
        """Return a file, the range a `Range` header names."""
        return _file(shelf(), caller, day, revision, table)

    return routes


def _file(
    shelf: ExportShelf, caller: Partner, day: date, revision: int, table: str
) -> FileResponse:
    place = shelf.file(caller.tenant, day, revision, f"{table}.csv.gz")
    return FileResponse(place, media_type=GZIP)


def _day(made: Manifest) -> ExportDay:
    return ExportDay(
        format=made.format,
        day=made.day,
        revision=made.revision,
        made_ms=made.made_ms,
        files=tuple(_said(made, one) for one in made.files),
    )


def _said(made: Manifest, one: FileSaid) -> ExportFile:
    return ExportFile(
        path=f"{made.day}/{made.revision}/{one.name}.csv.gz",
        table=one.name,
        columns=one.columns,
        rows=one.rows,
        total_of=one.total_of,
        total=one.total,
        bytes=one.bytes,
        sha256=one.sha256,
    )
