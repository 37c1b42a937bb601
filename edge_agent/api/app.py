"""The local API as one FastAPI app."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from edge_agent.api.dependencies import ApiDeps
from edge_agent.api.describe import describe
from edge_agent.api.errors import FaultHandlers
from edge_agent.api.event_catalogue import catalogue
from edge_agent.api.guard import Gate, Guard
from edge_agent.api.routes import (
    baskets,
    books,
    calls,
    consents,
    enrolments,
    events,
    faces,
    gifts,
    health,
    identify,
    members,
    operators,
    pairing,
    phones,
    quotes,
    receipts,
    recruits,
    refunds,
    sales,
    suggestions,
    tech,
    tech_agreement,
    tech_devices,
    tech_diag,
    tech_health,
    tech_learn,
    tech_sync,
    tech_update,
    tech_watch,
    training,
)
from retail_core.errors import Fault

# Card waits and camera races block a thread each; a shop has a handful of terminals.
THREADS_MAX = 16
FEATURES = (
    health,
    operators,
    identify,
    members,
    suggestions,
    gifts,
    calls,
    consents,
    enrolments,
    recruits,
    phones,
    faces,
    quotes,
    baskets,
    sales,
    books,
    receipts,
    refunds,
    training,
    pairing,
    tech,
    tech_agreement,
    tech_devices,
    tech_diag,
    tech_health,
    tech_learn,
    tech_sync,
    tech_update,
    tech_watch,
    events,
)


class LocalApi(FastAPI):
    """An app that serves our own description of itself; the framework's would replace it."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, written when it is first asked for."""
        if self.openapi_schema is None:
            self.openapi_schema = describe(self, list(api_routes()))
        return self.openapi_schema


class ScreenFiles(StaticFiles):
    """The screen's files, asked for anew each time: an upgraded box must not meet yesterday's."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer a file, or that the browser's own copy still is the one."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def routed_app(version: str) -> LocalApi:
    """Build the app with its routes and nothing behind them: enough to be described.

    Documentation pages stay off, they would load scripts from elsewhere.
    """
    return LocalApi(
        title="Regulars 熟客 · local API",
        version=version,
        summary="What a till and the till screen ask the box in the shop.",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        # The routes themselves: a router that is included builds each of its routes a second time,
        # for a prefix and dependencies that ours have not: 4 MB and 0.4 s of every start.
        routes=[route for feature in FEATURES for route in feature.router.routes],
    )


def build_app(deps: ApiDeps, gate: Gate, screen: Path) -> FastAPI:
    """Build the app; `screen` is the folder of the till screen's files."""
    app = routed_app(deps.version)
    app.state.deps = deps
    handlers = FaultHandlers(deps.tally)
    app.add_exception_handler(Fault, handlers.on_fault)
    app.add_exception_handler(RequestValidationError, handlers.on_validation)
    app.add_exception_handler(WebSocketRequestValidationError, handlers.on_socket)
    app.add_exception_handler(HTTPException, handlers.on_http)
    app.add_middleware(Guard, gate=gate, tally=deps.tally, ids=deps.ids)
    app.mount("/screen", ScreenFiles(directory=screen), name="screen")
    app.add_api_route("/", _page(screen / "index.html"), include_in_schema=False)
    tech_page = _page(screen / "tech" / "index.html")
    app.add_api_route("/tech", tech_page, include_in_schema=False)
    app.add_api_route("/events.json", _events(deps.version), include_in_schema=False)
    return app


def api_routes() -> Iterator[APIRoute]:
    """Return every documented route of the features."""
    for feature in FEATURES:
        yield from (route for route in feature.router.routes if isinstance(route, APIRoute))


def _events(version: str) -> Callable[[], dict[str, Any]]:
    document = catalogue(version)

    def events_document() -> dict[str, Any]:
        """Serve the catalogue of events."""
        return document

    return events_document


def _page(file: Path) -> Callable[[], FileResponse]:
    def page() -> FileResponse:
        """Serve the screen; it carries no member's data and no token."""
        return FileResponse(file, headers={"Cache-Control": "no-cache"})

    return page


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    deps: ApiDeps = app.state.deps
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS_MAX
    deps.hub.attach(asyncio.get_running_loop())
    try:
        yield
    finally:
        deps.hub.detach()
