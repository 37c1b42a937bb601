"""HQ's rules as JSON: versions, drafts, checks and rehearsals, publication."""

import json
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.rules.desks import RuleDesks
from cloud_broker.services.rules.drafting import NAME_CHARS_MAX, Saving
from cloud_broker.services.rules.publishing import WHY_CHARS_MAX, Asked
from cloud_broker.services.rules.said import (
    draft_said,
    job_said,
    look_said,
    opened_said,
    order_said,
    published_said,
    result_said,
)
from retail_core.limits import BUNDLE_BYTES_MAX
from retail_core.limits import NAME_CHARS_MAX as PLACE_CHARS_MAX
from retail_core.pricing.comparing.staging import Stage

PLACES_MAX = 5_000
Place = Annotated[str, Field(max_length=PLACE_CHARS_MAX)]


class DraftAsked(BaseModel, extra="forbid"):
    """A draft to begin from a version, 0 for nothing."""

    name: str = Field(max_length=NAME_CHARS_MAX)
    version: int = Field(0, ge=0)


class TextSaved(BaseModel, extra="forbid"):
    """A draft's text, saved over the edit that was looked at."""

    edit: int = Field(ge=1)
    text: str = Field(max_length=BUNDLE_BYTES_MAX)
    name: str | None = Field(None, max_length=NAME_CHARS_MAX)


class JobAsked(BaseModel, extra="forbid"):
    """A check, or a rehearsal against the rules in force or, with `paid`, what was paid."""

    kind: Literal["lint", "replay"]
    paid: bool = False


class PublicationAsked(BaseModel, extra="forbid"):
    """A publication; `seen` is the version in force that was looked at."""

    draft: UUID | None = None
    edit: int = Field(0, ge=0)
    back_to: int = Field(0, ge=0)
    stores: list[Place] = Field([], max_length=PLACES_MAX)
    regions: list[Place] = Field([], max_length=PLACES_MAX)
    seen: int = Field(0, ge=0)
    why: str = Field("", max_length=WHY_CHARS_MAX)

    def asked(self) -> Asked:
        """Return it as the office takes it."""
        stage = Stage(frozenset(self.stores), frozenset(self.regions))
        wanted = stage if self.stores or self.regions else None
        return Asked(self.seen, self.draft, self.edit, wanted, self.back_to, self.why)


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/hq/offers`."""
    routes = APIRouter(
        prefix="/v1/hq/offers",
        tags=["hq"],
        responses={code: {"model": ErrorBody} for code in (401, 403, 404, 409, 422)},
    )
    desks = doors.deps.rules
    _versions(routes, doors, desks)
    _drafts(routes, doors, desks)
    _jobs(routes, doors, desks)
    _publications(routes, doors, desks)
    return routes


def _versions(routes: APIRouter, doors: Doors, desks: RuleDesks) -> None:
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.get("")
    def overview(who: Person) -> dict[str, object]:
        """Return versions and how many boxes sell by each, drafts, and publications."""
        seen = desks.drafts.overview(who.tenant_id)
        return {
            "versions": [
                published_said(one) | {"boxes": seen.boxes.get(one.version, 0)}
                for one in seen.published
            ],
            "drafts": list(map(draft_said, seen.drafts)),
            "publications": list(map(order_said, seen.orders)),
        }

    @routes.get("/versions/{version}")
    def version(who: Person, version: int) -> dict[str, object]:
        """Return a version with its rules."""
        published, text = desks.drafts.version(who.tenant_id, version)
        return published_said(published) | {"bundle": json.loads(text)}


def _drafts(routes: APIRouter, doors: Doors, desks: RuleDesks) -> None:
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.post("/drafts", status_code=201)
    def begin(who: Person, asked: DraftAsked) -> dict[str, object]:
        """Begin a draft."""
        return draft_said(desks.drafts.begin(who, asked.name, asked.version))

    @routes.get("/drafts/{draft_id}")
    def draft(who: Person, draft_id: UUID, edit: int = 0) -> dict[str, object]:
        """Return a draft with its text, and what is wrong with it."""
        return opened_said(desks.drafts.open(who.tenant_id, draft_id, edit))

    @routes.post("/drafts/{draft_id}")
    def save(who: Person, draft_id: UUID, saved: TextSaved) -> dict[str, object]:
        """Save a draft's text, right or not; refused when somebody saved meanwhile."""
        saving = Saving(saved.edit, saved.text, saved.name)
        return opened_said(desks.drafts.save(who, draft_id, saving))

    @routes.post("/drafts/{draft_id}/drop", status_code=204)
    def drop(who: Person, draft_id: UUID) -> None:
        """Lay a draft aside."""
        desks.drafts.drop(who, draft_id)


def _jobs(routes: APIRouter, doors: Doors, desks: RuleDesks) -> None:
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.post("/drafts/{draft_id}/jobs", status_code=202)
    def ask(who: Person, draft_id: UUID, asked: JobAsked) -> dict[str, object]:
        """Have a draft checked or rehearsed."""
        return job_said(desks.jobs.ask(who, draft_id, asked.kind, paid=asked.paid))

    @routes.get("/jobs/{job_id}")
    def job(who: Person, job_id: UUID) -> dict[str, object]:
        """Return how far a work is, and what came of it so far."""
        found, result = desks.jobs.job(who.tenant_id, job_id)
        return job_said(found) | result_said(found, result)

    @routes.post("/jobs/{job_id}/stop", status_code=204)
    def stop(who: Person, job_id: UUID) -> None:
        """End a work; what was worked out until then stays."""
        desks.jobs.stop(who, job_id)


def _publications(routes: APIRouter, doors: Doors, desks: RuleDesks) -> None:
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.post("/preview")
    def preview(who: Person, asked: PublicationAsked) -> dict[str, object]:
        """Return what a publication would change and where; nothing is written."""
        return look_said(desks.office.look(who.tenant_id, asked.asked()))

    @routes.post("/publications", status_code=201)
    def publish(who: Person, asked: PublicationAsked) -> dict[str, object]:
        """Publish, or wait for a second person where many stores would notice."""
        return order_said(desks.office.ask(who, asked.asked()))

    @routes.post("/publications/{rule_order}/agree")
    def agree(who: Person, rule_order: UUID) -> dict[str, object]:
        """Let a publication go out, as the second person."""
        return order_said(desks.office.agree(who, rule_order))

    @routes.post("/publications/{rule_order}/drop", status_code=204)
    def drop(who: Person, rule_order: UUID) -> None:
        """Take back a publication that waits."""
        desks.office.drop(who, rule_order)
