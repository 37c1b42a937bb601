"""HQ's steering of boxes as JSON: settings by layer, and orders."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.fleet.commands import PAUSE_MS, Wish
from cloud_broker.services.fleet.desks import FleetDesks
from cloud_broker.services.fleet.places import AT_CHARS_MAX, at_of
from cloud_broker.services.fleet.said import (
    box_said,
    command_said,
    layer_said,
    order_said,
    preview_said,
)
from cloud_broker.services.fleet.twin import Change, Spot
from retail_core.fleet.commands import TTL_MS_MAX, TTL_MS_MIN
from retail_core.fleet.twin_settings import PEM_CHARS_MAX

At = Annotated[str, Query(max_length=AT_CHARS_MAX, description="chain, region:ID, store:ID, …")]
Text = Annotated[str, Field(max_length=PEM_CHARS_MAX)]
WORDS_MAX = 200
KEYS_MAX = 256


class ChangeAsked(BaseModel, extra="forbid"):
    """A change of a layer; `base` is the version that was looked at, None for any."""

    at: str = Field("chain", max_length=AT_CHARS_MAX)
    put: dict[str, bool | int | Text] = Field({}, max_length=KEYS_MAX)
    drop: list[str] = Field([], max_length=KEYS_MAX)
    note: str = Field("", max_length=WORDS_MAX)
    base: int | None = None


class OrderAsked(BaseModel, extra="forbid"):
    """An order: to which boxes, for how long it holds, and why."""

    kind: str = Field(max_length=40)
    at: str = Field("chain", max_length=AT_CHARS_MAX)
    args: dict[str, Annotated[str, Field(max_length=40)]] = Field({}, max_length=4)
    ttl_ms: int = Field(60 * 60 * 1_000, ge=TTL_MS_MIN, le=TTL_MS_MAX)
    pause_ms: int = Field(PAUSE_MS, ge=0, le=TTL_MS_MAX)
    why: str = Field("", max_length=WORDS_MAX)
    dry: bool = False


class HaltAsked(BaseModel, extra="forbid"):
    """The kill switch."""

    halted: bool
    why: str = Field("", max_length=WORDS_MAX)


def router(doors: Doors) -> APIRouter:
    """Return the routes under `/v1/hq/twins` and `/v1/hq/commands`."""
    routes = APIRouter(
        prefix="/v1/hq",
        tags=["hq"],
        responses={code: {"model": ErrorBody} for code in (401, 403, 404, 409)},
    )
    _twins(routes, doors)
    _orders(routes, doors)
    _order(routes, doors)
    return routes


def _twins(routes: APIRouter, doors: Doors) -> None:
    fleet = doors.deps.fleet
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.get("/twins")
    def twin(who: Person, at: At = "chain") -> dict[str, object]:
        """Return a place's layer, those above it, and what each box is to be like and is."""
        tenant, book = who.tenant_id, fleet.places(who.tenant_id)
        spot = book.spot(at)
        above = [
            {"at": at_of(one)} | layer_said(fleet.twins.layer(tenant, one))
            for one in book.above(spot)
        ]
        boxes = [box_said(one, every=True) for one in fleet.twins.boxes(tenant, spot)]
        return {"at": at_of(spot), "layer": above[-1], "above": above[:-1], "boxes": boxes}

    @routes.get("/twins/history")
    def history(who: Person, at: At = "") -> list[dict[str, object]]:
        """Return the last changes, of one place or of all, newest first."""
        spot = fleet.places(who.tenant_id).spot(at) if at else None
        found = fleet.twins.history(who.tenant_id, spot)
        return [
            {"at": at_of(Spot(one.layer.scope, one.place))} | layer_said(one.layer) for one in found
        ]

    @routes.post("/twins/preview")
    def preview(who: Person, asked: ChangeAsked) -> dict[str, object]:
        """Return what a change would move on which boxes; nothing is written."""
        spot, change = _change(fleet, who, asked)
        return preview_said(fleet.twins.preview(who, spot, change))

    @routes.post("/twins")
    def change(who: Person, asked: ChangeAsked) -> dict[str, object]:
        """Change a layer and have its boxes ask."""
        spot, change = _change(fleet, who, asked)
        return {"at": at_of(spot)} | layer_said(fleet.twins.change(who, spot, change))


