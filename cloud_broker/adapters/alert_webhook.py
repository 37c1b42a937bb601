"""Alerts to somebody's HTTP address, signed as Standard Webhooks says.

Signed is `<webhook-id>.<webhook-timestamp>.<body>` with HMAC-SHA256; after a rotation two
signatures stand side by side. Redirects are not followed: a message goes where HQ said.
"""

import base64
import hashlib
import hmac
import http.client
from collections.abc import Sequence
from urllib.parse import urlsplit

from cloud_broker.ports.alerts import AlertRule, Post
from cloud_broker.ports.clock import Clock
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

TIMEOUT_S = 5.0
ANSWER_BYTES_MAX = 64 * 1024
_OK = range(200, 300)
_GONE = 410
_MS = 1_000


class WebhookAlerts:
    """Fulfils `AlertSender`."""

    def __init__(self, clock: Clock, *, timeout_s: float = TIMEOUT_S) -> None:
        self._clock = clock
        self._timeout_s = timeout_s

    def send(self, rule: AlertRule, post: Post, secrets: Sequence[bytes]) -> None:
        """Hand a message over; Fault ALERT_NOT_SENT, ALERT_REFUSED when the address is gone."""
        content = post.body.encode()
        stamp = self._clock.now_ms() // _MS
        signed = " ".join(signature(key, str(post.post), stamp, content) for key in secrets)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "regulars",
            "webhook-id": str(post.post),
            "webhook-timestamp": str(stamp),
            "webhook-signature": signed,
        }
        try:
            status = self._post(rule.target, content, headers)
        except (OSError, http.client.HTTPException) as error:
            raise Fault(FaultCode.ALERT_NOT_SENT, reason=type(error).__name__) from None
        if status == _GONE:
            raise Fault(FaultCode.ALERT_REFUSED, reason=f"HTTP {status}")
        if status not in _OK:
            raise Fault(FaultCode.ALERT_NOT_SENT, reason=f"HTTP {status}")

    def _post(self, url: str, content: bytes, headers: dict[str, str]) -> int:
        parts = urlsplit(url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(parts.hostname or "", parts.port, timeout=self._timeout_s)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", path, content, headers)
            with connection.getresponse() as response:
                response.read(ANSWER_BYTES_MAX)
                return response.status
        finally:
            connection.close()


def signature(key: bytes, name: str, stamp: int, content: bytes) -> str:
    """Return one signature of a message."""
    signed = hmac.new(key, f"{name}.{stamp}.".encode() + content, hashlib.sha256)
    return "v1," + base64.b64encode(signed.digest()).decode()
