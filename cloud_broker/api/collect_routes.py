"""What SDKs of Segment's shape call, and what shops and order systems push to.

A page of another site may call here: it has no cookie of ours and nothing to read, its write key
says where it may say things, and only pages entered for that key get an answer they can see.
"""

import time
import zlib
from base64 import b64decode
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi import Path as InPath
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response

from cloud_broker.api.deps import Doors
from cloud_broker.api.errors import ErrorBody, fault_response
from cloud_broker.api.guard import CALLS, CONNECT
from cloud_broker.ports.sight import as_the_program
from cloud_broker.services.insight.collecting import BATCH, Call
from cloud_broker.services.insight.connecting import Push
from retail_core.errors import Fault
from retail_core.insight.collection import limits
from retail_core.texts.faults import FaultCode

ORIGINS_S = 30.0
_ALLOWED_HEADERS: Final = "authorization, content-type, anonymousid"
_METHODS: Final = "POST, OPTIONS"


class Success(BaseModel):
    """What an SDK is told, in Segment's words."""

    success: bool = True


class Origins:
    """From which pages any source takes, looked up now and then."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._known: frozenset[str] = frozenset()
        self._until = 0.0

    def known(self, origin: str) -> bool:
        """Tell whether some source takes from this page; "" is none."""
        if not origin:
            return False
        if time.monotonic() >= self._until:
            with as_the_program():
                self._known = self._doors.deps.channels.sources.origins()
            self._until = time.monotonic() + ORIGINS_S
        return origin.lower() in self._known


def router(doors: Doors) -> APIRouter:
    """Return the routes SDKs and connectors call."""
    routes = APIRouter(
        tags=["collection"],
        responses={status: {"model": ErrorBody} for status in (400, 401, 403, 422, 429)},
    )
    origins = Origins(doors)
    for name in CALLS:
        _add(routes, doors, origins, name)
    _connectors(routes, doors)
    return routes


def _add(routes: APIRouter, doors: Doors, origins: Origins, name: str) -> None:
    async def collect(request: Request) -> Response:
        """Take what an SDK tells; a message that cannot be used is kept apart and seen by HQ."""
        origin = request.headers.get("origin", "")
        body = await request.body()
        try:
            key = _key_of(request)
            doors.collects.admit(key or _peer(request))
            call = Call(name, _unpacked(request, body, name), key, origin)
            await run_in_threadpool(doors.deps.channels.collecting.take, call)
        except Fault as fault:
            doors.deps.tally.count(fault.code)
            answer: Response = fault_response(fault)
        else:
            answer = JSONResponse(Success().model_dump())
        if await run_in_threadpool(origins.known, origin):
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Vary"] = "Origin"
        return answer

    async def ask(request: Request) -> Response:
        """Answer a browser that asks whether it may call from a page."""
        origin = request.headers.get("origin", "")
        if not await run_in_threadpool(origins.known, origin):
            return fault_response(Fault(FaultCode.COLLECT_ORIGIN_REFUSED, origin=origin[:100]))
        return Response(
            status_code=204,
            headers={
                "Access-Control-Allow-Origin": origin,
                "Access-Control-Allow-Methods": _METHODS,
                "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
                "Access-Control-Max-Age": "600",
                "Vary": "Origin",
            },
        )

    for path in (f"/v1/{name}", f"/v1/{name[0]}"):
        shown = path.endswith(name)
        routes.add_api_route(
            path, collect, methods=["POST"], response_model=Success, include_in_schema=shown,
            name=f"collect {path}",
        )  # fmt: skip
        routes.add_api_route(
            path, ask, methods=["OPTIONS"], include_in_schema=False, name=f"ask {path}"
        )


def _connectors(routes: APIRouter, doors: Doors) -> None:
    async def push(
        request: Request,
        tenant: Annotated[UUID, InPath()],
        source: Annotated[UUID, InPath()],
    ) -> Response:
        """Take what an order system, a mini-program or a shop pushes, signed as it signs."""
        doors.pushes.admit(str(source))
        said = Push(
            tenant,
            source,
            request.method,
            dict(request.query_params),
            {name.lower(): value for name, value in request.headers.items()},
            await request.body(),
        )
        answer = await run_in_threadpool(doors.deps.channels.connecting.take, said)
        return PlainTextResponse(answer.text, media_type=answer.media)

    routes.add_api_route(
        CONNECT + "{tenant}/{source}", push, methods=["POST"], name="connector push"
    )
    # How a platform tries an address before it pushes there.
    routes.add_api_route(
        CONNECT + "{tenant}/{source}", push, methods=["GET"], name="connector trial"
    )


def _key_of(request: Request) -> str:
    """Return the key of the headers: the user name of basic auth, or a bearer; "" for none."""
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return said.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(said.strip(), validate=True).decode("ascii").partition(":")[0]
    except ValueError:
        raise Fault(FaultCode.COLLECT_KEY_WRONG) from None


def _unpacked(request: Request, body: bytes, name: str) -> bytes:
    """Return a body within its limit; servers' SDKs pack theirs. Faults E130, E131."""
    limit = limits.BATCH_BYTES_MAX if name == BATCH else limits.CALL_BYTES_MAX
    if request.headers.get("content-encoding", "").lower() == "gzip":
        unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            body = unpacking.decompress(body, limit + 1)
        except zlib.error:
            raise Fault(FaultCode.COLLECT_UNREADABLE) from None
    if len(body) > limit:
        raise Fault(FaultCode.COLLECT_TOO_LARGE, limit_bytes=limit)
    return body


def _peer(request: Request) -> str:
    return "" if request.client is None else request.client.host
