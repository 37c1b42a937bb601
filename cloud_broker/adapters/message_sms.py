"""Advertisements by SMS: a provider's HTTP interface, or the terminal for trying things out.

The provider is told our id in the body and as `Idempotency-Key`: a message that is tried again
after an answer was lost is the same one. What is refused for good (4xx) is not tried again.
"""

import http.client
from collections.abc import Mapping
from typing import Any, Final, TextIO

import msgspec

from cloud_broker.adapters.signed_json import SignedJson
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.messages import Outgoing
from retail_core.errors import Fault
from retail_core.identity.naming import mask_phone
from retail_core.texts.faults import FaultCode

TIMEOUT_S: Final = 5.0
REF_CHARS_MAX: Final = 100
BODY: Final = {"id": "{id}", "phone": "+{phone}", "text": "{text}", "template": "{template}"}
_OK = range(200, 300)
# Too slow, too many: the same message may be taken later.
_LATER: Final = frozenset({408, 425, 429})
_CLIENT_ERRORS = range(400, 500)


class _Taken(msgspec.Struct):
    id: str = ""


class SmsMessages:
    """Fulfils `MessageSender`; `body` is JSON with `{phone} {text} {template} {id}` in strings."""

    def __init__(
        self,
        url: str,
        secret: bytes,
        clock: Clock,
        body: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        setting = "message_sms_url"
        self._post = SignedJson(url, secret, clock, setting=setting, timeout_s=timeout_s).post
        self._body = BODY if body is None else body

    def send(self, message: Outgoing) -> str:
        """Hand a message over; return the provider's name for it, "" if it has none.

        Faults MESSAGE_NOT_SENT when trying again can help, MESSAGE_REFUSED when it cannot.
        """
        named = str(message.message)
        values = {
            "{phone}": message.address,
            "{text}": message.text,
            "{template}": message.provider_code,
            "{id}": named,
        }
        try:
            status, answer = self._post(self._body, values, {"Idempotency-Key": named})
        except (OSError, http.client.HTTPException) as error:
            raise _fault(FaultCode.MESSAGE_NOT_SENT, type(error).__name__) from None
        if status in _OK:
            return _ref(answer)
        if status in _CLIENT_ERRORS and status not in _LATER:
            raise _fault(FaultCode.MESSAGE_REFUSED, f"HTTP {status}")
        raise _fault(FaultCode.MESSAGE_NOT_SENT, f"HTTP {status}")


class ScreenMessages:
    """Fulfils `MessageSender`: a message stands on the terminal of whoever runs the cloud."""

    def __init__(self, out: TextIO, channel: str) -> None:
        self._out = out
        self._channel = channel

    def send(self, message: Outgoing) -> str:
        """Write the message; the address is masked here too."""
        shown = mask_phone(message.address) if self._channel == "sms" else "…"
        self._out.write(f"{self._channel} {shown}: {message.text}\n")
        self._out.flush()
        return ""


def _ref(answer: bytes) -> str:
    try:
        return msgspec.json.decode(answer, type=_Taken).id[:REF_CHARS_MAX]
    except msgspec.MsgspecError:
        return ""


def _fault(code: FaultCode, reason: str) -> Fault:
    return Fault(code, channel="sms", reason=reason)
