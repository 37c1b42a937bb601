"""Codes by SMS over a provider's HTTP interface; how it is signed is said in `signed_json`."""

import http.client
from collections.abc import Mapping
from typing import Any

from cloud_broker.adapters.signed_json import SignedJson
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.sms import SmsMessage
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

TIMEOUT_S = 4.0
BODY = {"id": "{id}", "phone": "+{phone}", "text": "{text}", "code": "{code}"}
_OK = range(200, 300)


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
        self._post = SignedJson(url, secret, clock, setting="sms_url", timeout_s=timeout_s).post
        self._body = BODY if body is None else body

    def send(self, message: SmsMessage) -> None:
        """Hand a message over; Fault SMS_NOT_SENT when it was not taken."""
        values = {
            "{phone}": message.phone,
            "{text}": message.text,
            "{code}": message.code,
            "{id}": str(message.message_id),
        }
        try:
            status, _ = self._post(self._body, values)
        except (OSError, http.client.HTTPException) as error:
            raise Fault(FaultCode.SMS_NOT_SENT, reason=type(error).__name__) from None
        if status not in _OK:
            raise Fault(FaultCode.SMS_NOT_SENT, status=status)
