"""The cloud's HTTP application."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from cloud_broker.api import (
    campaign_routes,
    collect_routes,
    contact_routes,
    device_routes,
    downlink_routes,
    errors,
    export_routes,
    fleet_routes,
    hq_privacy_routes,
    hq_routes,
    identity_routes,
    insight_routes,
    master_routes,
    member_routes,
    receipt_routes,
    recruiting_routes,
    release_routes,
    rights_routes,
    rule_routes,
    segment_routes,
    steering_routes,
    stock_routes,
    time_routes,
)
from cloud_broker.api.deps import ApiDeps, Doors
from cloud_broker.api.describe import describe
from cloud_broker.api.guard import Gate, Guard

TITLE = "Regulars 熟客 cloud"


class Alive(BaseModel):
    """That the process answers, and what it is."""

    state: str
    software: str


def build_app(deps: ApiDeps) -> FastAPI:
    """Build the application; the console is mounted on it by the root.

    Its documentation is the OpenAPI document alone: the usual pages load scripts from a CDN.
    """
    app = FastAPI(title=TITLE, version=deps.software or "0", docs_url=None, redoc_url=None)
    app.add_middleware(Guard, gate=Gate(deps.hosts), tally=deps.tally, ids=deps.ids)
    doors = Doors(deps)
    errors.install(app, deps.tally)
    for router in (
        campaign_routes.router(doors),
        collect_routes.router(doors),
        contact_routes.router(doors),
        device_routes.router(doors),
        export_routes.router(doors),
        downlink_routes.router(doors),
        fleet_routes.router(doors),
        member_routes.router(doors),
        hq_routes.router(doors),
        hq_privacy_routes.router(doors),
        identity_routes.router(doors),
        insight_routes.router(doors),
        receipt_routes.router(doors),
        recruiting_routes.router(doors),
        release_routes.router(doors),
        rights_routes.router(doors),
        rule_routes.router(doors),
        segment_routes.router(doors),
        steering_routes.router(doors),
        stock_routes.router(doors),
        time_routes.router(doors),
        master_routes.router(doors),
    ):
        app.include_router(router)

    add_health(app, deps.software)
    describe(app)
    return app


def add_health(app: FastAPI, software: str) -> None:
    """Add the route that says that the process answers."""

    @app.get("/v1/health", tags=["health"])
    def health() -> Alive:
        """Say that the process answers; open to everybody and silent about everything else."""
        return Alive(state="ok", software=software)


def openapi(deps: ApiDeps) -> dict[str, Any]:
    """Return the OpenAPI document."""
    return build_app(deps).openapi()
