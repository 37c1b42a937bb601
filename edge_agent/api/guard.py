"""The gate in front of every route: host, origin, token, media type and size, in this order.

It works by default-deny: whatever lies under `/v1/` needs a token unless it is listed here as open.
A page on a foreign site cannot get in by DNS rebinding (host), by a forged form (origin and media
type) or by a socket (origin), and nothing is read from a stranger's body.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge_agent.api.deadline import HEADER as DEADLINE
from edge_agent.api.deadline import Deadline, deadline_of
from edge_agent.api.errors import fault_response
from edge_agent.api.principals import Principal, TokenBook
from edge_agent.ports.clock import IdSource
from retail_core.errors import Fault
from retail_core.limits import API_BODY_BYTES_MAX, API_IMAGE_BYTES_MAX, ENROL_FRAMES_MAX
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

# A terminal that pairs has no token yet: it shows the code that a person read to it.
PAIRING_PATHS: Final = frozenset({"/v1/pair", "/v1/pair/claim"})
HEALTH_PATH: Final = "/v1/health"
OPEN_PATHS: Final = frozenset({HEALTH_PATH}) | PAIRING_PATHS
BODY_TIMEOUT_S: Final = 10
SUBPROTOCOL: Final = "regulars.v1"
BEARER_SUBPROTOCOL: Final = "bearer."
ALLOWED_HEADERS: Final = "Authorization, Content-Type, Idempotency-Key, X-Deadline-Ms, X-Operator"
ALLOWED_METHODS: Final = "GET, POST, PUT, PATCH, DELETE"
EXPOSED_HEADERS: Final = "Idempotency-Replayed"
_ORIGIN: Final = re.compile(r"https?://[^/@\s]{1,200}", re.IGNORECASE)
PAGE_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
        "object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# Pictures travel as base64, which adds a third.
_IMAGES_MAX: Final = ENROL_FRAMES_MAX * API_IMAGE_BYTES_MAX * 4 // 3

log = structlog.get_logger("api")


@dataclass(frozen=True, slots=True)
class Gate:
    """Whom the guard lets in.

    `origins` are the pages of the box's own files, `paired_origins` those of paired terminals;
    while a pairing window is `pairing` any page may knock at it, and nowhere else.
    """

    hosts: frozenset[str]
    origins: frozenset[str]
    tokens: TokenBook
    paired_origins: Callable[[], frozenset[str]] = frozenset
    pairing: Callable[[], bool] = lambda: False

    def lets_in(self, origin: str, path: str) -> bool:
        """Tell whether a page may call this address at all; its token is looked at later."""
        if origin in self.origins or origin in self.paired_origins():
            return True
        return path in PAIRING_PATHS and self.pairing() and bool(_ORIGIN.fullmatch(origin))


class Guard:
    """ASGI middleware; puts the `Principal` into the request's state."""

    def __init__(self, app: ASGIApp, *, gate: Gate, tally: FaultTally, ids: IdSource) -> None:
        self._app = app
        self._gate = gate
        self._tally = tally
        self._ids = ids
        self._late: set[asyncio.Future[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with a coded refusal."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        origin = _origin(headers)
        shared_with = origin if origin and self._gate.lets_in(origin, scope["path"]) else None
        answer = _Answer(scope, send, shared_with)
        try:
            self._admit(headers, scope["path"])
            if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
                await _preflight(headers)(scope, receive, answer.send)
                return
            self._identify(scope, _bearer(headers), origin)
            deadline = deadline_of(headers.get(DEADLINE), scope["path"])
            scope.setdefault("state", {})["deadline"] = deadline
            body = await _read_body(scope, headers, receive)
            await self._in_time(self._app(scope, body, answer.send_in_time), answer, deadline)
        except Fault as refused:
            self._tally.count(refused.code)
            await fault_response(refused)(scope, receive, answer.send)
        except Exception as error:
            broken = self._unexpected(error, scope)
            if answer.started:
                raise
            await fault_response(broken)(scope, receive, answer.send)
        finally:
            answer.note(scope)

    async def _in_time(
        self, answering: Awaitable[None], answer: "_Answer", deadline: Deadline
    ) -> None:
        """Wait for the app until the deadline; raises the Fault that says how it stands then."""
        task = asyncio.ensure_future(answering)
        try:
            await asyncio.wait({task}, timeout=deadline.left_s())
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.done() or answer.started:
            return await task
        answer.give_up()
        # Its thread cannot be stopped; it ends by itself, and what it would say nobody hears.
        self._late.add(task)
        task.add_done_callback(self._ended_late)
        raise deadline.give_up()

    def _ended_late(self, task: asyncio.Future[None]) -> None:
        self._late.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("ended_late", error=type(error).__name__)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            self._admit(headers, scope["path"])
            self._identify(scope, _socket_token(scope), _origin(headers))
        except Fault as fault:
            self._tally.count(fault.code)
            await _deny(scope, receive, send, fault)
            return
        await self._app(scope, receive, send)

    def _admit(self, headers: Headers, path: str) -> None:
        host = headers.get("host", "")
        if _host_name(host) not in self._gate.hosts:
            raise Fault(FaultCode.API_HOST_REFUSED, host=host[:100])
        origin = _origin(headers)
        if origin is not None and not self._gate.lets_in(origin, path):
            raise Fault(FaultCode.API_ORIGIN_REFUSED, origin=origin[:100])

    def _identify(self, scope: Scope, token: str, origin: str | None) -> None:
        if _is_open(scope["path"]):
            return
        principal = self._gate.tokens.principal(token)
        principal.comes_from(origin, self._gate.origins)
        scope.setdefault("state", {})["principal"] = principal

    def _unexpected(self, error: Exception, scope: Scope) -> Fault:
        ref = self._ids.random_bytes(4).hex()
        self._tally.count(FaultCode.API_INTERNAL)
        # Frames and type only: an exception's message may quote a member's data.
        log.error(
            "unexpected", ref=ref, error=type(error).__name__, at=_frames(error), path=_route(scope)
        )
        return Fault(FaultCode.API_INTERNAL, ref=ref)


class _Answer:
    """Adds the security headers to whatever answers, and remembers its status for the log."""

    def __init__(self, scope: Scope, send: Send, shared_with: str | None) -> None:
        self._send = send
        self._shared_with = shared_with
        self._api = scope["path"].startswith("/v1/")
        self._began = time.perf_counter()
        self._status = 0
        self._given_up = False

    def give_up(self) -> None:
        """Drop what the app still says: its caller was answered."""
        self._given_up = True

    async def send_in_time(self, message: Message) -> None:
        """Send for the app, until it was given up."""
        if not self._given_up:
            await self.send(message)

    @property
    def started(self) -> bool:
        return self._status != 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._add(MutableHeaders(scope=message))
        await self._send(message)

    def _add(self, headers: MutableHeaders) -> None:
        for name, value in PAGE_HEADERS.items():
            headers[name] = value
        if self._api:
            headers["Cache-Control"] = "no-store"
        if self._shared_with is not None:
            headers["Access-Control-Allow-Origin"] = self._shared_with
            headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
        headers.add_vary_header("Origin")

    def note(self, scope: Scope) -> None:
        if scope["path"] == HEALTH_PATH and self._status == HTTPStatus.OK:
            return  # asked every few seconds by our own watchdog: nobody's news, and wears a card
        principal = scope.get("state", {}).get("principal")
        log.info(
            "request",
            method=scope["method"],
            path=_route(scope),
            status=self._status,
            ms=round((time.perf_counter() - self._began) * 1_000, 2),
            by=principal.kind.value if isinstance(principal, Principal) else "",
        )


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or not path.startswith("/v1")


def _host_name(host: str) -> str:
    name = host.lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0]


def _origin(headers: Headers) -> str | None:
    origin = headers.get("origin")
    return None if origin is None else origin.lower()


def _bearer(headers: Headers) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _socket_token(scope: Scope) -> str:
    """Find a socket's token: browsers send it as a subprotocol, others as a header or `?token=`."""
    token = _bearer(Headers(scope=scope))
    for offered in scope.get("subprotocols", ()):
        if offered.startswith(BEARER_SUBPROTOCOL):
            token = offered.removeprefix(BEARER_SUBPROTOCOL)
    return token or QueryParams(scope["query_string"]).get("token", "")


async def _read_body(scope: Scope, headers: Headers, receive: Receive) -> Receive:
    if scope["method"] not in _WRITES or _says_all_in_its_address(scope, headers):
        return receive
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise Fault(FaultCode.API_MEDIA_TYPE)
    limit = _IMAGES_MAX if scope["path"].endswith("/face") else API_BODY_BYTES_MAX
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise Fault(FaultCode.API_BODY_TOO_LARGE, limit_bytes=limit)
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            body = await _collect(receive, limit)
    except TimeoutError:
        raise Fault(
            FaultCode.API_BODY_INVALID, detail=Words("the body did not arrive", "正文没有传完")
        ) from None
    return _replay(body, receive)


def _says_all_in_its_address(scope: Scope, headers: Headers) -> bool:
    """Tell a write without a body that no page can send without asking first.

    A page asks first for every DELETE, and for whatever carries a token.
    """
    says_nothing = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    with_token = bool(_bearer(headers)) and "content-type" not in headers
    return says_nothing and (scope["method"] == "DELETE" or with_token)


async def _collect(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > limit:
            raise Fault(FaultCode.API_BODY_TOO_LARGE, limit_bytes=limit)
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    waiting = [body]

    async def once() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return once


def _preflight(headers: Headers) -> Response:
    allowed = {
        "Access-Control-Allow-Methods": ALLOWED_METHODS,
        "Access-Control-Allow-Headers": ALLOWED_HEADERS,
        "Access-Control-Max-Age": "600",
    }
    if headers.get("access-control-request-private-network") == "true":
        allowed["Access-Control-Allow-Private-Network"] = "true"
    return Response(status_code=204, headers=allowed)


async def _deny(scope: Scope, receive: Receive, send: Send, fault: Fault) -> None:
    if "websocket.http.response" in scope.get("extensions", {}):
        await fault_response(fault)(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": fault.code.value})


def _route(scope: Scope) -> str:
    """Return the route's template: the path itself could carry identifiers."""
    return str(getattr(scope.get("route"), "path", "unmatched"))


def _frames(error: Exception) -> list[str]:
    frames: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames[-8:]
