"""Segments as JSON: made, tried, changed, looked at."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.insight.segmenting import (
    RUNS_SHOWN,
    Change,
    Segmenting,
    looked_said,
    plain,
    run_said,
)

TEXT_MAX = 400
PEOPLE_MAX = 10_000


class SegmentAsked(BaseModel, extra="forbid"):
    """A segment to make; what a definition says is in docs/reference/segments.md."""

    name: str = Field(max_length=TEXT_MAX)
    definition: dict[str, Any]
    note: str = Field("", max_length=TEXT_MAX)


class SegmentChanged(BaseModel, extra="forbid"):
    """What of a segment is to be other than in the version that was looked at."""

    version: int = Field(ge=1)
    name: str | None = Field(None, max_length=TEXT_MAX)
    definition: dict[str, Any] | None = None
    note: str | None = Field(None, max_length=TEXT_MAX)


class LookAsked(BaseModel, extra="forbid"):
    """A definition to try."""

    definition: dict[str, Any]


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/hq/segments`."""
    routes = APIRouter(
        prefix="/v1/hq/segments",
        tags=["hq"],
        responses={code: {"model": ErrorBody} for code in (401, 403, 404, 409, 422)},
    )
    _looking(routes, doors, doors.deps.segments)
    _changing(routes, doors, doors.deps.segments)
    return routes


def _looking(routes: APIRouter, doors: Doors, work: Segmenting) -> None:
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.get("")
    def overview(who: Person) -> dict[str, object]:
        """Return every segment with its size, ended ones too."""
        runs = work.book.last_runs(who.tenant_id)
        every = work.book.segments(who.tenant_id)
        return {"segments": [plain(one, runs.get(one.segment_id)) for one in every]}

    @routes.post("/look")
    def look(who: Person, asked: LookAsked) -> dict[str, object]:
        """Say how many fit a definition, with a masked sample; nothing is kept."""
        return looked_said(work.look(who.tenant_id, asked.definition))

    @routes.get("/{segment_id}")
    def segment(who: Person, segment_id: UUID) -> dict[str, object]:
        """Return a segment with its last looks and its versions."""
        tenant = who.tenant_id
        held = work.one(tenant, segment_id)
        runs = work.book.runs(tenant, segment_id, RUNS_SHOWN)
        return plain(held, runs[0] if runs else None) | {
            "runs": list(map(run_said, runs)),
            "versions": [plain(one) for one in work.book.versions(tenant, segment_id)],
        }

    @routes.get("/{segment_id}/people")
    def people(who: Person, segment_id: UUID, after: UUID | None = None) -> dict[str, object]:
        """Return who belongs to it, by id, ten thousand at a time: go on after the last."""
        work.one(who.tenant_id, segment_id)
        found = work.people(who.tenant_id, segment_id)
        rest = found if after is None else [one for one in found if one > after]
        return {"people": [str(one) for one in rest[:PEOPLE_MAX]], "all": len(found)}


def _changing(routes: APIRouter, doors: Doors, work: Segmenting) -> None:
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.post("", status_code=201)
    def create(who: Person, asked: SegmentAsked) -> dict[str, object]:
        """Make a segment and find who belongs to it."""
        made = work.create(
            who.tenant_id, asked.name, asked.definition, who=who.login, note=asked.note
        )
        return plain(made, work.book.last_runs(who.tenant_id)[made.segment_id])

    @routes.post("/{segment_id}")
    def change(who: Person, segment_id: UUID, asked: SegmentChanged) -> dict[str, object]:
        """Write a segment anew; its versions stay."""
        new = Change(asked.name, asked.note, asked.definition)
        made = work.change(who.tenant_id, segment_id, asked.version, new, who=who.login)
        return plain(made, work.book.last_runs(who.tenant_id)[segment_id])

    @routes.post("/{segment_id}/recompute")
    def recompute(who: Person, segment_id: UUID) -> dict[str, object]:
        """Look anew who belongs to it."""
        return run_said(work.recompute(who.tenant_id, (segment_id,))[segment_id])

    @routes.post("/{segment_id}/end")
    def end(who: Person, segment_id: UUID) -> dict[str, object]:
        """End a segment: everybody leaves it."""
        return plain(work.end(who.tenant_id, segment_id, who=who.login))
