"""HQ as JSON: what the console shows, for other programs."""

from dataclasses import dataclass, fields
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.services.access.overview import (
    HqIdentity,
    LedgerRow,
    LedgerTotals,
    MemberRow,
    NameReview,
    Overview,
    RepairRow,
    SaleRow,
)
from cloud_broker.services.faces.faces import EntityCount, StoreFaces
from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

ROWS_MAX = 500
Limit = Annotated[int, Query(ge=1, le=ROWS_MAX)]


@dataclass(frozen=True, slots=True)
class Ledger:
    """A store's receipts as the cloud booked them, to be compared with the shop's."""

    rows: tuple[LedgerRow, ...]
    totals: LedgerTotals


@dataclass(frozen=True, slots=True)
class StoreFace:
    """Whether a store may recognise faces."""

    store: UUID
    name: str
    enabled: bool
    walk_up: bool
    assessment: str


@dataclass(frozen=True, slots=True)
class EntityFace:
    """A legal entity's distinct persons; `code` is R605 from 80,000 on, R606 from 100,000."""

    name: str
    persons: int
    stores: int
    code: str


@dataclass(frozen=True, slots=True)
class FaceStanding:
    """Faces over the whole chain."""

    stores: tuple[StoreFace, ...]
    entities: tuple[EntityFace, ...]


class NameMapped(BaseModel, extra="forbid"):
    """A printed name and the article it means."""

    name: str = Field(min_length=1, max_length=limits.NAME_CHARS_MAX)
    sku: str = Field(min_length=1, max_length=limits.NAME_CHARS_MAX)


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/hq`."""
    routes = APIRouter(
        prefix="/v1/hq",
        tags=["hq"],
        responses={401: {"model": ErrorBody}, 403: {"model": ErrorBody}},
    )
    _members(routes, doors)
    _faces(routes, doors)
    _sales(routes, doors)
    _desk(routes, doors)
    return routes


def _members(routes: APIRouter, doors: Doors) -> None:
    queries = doors.deps.queries
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.get("/members")
    def members(
        who: Person, q: Annotated[str, Query(max_length=100)] = "", limit: Limit = 50
    ) -> tuple[MemberRow, ...]:
        """Find members; without `q` the newest."""
        return queries.members(who.tenant_id, _clean(q), limit=limit)

    @routes.get("/members/{member_id}", responses={404: {"model": ErrorBody}})
    def member(who: Person, member_id: UUID) -> dict[str, Any]:
        """Return one member with sales, postings, consents and how her tier came about."""
        found = queries.member(who.tenant_id, member_id)
        if found is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="member")
        return {one.name: _plain(getattr(found, one.name)) for one in fields(found)}


def _plain(value: Any) -> Any:
    """Return a value for JSON; what travels in frames as a row gets its names back."""
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    return msgspec.to_builtins(value, str_keys=True, enc_hook=_both)


def _both(value: Any) -> dict[str, str]:
    """Return a phrase in both languages."""
    if not isinstance(value, Words):
        raise NotImplementedError(type(value))
    return {"zh": value.zh, "en": str(value)}


def _faces(routes: APIRouter, doors: Doors) -> None:
    faces = doors.deps.faces
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.get("/faces")
    def standing(who: Person) -> FaceStanding:
        """Return which stores may recognise faces, and the counts against the filing duty."""
        return FaceStanding(
            tuple(map(_store_face, faces.stores(who.tenant_id))),
            tuple(map(_entity_face, faces.counts(who.tenant_id))),
        )

    @routes.post(
        "/members/{member_id}/withdraw-face",
        status_code=204,
        responses={404: {"model": ErrorBody}},
    )
    def withdraw(who: Person, member_id: UUID) -> None:
        """Take her consent to faces back on her word: every box erases and certifies."""
        faces.withdraw(who.tenant_id, member_id, who=who.login)


def _store_face(one: StoreFaces) -> StoreFace:
    said = None if one.decision is None else one.decision.said
    on, walk_up = (False, False) if said is None else (said.enabled, said.walk_up)
    return StoreFace(one.store, one.name, on, walk_up, "" if said is None else said.assessment)


def _entity_face(one: EntityCount) -> EntityFace:
    code = "" if one.code is None else one.code.value
    return EntityFace(one.persons.name, one.persons.persons, one.persons.stores, code)


def _sales(routes: APIRouter, doors: Doors) -> None:
    queries = doors.deps.queries
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.get("/overview")
    def overview(who: Person) -> Overview:
        """Return every store with its state, and the totals."""
        return queries.overview(who.tenant_id)

    @routes.get("/sales")
    def sales(who: Person, limit: Limit = 50, store: UUID | None = None) -> tuple[SaleRow, ...]:
        """Return the latest sales, newest first."""
        return queries.sales(who.tenant_id, limit=limit, store=store)

    @routes.get("/ledger")
    def ledger(who: Person, store: UUID) -> Ledger:
        """Return a store's receipts and their sums."""
        return Ledger(*queries.ledger(who.tenant_id, store))


def _desk(routes: APIRouter, doors: Doors) -> None:
    queries, desk = doors.deps.queries, doors.deps.desk
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.get("/repair")
    def repairs(who: Person, limit: Limit = 100) -> tuple[RepairRow, ...]:
        """Return what could not be applied, open rows first."""
        return queries.repairs(who.tenant_id, limit=limit)

    @routes.post("/repair/{repair_id}/replay", responses={404: {"model": ErrorBody}})
    def replay(who: Person, repair_id: UUID) -> RepairRow:
        """Try a row of the repair queue again; one that cannot be tried is closed as seen."""
        return desk.replay(who, repair_id)

    @routes.get("/review-names")
    def review_names(who: Person, limit: Limit = 100) -> tuple[NameReview, ...]:
        """Return printed names that map to no article."""
        return queries.names_to_review(who.tenant_id, limit=limit)

    @routes.post("/review-names", status_code=204, responses={404: {"model": ErrorBody}})
    def map_name(who: Person, mapped: NameMapped) -> None:
        """Map a printed name to an article."""
        desk.map_name(who, _clean(mapped.name), _clean(mapped.sku))


def _clean(text: str) -> str:
    """Refuse what no text column takes."""
    if "\x00" in text:
        raise Fault(FaultCode.API_BODY_INVALID, detail="NUL")
    return text
