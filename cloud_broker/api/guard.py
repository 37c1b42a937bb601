"""The gate in front of every route: host, origin, media type, size; and safe headers behind it.

A page on a foreign site cannot get in by DNS rebinding (host) or with a forged form (origin, media
type), and nobody makes us read an endless body.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud_broker.api.errors import fault_response
from cloud_broker.ports.clock import IdSource
from retail_core import limits
from retail_core.errors import Fault
from retail_core.insight.collection import limits as collection
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

SAFE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# A page of another site can send neither without asking first.
_MEDIA = frozenset({"application/json", "application/msgpack"})
_API: Final = "/v1/"
_LONG: Final = ("/v1/master/", "/masters", "/offers/drafts/", "/v1/hq/offers")
_DIAGNOSTICS: Final = "/v1/device/diagnostics"
# What SDKs of other pages call, each by its name and by the letter that pages use. They come from
# other sites with other media types; a key or a signature opens them, never a cookie.
CALLS: Final = ("track", "identify", "alias", "group", "page", "screen", "batch")
_COLLECT: Final = frozenset(f"/v1/{said}" for name in CALLS for said in (name, name[0]))
CONNECT: Final = "/v1/connect/"

log = structlog.get_logger("cloud.api")


@dataclass(frozen=True, slots=True)
class Gate:
    """Names under which we are reached; no name at all means any (behind a proxy that checks)."""

    hosts: frozenset[str]


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, gate: Gate, tally: FaultTally, ids: IdSource) -> None:
        self._app = app
        self._gate = gate
        self._tally = tally
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with a coded refusal."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        try:
            body = await self._admitted(scope, receive)
            await self._app(scope, body, answer.send)
        except Fault as refused:
            self._tally.count(refused.code)
            await fault_response(refused)(scope, receive, answer.send)
        except Exception as error:
            fault = self._unexpected(error, scope)
            if answer.started:
                raise
            await fault_response(fault)(scope, receive, answer.send)

    async def _admitted(self, scope: Scope, receive: Receive) -> Receive:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        name = (urlsplit(f"//{host}").hostname or "") if _plain(host) else ""
        if name not in self._gate.hosts:
            raise Fault(FaultCode.API_HOST_REFUSED, host=host[:100])
        if scope["method"] not in _WRITES:
            return receive
        if scope["path"] in _COLLECT or scope["path"].startswith(CONNECT):
            return await _collected(headers, receive)
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            raise Fault(FaultCode.API_ORIGIN_REFUSED, origin=origin[:100])
        media = headers.get("content-type", "").partition(";")[0].strip().lower()
        if scope["path"].startswith(_API) and media not in _MEDIA:
            raise Fault(FaultCode.API_MEDIA_TYPE)
        return await _read(headers, receive, _limit(scope["path"], headers))

    def _unexpected(self, error: Exception, scope: Scope) -> Fault:
        ref = self._ids.random_bytes(4).hex()
        self._tally.count(FaultCode.API_INTERNAL)
        # The type only: an exception's message may quote a member's data.
        log.error("unexpected", ref=ref, error=type(error).__name__, path=scope["path"])
        return Fault(FaultCode.API_INTERNAL, ref=ref)


class _Answer:
    """Adds the safe headers that an answer does not set itself."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in SAFE_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _plain(host: str) -> bool:
    """Return whether a Host header holds a name and a port and nothing that only looks so."""
    return host.isascii() and not set(host) & set("/@?#\\ ")


def _limit(path: str, headers: Headers) -> int:
    """Return how long a body may be: what is long comes with a token."""
    named = "authorization" in headers or "cookie" in headers
    if named and path.startswith(_LONG):
        return limits.MASTER_BYTES_MAX
    if named and path == _DIAGNOSTICS:
        return limits.ARCHIVE_BYTES_MAX
    return limits.API_BODY_BYTES_MAX


async def _collected(headers: Headers, receive: Receive) -> Receive:
    """Read what an SDK sends; one that is too long hears it with the status its senders know."""
    limit = collection.BATCH_BYTES_MAX
    try:
        return await _read(headers, receive, limit)
    except Fault:
        raise Fault(FaultCode.COLLECT_TOO_LARGE, limit_bytes=limit) from None


async def _read(headers: Headers, receive: Receive, limit: int) -> Receive:
    """Read the whole body within the limit and hand it on."""
    said = headers.get("content-length", "0")
    if not said.isdecimal() or int(said) > limit:
        raise Fault(FaultCode.API_BODY_TOO_LARGE, limit_bytes=limit)
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            raise Fault(FaultCode.API_BODY_TOO_LARGE, limit_bytes=limit)
    handed = False

    async def again() -> Message:
        nonlocal handed
        if handed:
            return await receive()
        handed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
