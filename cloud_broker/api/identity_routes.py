"""Who is one person, as JSON: what waits, a person, and what people decide."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.insight import identity_words as words
from cloud_broker.services.insight.identity_desk import Decision, handle_of

Why = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=300)]


class LinkAsked(BaseModel, extra="forbid"):
    """Two names, KIND:VALUE each, that are (`apart`: are not) one person."""

    first: Name
    second: Name
    why: Why
    apart: bool = False


class BlockAsked(BaseModel, extra="forbid"):
    """A value that names nobody."""

    name: Name
    why: Why


class DecisionAsked(BaseModel, extra="forbid"):
    """What is decided on a pair."""

    decision: Decision
    why: Annotated[str, Field(max_length=200)] = ""


class WhyAsked(BaseModel, extra="forbid"):
    """Why something is taken back."""

    why: Why


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/hq/identity`."""
    routes = APIRouter(
        prefix="/v1/hq/identity",
        tags=["hq"],
        responses={code: {"model": ErrorBody} for code in (401, 403, 404, 409, 422)},
    )
    _looking(routes, doors)
    _deciding(routes, doors)
    return routes


def _looking(routes: APIRouter, doors: Doors) -> None:
    desk = doors.deps.identity
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.get("")
    def queue(who: Person) -> dict[str, object]:
        """Return the pairs that wait for a look, searches, blocked values, wallets not asked of."""
        return words.queue_values(desk.queue(who.tenant_id))

    @routes.get("/history")
    def history(who: Person, name: Annotated[str, Query(max_length=300)]) -> dict[str, object]:
        """Return all evidence of a name, taken back or not, newest first."""
        rows = desk.history(who.tenant_id, handle_of(name))
        return {"evidence": [words.evidence_values(one) for one in rows]}

    @routes.get("/members/{member_id}")
    def person(who: Person, member_id: UUID) -> dict[str, object]:
        """Return the person a membership is of: names, evidence, profile."""
        return words.sheet_values(desk.sheet(who.tenant_id, member_id))


def _deciding(routes: APIRouter, doors: Doors) -> None:
    desk = doors.deps.identity
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.post("/search")
    def search(who: Person) -> dict[str, object]:
        """Ask for a search now; GET shows how far it is."""
        return words.run_values(desk.search(who))

    @routes.post("/links")
    def link(who: Person, asked: LinkAsked) -> dict[str, str]:
        """Say that two names are, or are not, one person."""
        ends = handle_of(asked.first), handle_of(asked.second)
        return {"link": str(desk.say(who, ends, asked.why, apart=asked.apart))}

    @routes.post("/links/{link_id}/end")
    def unlink(who: Person, link_id: UUID, asked: WhyAsked) -> dict[str, str]:
        """Take evidence back."""
        desk.unlink(who, link_id, asked.why)
        return {"link": str(link_id)}

    @routes.post("/blocks")
    def block(who: Person, asked: BlockAsked) -> dict[str, str]:
        """Let a value name nobody."""
        desk.block(who, handle_of(asked.name), asked.why)
        return {"name": asked.name}

    @routes.post("/blocks/end")
    def unblock(who: Person, asked: BlockAsked) -> dict[str, str]:
        """Let a value name somebody again."""
        desk.unblock(who, handle_of(asked.name), asked.why)
        return {"name": asked.name}

    @routes.post("/pairs/{candidate_id}")
    def decide(who: Person, candidate_id: UUID, asked: DecisionAsked) -> dict[str, object]:
        """Decide on a pair, or leave it for later."""
        return words.pair_values(desk.decide(who, candidate_id, asked.decision, asked.why))
