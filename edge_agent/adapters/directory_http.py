"""HTTP to the cloud for what is asked rather than sent: a member on a miss, a gap, a catalogue.

Short patience on purpose: a till waits behind some of these calls, and the shop can do without.
Connections are kept and reused; one that the server closed meanwhile is tried once more.
"""

import base64
import http.client
import json
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from edge_agent.adapters.fetched import fetched_receipt
from edge_agent.adapters.outgoing import HTTP, Outgoing
from edge_agent.ports.cloud_link import FetchedMember, FetchedReceipt
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_change, decode_member
from retail_core.wire.messages import ChangeFrame
from retail_core.wire.snapshot import (
    Bucket,
    BucketsApart,
    BucketSums,
    open_apart,
    open_bucket,
    say_sums,
)

CONNECT_TIMEOUT_S = 0.4
READ_TIMEOUT_S = 1.0
WEIGHTS_TIMEOUT_S = 20.0
IDLE_CONNECTIONS_MAX = 4
BODY_BYTES_MAX = 64 * 1024 * 1024
NO_HEADERS: Mapping[str, str] = {}

_BROKEN = (OSError, http.client.HTTPException)
_ENDED_MEANWHILE = (ConnectionError, http.client.BadStatusLine)


class HttpDirectory:
    """Fulfils `CloudDirectory`; safe to call from any thread."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
        outgoing: Outgoing | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="cloud.url", detail=url)
        secure = parts.scheme == "https"
        out = self._out = outgoing or Outgoing()
        host, port, base = parts.hostname, parts.port, parts.path.rstrip("/")
        self._connect: Callable[[], http.client.HTTPConnection] = lambda: out.connection(
            host, port, connect_timeout_s, secure=secure
        )
        self._base = base
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        self._read_timeout_s = read_timeout_s
        self._lock = threading.Lock()
        self._idle: list[http.client.HTTPConnection] = []
        self._slow_lock = threading.Lock()
        self._slow: http.client.HTTPConnection | None = None
        self._closed = False

    def fetch_member(self, kind: str, value: bytes) -> FetchedMember | None:
        """Look a member up by `phone_key`, `card` or `phone`, and join her interest set."""
        query = urlencode({"kind": kind, "value": value.hex()})
        status, body = self._get(f"/v1/device/members?{query}")
        if status == HTTPStatus.NOT_FOUND:
            return None
        return _fetched(self._expected(status, body))

    def changes_since(self, pos: int) -> ChangeFrame:
        """Fetch the store's feed after a position, to close a gap."""
        return decode_change(self._content(f"/v1/device/changes?since={pos}"))

    def kept_since(self, pos: int) -> ChangeFrame:
        """Fetch what of the feed no snapshot holds: leases and the like, after a position."""
        return decode_change(self._content(f"/v1/device/kept?since={pos}"))

    def snapshot(self) -> bytes:
        """Fetch the manifest of the store's members."""
        return self._expected(*self._patiently("/v1/device/snapshot"))

    def snapshot_part(self, sha256: bytes, start: int, size: int) -> bytes:
        """Fetch up to `size` bytes of a segment, over a connection that is kept for it."""
        wanted = {"Range": f"bytes={start}-{start + size - 1}"}
        status, body = self._patiently(f"/v1/device/snapshot/{sha256.hex()}", wanted)
        if status != HTTPStatus.PARTIAL_CONTENT:
            return self._expected(status, b"")
        return body[:size]

    def compare_buckets(self, sums: BucketSums) -> BucketsApart:
        """Let the cloud compare what is held here."""
        json_ = {"Content-Type": "application/json"}
        told = self._patiently("/v1/device/buckets", json_, say_sums(sums))
        return open_apart(self._expected(*told))

    def bucket(self, bucket: int) -> Bucket:
        """Fetch the members of one bucket."""
        return open_bucket(self._expected(*self._patiently(f"/v1/device/buckets/{bucket}")))

    def catalogue(self, version: int) -> bytes:
        """Fetch a catalogue's bytes."""
        return self._content(f"/v1/device/catalogue/{version}")

    def bundle(self, version: int) -> bytes:
        """Fetch a rule bundle's signed bytes."""
        return self._content(f"/v1/device/bundle/{version}")

    def stock(self) -> bytes:
        """Fetch what lies in this store."""
        return self._content("/v1/device/stock")

    def recommendations(self) -> bytes:
        """Fetch the newest table of recommendations."""
        return self._content("/v1/device/recommendations")

    def models(self, version: int | None) -> bytes:
        """Fetch a signed bundle of models, the newest when no version is asked for."""
        return self._content("/v1/device/models" + ("" if version is None else f"/{version}"))

    def model_file(self, sha256: str) -> bytes:
        """Fetch weights by their SHA-256; nobody waits behind this, so it may take its time."""
        connection = self._connect()
        try:
            connection.connect()
            _patience(connection, WEIGHTS_TIMEOUT_S)
            answer = self._exchange(connection, f"/v1/device/model-files/{sha256}")
        except _BROKEN as error:
            raise _down(error) from error
        finally:
            connection.close()
        return self._expected(*answer)

    def face_enablement(self) -> bytes:
        """Fetch HQ's signed leave to recognise faces in this store, which may say no."""
        return self._content("/v1/device/face")

    def name_map(self) -> dict[str, str]:
        """Fetch the reviewed mapping of printed names to skus."""
        found = _json(self._content("/v1/device/name-map"))
        if not isinstance(found, dict):
            raise Fault(FaultCode.WIRE_MALFORMED)
        return {str(name): str(sku) for name, sku in found.items()}

    def receipt(self, receipt_id: UUID) -> FetchedReceipt | None:
        """Look a receipt of any shop up, with every refund of it; None when none has come."""
        status, body = self._get(f"/v1/device/receipts/{receipt_id}")
        if status == HTTPStatus.NOT_FOUND:
            return None
        return fetched_receipt(_json(self._expected(status, body)))

    def receipts_by_number(self, number: str, day: int) -> tuple[FetchedReceipt, ...]:
        """Return a business day's receipts of any shop with this printed number, a few at most."""
        query = urlencode({"number": number, "day": day})
        found = _json(self._content(f"/v1/device/receipts?{query}"))
        if not isinstance(found, list):
            raise Fault(FaultCode.WIRE_MALFORMED)
        return tuple(fetched_receipt(one) for one in found)

    def close(self) -> None:
        """Close connections; safe to call twice."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        with self._slow_lock:
            slow, self._slow = self._slow, None
        if slow is not None:
            slow.close()

    # ---- inside ---------------------------------------------------------------------------------

    def _content(self, path: str) -> bytes:
        return self._expected(*self._get(path))

    def _expected(self, status: int, body: bytes) -> bytes:
        if status == HTTPStatus.OK:
            return body
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise Fault(FaultCode.API_TOKEN_WRONG)
        if status == HTTPStatus.NOT_FOUND:
            raise Fault(FaultCode.API_NOT_FOUND, what="cloud")
        if status == HTTPStatus.GONE:
            raise Fault(FaultCode.SYNC_REFETCH)
        raise Fault(FaultCode.SYNC_LINK_DOWN, status=status)

    def _get(self, path: str) -> tuple[int, bytes]:
        with self._lock:
            kept = self._idle.pop() if self._idle else None
        if kept is not None:
            try:
                return self._ask(kept, path)
            except _ENDED_MEANWHILE:
                pass  # the server closed the kept connection; a new one tells whether it is there
            except _BROKEN as error:
                raise _down(error) from error
        try:
            return self._ask(self._connect(), path)
        except _BROKEN as error:
            raise _down(error) from error

    def _ask(self, connection: http.client.HTTPConnection, path: str) -> tuple[int, bytes]:
        try:
            status, body = self._exchange(connection, path)
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        return status, body

    def _patiently(
        self, path: str, headers: Mapping[str, str] = NO_HEADERS, body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Ask over a connection of its own, whose answers may take their time: no till waits."""
        with self._slow_lock:
            kept, self._slow = self._slow, None
            if kept is not None:
                with suppress(*_ENDED_MEANWHILE):  # the server closed it: a new one will tell
                    return self._slowly(kept, path, headers, body)
            try:
                return self._slowly(self._connect(), path, headers, body)
            except _ENDED_MEANWHILE as error:
                raise _down(error) from error

    def _slowly(
        self,
        connection: http.client.HTTPConnection,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> tuple[int, bytes]:
        try:
            if connection.sock is None:
                connection.connect()
                _patience(connection, WEIGHTS_TIMEOUT_S)
            self._slow = connection
            return self._exchange(connection, path, headers, body)
        except BaseException as error:
            self._slow = None
            connection.close()
            if isinstance(error, _BROKEN) and not isinstance(error, _ENDED_MEANWHILE):
                raise _down(error) from error
            raise

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        path: str,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes | None = None,
    ) -> tuple[int, bytes]:
        if connection.sock is None:
            connection.connect()
            _patience(connection, self._read_timeout_s)
        method = "GET" if body is None else "POST"
        said = self._headers | dict(headers)
        connection.request(method, self._base + path, body=body, headers=said)
        with connection.getresponse() as response:
            body = response.read(BODY_BYTES_MAX + 1)
            if len(body) > BODY_BYTES_MAX:
                raise Fault(FaultCode.WIRE_TOO_LARGE, limit=BODY_BYTES_MAX)
            self._out.meter.look(HTTP, connection.sock)
            return response.status, body

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < IDLE_CONNECTIONS_MAX:
                self._idle.append(connection)
                return
        connection.close()


def _down(error: Exception) -> Fault:
    return Fault(FaultCode.SYNC_LINK_DOWN, reason=type(error).__name__)


def _patience(connection: http.client.HTTPConnection, timeout_s: float) -> None:
    """Give the answers of an open connection another patience than connecting had."""
    opened: object = connection.sock
    if isinstance(opened, socket.socket):
        opened.settimeout(timeout_s)


def _json(body: bytes) -> object:
    try:
        found: object = json.loads(body)
    except ValueError:
        raise Fault(FaultCode.WIRE_MALFORMED) from None
    return found


def _fetched(body: bytes) -> FetchedMember:
    found = _json(body)
    try:
        if not isinstance(found, dict):
            raise TypeError("not an object")  # noqa: TRY301 -- one refusal for every bad shape
        record = decode_member(base64.b64decode(found["record"], validate=True))
        return FetchedMember(UUID(found["member_id"]), int(found["ver"]), record)
    except (KeyError, TypeError, ValueError):
        raise Fault(FaultCode.WIRE_MALFORMED) from None
