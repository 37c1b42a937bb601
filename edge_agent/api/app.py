"""The local API as one FastAPI app."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

from edge_agent.api.dependencies import ApiDeps
from edge_agent.api.errors import ErrorBody, FaultHandlers
from edge_agent.api.guard import OPEN_PATHS, Gate, Guard
from edge_agent.api.idempotency import HEADER
from edge_agent.api.routes import (
    baskets,
    books,
    consents,
    enrolments,
    events,
    faces,
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
    events,
)
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody}
    for status in (400, 401, 403, 404, 405, 409, 413, 415, 422, 423, 429, 500, 503, 504, 507)
}


def build_app(deps: ApiDeps, gate: Gate, screen: Path) -> FastAPI:
    """Build the app; `screen` is the folder of the till screen's files.

    Documentation pages stay off, they would load scripts from elsewhere.
    """
    app = FastAPI(
        title="Regulars 熟客 · local API",
        version=deps.version,
        summary="What a till and the till screen ask the box in the shop.",
        docs_url=None,
        redoc_url=None,
        responses=_REFUSALS,
        lifespan=_lifespan,
    )
    app.state.deps = deps
    handlers = FaultHandlers(deps.tally)
    app.add_exception_handler(Fault, handlers.on_fault)
    app.add_exception_handler(RequestValidationError, handlers.on_validation)
    app.add_exception_handler(HTTPException, handlers.on_http)
    app.add_middleware(Guard, gate=gate, tally=deps.tally, ids=deps.ids)
    for feature in FEATURES:
        app.include_router(feature.router)
    app.mount("/screen", StaticFiles(directory=screen), name="screen")
    app.add_api_route("/", _page(screen / "index.html"), include_in_schema=False)
    app.openapi_schema = describe(app)
    return app


def _page(file: Path) -> Callable[[], FileResponse]:
    def page() -> FileResponse:
        """Serve the screen; it carries no member's data and no token."""
        return FileResponse(file, headers={"Cache-Control": "no-cache"})

    return page


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with what the gate demands written into it."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version=app.openapi_version,
        summary=app.summary,
        routes=app.routes,
    )
    schemes = {"bearer": {"type": "http", "scheme": "bearer"}}
    document["components"]["securitySchemes"] = schemes
    for path, methods in document["paths"].items():
        for operation in methods.values():
            operation["security"] = [] if path in OPEN_PATHS else [{"bearer": []}]
            for parameter in operation.get("parameters", ()):
                parameter["required"] |= parameter["name"] == HEADER
    return document


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    deps: ApiDeps = app.state.deps
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS_MAX
    deps.hub.attach(asyncio.get_running_loop())
    try:
        yield
    finally:
        deps.hub.detach()
