"""The door for boxes alone: TLS, a certificate of ours where there is one, and no page of HQ."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from cloud_broker.api import (
    device_routes,
    downlink_routes,
    enrol_routes,
    errors,
    fleet_routes,
    master_routes,
    receipt_routes,
    recruiting_routes,
    release_routes,
    rights_routes,
    time_routes,
)
from cloud_broker.api.app import add_health
from cloud_broker.api.deps import ApiDeps, Doors
from cloud_broker.api.describe import describe
from cloud_broker.api.enrol_routes import EnrolDeps
from cloud_broker.api.guard import Gate, Guard
from cloud_broker.api.peer import PeerProtocol
from cloud_broker.api.server import Server

TITLE = "Regulars 熟客 box door"


@dataclass(frozen=True, slots=True)
class DoorTls:
    """The door's own certificate and key, and the authorities of boxes, as PEM files."""

    certificate: Path
    key: Path
    boxes: Path


def build_box_door(deps: ApiDeps, enrol: EnrolDeps) -> FastAPI:
    """Build what boxes may ask."""
    app = FastAPI(title=TITLE, version=deps.software or "0", docs_url=None, redoc_url=None)
    app.add_middleware(Guard, gate=Gate(deps.hosts), tally=deps.tally, ids=deps.ids)
    doors = Doors(deps)
    errors.install(app, deps.tally)
    for router in (
        enrol_routes.router(enrol),
        device_routes.router(doors),
        downlink_routes.router(doors),
        fleet_routes.router(doors),
        master_routes.boxes(doors),
        release_routes.router(doors),
        receipt_routes.router(doors),
        recruiting_routes.router(doors),
        rights_routes.router(doors),
        time_routes.router(doors),
    ):
        app.include_router(router)
    add_health(app, deps.software)
    describe(app)
    return app


class DoorServer(Server):
    """A server whose connections may come with a certificate, which must then be one of ours."""

    def __init__(self, app: ASGIApp, tls: DoorTls) -> None:
        super().__init__(app)
        self.config = uvicorn.Config(
            app,
            http=PeerProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            timeout_keep_alive=self.config.timeout_keep_alive,
            timeout_graceful_shutdown=self.config.timeout_graceful_shutdown,
            ssl_certfile=tls.certificate,
            ssl_keyfile=tls.key,
            ssl_ca_certs=str(tls.boxes),
            ssl_cert_reqs=ssl.CERT_OPTIONAL,
        )
