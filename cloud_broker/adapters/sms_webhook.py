"""SMS over a provider's HTTP interface: one signed POST of JSON, whose shape HQ's settings say.

Signature: `X-Regulars-Signature: v1=` and the hexadecimal HMAC-SHA256, under the shared secret, of
`<X-Regulars-Timestamp>.<body>`. Redirects are not followed: the number goes where HQ said.
"""

import hashlib
import hmac
import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.sms import SmsMessage
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

TIMEOUT_S = 4.0
ANSWER_BYTES_MAX = 64 * 1024
BODY = {"id": "{id}", "phone": "+{phone}", "text": "{text}", "code": "{code}"}
_OK = range(200, 300)
_MS = 1_000


class WebhookSms:
    """Fulfils `SmsSender`; `body` is JSON with `{phone} {text} {code} {id}` in its strings."""

    def __init__(
        self,
        url: str,
        secret: bytes,
        clock: Clock,
        body: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="sms_url", detail=url)
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._secret = secret
        self._clock = clock
        self._body = BODY if body is None else body
        self._timeout_s = timeout_s

    def send(self, message: SmsMessage) -> None:
        """Hand a message over; Fault SMS_NOT_SENT when it was not taken."""
        values = {
            "{phone}": message.phone,
            "{text}": message.text,
            "{code}": message.code,
            "{id}": str(message.message_id),
        }
        content = json.dumps(_filled(self._body, values), ensure_ascii=False).encode()
        try:
            status = self._post(content)
        except (OSError, http.client.HTTPException) as error:
            raise Fault(FaultCode.SMS_NOT_SENT, reason=type(error).__name__) from None
        if status not in _OK:
            raise Fault(FaultCode.SMS_NOT_SENT, status=status)

    def _post(self, content: bytes) -> int:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_s)
        try:
            connection.request("POST", self._path, content, self._headers(content))
            with connection.getresponse() as response:
                response.read(ANSWER_BYTES_MAX)
                return response.status
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


def _filled(part: Any, values: Mapping[str, str]) -> Any:
    """Return a template with its places filled, string by string: no value can break the JSON."""
    if isinstance(part, str):
        for place, value in values.items():
            part = part.replace(place, value)
        return part
    if isinstance(part, Mapping):
        return {name: _filled(one, values) for name, one in part.items()}
    if isinstance(part, list):
        return [_filled(one, values) for one in part]
    return part