def _orders(routes: APIRouter, doors: Doors) -> None:
    fleet = doors.deps.fleet
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.get("/commands")
    def orders(who: Person) -> dict[str, object]:
        """Return the kill switch and the last orders."""
        halt, found = fleet.orders.overview(who.tenant_id)
        counted = [order_said(one.order) | {"counts": dict(one.counts)} for one in found]
        return {"halted": halt.halted, "by": halt.author, "why": halt.why, "orders": counted}

    @routes.post("/commands/preview")
    def preview(who: Person, asked: OrderAsked) -> dict[str, object]:
        """Return what an order would reach; nothing is given."""
        look = fleet.orders.preview(who, _wish(fleet, who, asked))
        return {
            "stores": look.stores,
            "boxes": look.boxes,
            "alone": look.alone,
            "needs_second": look.needs_second,
            "waves": list(look.waves),
            "halted": look.halted,
        }

    @routes.post("/commands", status_code=201)
    def give(who: Person, asked: OrderAsked) -> dict[str, object]:
        """Give an order; one that reaches many stores waits for a second person."""
        return order_said(fleet.orders.give(who, _wish(fleet, who, asked)))

    @routes.post("/commands/halt", status_code=204)
    def halt(who: Person, asked: HaltAsked) -> None:
        """Turn the kill switch: while it is on no box starts a command."""
        fleet.orders.halt(who, halted=asked.halted, why=asked.why)


def _order(routes: APIRouter, doors: Doors) -> None:
    fleet = doors.deps.fleet
    Person = Annotated[HqIdentity, Depends(doors.hq)]  # noqa: N806 - an alias is a type

    @routes.get("/commands/{order_id}")
    def order(who: Person, order_id: UUID) -> dict[str, object]:
        """Return an order box by box, and who did what about it."""
        row, commands = fleet.orders.order(who.tenant_id, order_id)
        trail = fleet.orders.trail(who.tenant_id, order_id)
        done = [
            {"at_ms": one.at_ms, "who": one.entry.actor, "did": one.entry.action} for one in trail
        ]
        return order_said(row) | {"boxes": list(map(command_said, commands)), "trail": done}

    @routes.get(
        "/commands/{order_id}/{command_id}/archive",
        response_class=Response,
        responses={200: {"content": {"application/gzip": {}}}},
    )
    def archive(who: Person, order_id: UUID, command_id: UUID) -> Response:
        """Return the diagnostics that a box handed in for a command, as `.tar.gz`."""
        content = fleet.archives.open(who, order_id, command_id)
        return Response(content, media_type="application/gzip")

    @routes.post("/commands/{order_id}/agree", status_code=204)
    def agree(who: Person, order_id: UUID) -> None:
        """Let an order begin, as the second person."""
        fleet.orders.agree(who, order_id)

    @routes.post("/commands/{order_id}/{to}", status_code=204)
    def steer(who: Person, order_id: UUID, to: Literal["paused", "running", "stopped"]) -> None:
        """Pause an order, let it go on, or stop it."""
        fleet.orders.steer(who, order_id, to)


def _change(fleet: FleetDesks, who: HqIdentity, asked: ChangeAsked) -> tuple[Spot, Change]:
    spot = fleet.places(who.tenant_id).spot(asked.at)
    return spot, Change(asked.put, frozenset(asked.drop), asked.note, asked.base)


def _wish(fleet: FleetDesks, who: HqIdentity, asked: OrderAsked) -> Wish:
    spot = fleet.places(who.tenant_id).spot(asked.at)
    return Wish(
        *(asked.kind, spot, asked.args, asked.ttl_ms),
        *(asked.why, asked.dry, asked.pause_ms),
    )
