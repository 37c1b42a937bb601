"""JSON posted to a provider, signed; its shape is what HQ's settings say.

Signature: `X-Regulars-Signature: v1=` and the hexadecimal HMAC-SHA256, under the shared secret, of
`<X-Regulars-Timestamp>.<body>`. Redirects are not followed: a number goes where HQ said.
"""

import hashlib
import hmac
import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cloud_broker.ports.clock import Clock
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

ANSWER_BYTES_MAX = 64 * 1024
_MS = 1_000


class SignedJson:
    """One address; `setting` is what names it where it is wrong."""

    def __init__(
        self, url: str, secret: bytes, clock: Clock, *, setting: str, timeout_s: float
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=setting, detail=url)
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._secret = secret
        self._clock = clock
        self._timeout_s = timeout_s

    def post(
        self, body: Any, values: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Post a body with its places filled; return status and answer.

        Raises OSError, http.client.HTTPException.
        """
        content = json.dumps(filled_in(body, values), ensure_ascii=False).encode()
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_s)
        try:
            connection.request(
                "POST", self._path, content, {**self._headers(content), **(headers or {})}
            )
            with connection.getresponse() as response:
                return response.status, response.read(ANSWER_BYTES_MAX)
        finally:
            connection.close()

    def _headers(self, content: bytes) -> dict[str, str]:
        stamp = str(self._clock.now_ms() // _MS)
        signed = hmac.new(self._secret, f"{stamp}.".encode() + content, hashlib.sha256)
        return {
            "Content-Type": "application/json; charset=utf-8",
            "X-Regulars-Timestamp": stamp,
            "X-Regulars-Signature": f"v1={signed.hexdigest()}",
        }


def filled_in(part: Any, values: Mapping[str, str]) -> Any:
    """Return a template with its places filled, string by string: no value can break the JSON."""
    if isinstance(part, str):
        for place, value in values.items():
            part = part.replace(place, value)
        return part
    if isinstance(part, Mapping):
        return {name: filled_in(one, values) for name, one in part.items()}
    if isinstance(part, list):
        return [filled_in(one, values) for one in part]
    return part
