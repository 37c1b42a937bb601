"""The `PointAccount` at Pospal, over HTTP.

What could not be sent and what was not answered are two things: only the first may be sent again
without a look.
"""

import http.client
from collections.abc import Callable
from datetime import tzinfo
from http import HTTPStatus
from urllib.parse import urlsplit

from edge_agent.domain.point_push import Reading
from edge_agent.drivers.till_software import pospal
from edge_agent.drivers.till_software.pospal import PospalKeys, Request
from edge_agent.ports.clock import Clock
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

ANSWER_BYTES_MAX = 256 * 1024
Exchange = Callable[[Request], tuple[int, bytes]]
"""Sends a request; Faults SOFTWARE_UNREACHABLE (not sent) and SOFTWARE_OUTCOME_UNKNOWN (sent)."""

_BROKEN = (OSError, http.client.HTTPException)


class HttpExchange:
    """Sends each request on a connection of its own: one that was kept may be gone unnoticed."""

    def __init__(self, url: str, timeout_ms: int) -> None:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        host, port, timeout_s = parts.hostname or "", parts.port, timeout_ms / 1000
        self._base = parts.path.rstrip("/")
        self._connect: Callable[[], http.client.HTTPConnection] = lambda: kind(
            host, port, timeout=timeout_s
        )

    def __call__(self, request: Request) -> tuple[int, bytes]:
        """Send a request and return status and body."""
        connection = self._connect()
        try:
            connection.connect()
        except _BROKEN:
            connection.close()
            raise Fault(FaultCode.SOFTWARE_UNREACHABLE) from None
        try:
            connection.request(
                "POST", self._base + request.path, request.body, dict(request.headers)
            )
            answer = connection.getresponse()
            return answer.status, answer.read(ANSWER_BYTES_MAX)
        except _BROKEN:
            raise Fault(FaultCode.SOFTWARE_OUTCOME_UNKNOWN) from None
        finally:
            connection.close()


class PospalAccount:
    """Fulfils `PointAccount`."""

    def __init__(self, keys: PospalKeys, exchange: Exchange, clock: Clock, zone: tzinfo) -> None:
        self._keys = keys
        self._exchange = exchange
        self._clock = clock
        self._zone = zone

    def find(self, phone: str) -> str | None:
        """Return the customer with this phone number, None when there is not exactly one."""
        asked = pospal.asked_by_phone(self._keys, phone, self._now_ms())
        return pospal.found_customer(self._answered(asked))

    def read(self, customer: str) -> Reading:
        """Return what a customer has now."""
        asked = pospal.asked_by_uid(self._keys, customer, self._now_ms())
        return pospal.reading_of(self._answered(asked))

    def add(self, customer: str, points: int, at_ms: int) -> None:
        """Add points; returns when the answer says that exactly these were added."""
        asked = pospal.asked_to_add(self._keys, customer, points, at_ms, self._zone)
        pospal.confirm_added(self._answered(asked), customer, points)

    def _answered(self, request: Request) -> bytes:
        status, body = self._exchange(request)
        if status != HTTPStatus.OK:
            raise Fault(FaultCode.SOFTWARE_OUTCOME_UNKNOWN)
        return body

    def _now_ms(self) -> int:
        return self._clock.now().wall_ms
