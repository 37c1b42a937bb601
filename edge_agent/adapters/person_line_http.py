"""HTTP to the cloud for codes by SMS and for the summary of known persons.

A connection of its own for each question: a POST is not tried again by itself, a second message
would cost money and end the first code.
"""

import http.client
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from edge_agent.adapters.outgoing import Outgoing
from edge_agent.ports.person_line import CodeChecked, CodeWanted
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.persons import PersonsPlan, decode_plan

# The provider of SMS may take four seconds; a clerk waits for it, a sale does not.
SEND_TIMEOUT_S = 6.0
CHECK_TIMEOUT_S = 2.0
FETCH_TIMEOUT_S = 20.0
BODY_BYTES_MAX = 1 << 30
_SAID = frozenset(
    {
        FaultCode.SMS_PHONE_OTHER,
        FaultCode.SMS_TOO_OFTEN,
        FaultCode.SMS_NOT_SENT,
        FaultCode.SMS_OFF,
        FaultCode.SMS_MEMBER_UNCONFIRMED,
    }
)
_OUTCOMES = frozenset({"right", "wrong", "over"})


class HttpPersonLine:
    """Fulfils `PersonLine`; safe to call from any thread."""

    def __init__(self, url: str, token: str, outgoing: Outgoing | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="cloud.url", detail=url)
        self._secure = parts.scheme == "https"
        self._out = outgoing or Outgoing()
        self._host, self._port = parts.hostname, parts.port
        self._base = parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}

    def send_code(self, wanted: CodeWanted) -> int:
        """Let a code be sent; return for how many seconds it holds (Faults of M147 to M154)."""
        asked = {
            "member_id": str(wanted.member),
            "lane": wanted.lane,
            "phone": f"+{wanted.digits}",
            "language": wanted.language,
        }
        found = self._posted("/v1/device/sms", asked, SEND_TIMEOUT_S)
        expires_s = found.get("expires_s")
        if not isinstance(expires_s, int):
            raise Fault(FaultCode.WIRE_MALFORMED)
        return expires_s

    def check_code(self, member: UUID, lane: str, code: str) -> CodeChecked:
        """Try a code where it was sent for."""
        asked = {"member_id": str(member), "lane": lane, "code": code}
        found = self._posted("/v1/device/sms/check", asked, CHECK_TIMEOUT_S)
        outcome, left = found.get("outcome"), found.get("left")
        if outcome not in _OUTCOMES or not isinstance(left, int):
            raise Fault(FaultCode.WIRE_MALFORMED)
        return CodeChecked(outcome, left)

    def persons(self, held: int) -> PersonsPlan | None:
        """Ask how a summary (0 for none) becomes the newest; None when there is none."""
        status, body = self._exchange("GET", f"/v1/device/persons?held={held}", FETCH_TIMEOUT_S)
        return None if status == HTTPStatus.NOT_FOUND else decode_plan(_expected(status, body))

    def persons_whole(self, version: int) -> bytes:
        """Fetch a summary as a whole; Fault API_NOT_FOUND when a newer one is there."""
        return _expected(*self._exchange("GET", f"/v1/device/persons/{version}", FETCH_TIMEOUT_S))

    # ---- inside ---------------------------------------------------------------------------------

    def _posted(self, path: str, asked: Mapping[str, str], timeout_s: float) -> dict[str, Any]:
        content = json.dumps(asked).encode()
        found = _json(_expected(*self._exchange("POST", path, timeout_s, content)))
        if not isinstance(found, dict):
            raise Fault(FaultCode.WIRE_MALFORMED)
        return found

    def _exchange(
        self, method: str, path: str, timeout_s: float, content: bytes | None = None
    ) -> tuple[int, bytes]:
        connection = self._out.connection(self._host, self._port, timeout_s, secure=self._secure)
        headers = self._headers | ({} if content is None else {"Content-Type": "application/json"})
        try:
            connection.request(method, self._base + path, content, headers)
            with connection.getresponse() as response:
                body = response.read(BODY_BYTES_MAX + 1)
                if len(body) > BODY_BYTES_MAX:
                    raise Fault(FaultCode.WIRE_TOO_LARGE, limit=BODY_BYTES_MAX)
                return response.status, body
        except (OSError, http.client.HTTPException) as error:
            raise Fault(FaultCode.SYNC_LINK_DOWN, reason=type(error).__name__) from error
        finally:
            connection.close()


def _expected(status: int, body: bytes) -> bytes:
    """Return a good answer's body, else raise what the cloud said or what it comes to."""
    if status == HTTPStatus.OK:
        return body
    said = _fault_in(body)
    if said is not None:
        raise said
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise Fault(FaultCode.API_TOKEN_WRONG)
    if status == HTTPStatus.NOT_FOUND:
        raise Fault(FaultCode.API_NOT_FOUND, what="cloud")
    raise Fault(FaultCode.SYNC_LINK_DOWN, status=status)


def _fault_in(body: bytes) -> Fault | None:
    """Return what is meant for the clerk; everything else is between the box and the cloud."""
    try:
        told = json.loads(body)
        code = FaultCode(told["code"])
        fields = {str(name): str(value) for name, value in told["fields"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return Fault(code, **fields) if code in _SAID else None


def _json(body: bytes) -> object:
    try:
        found: object = json.loads(body)
    except ValueError:
        raise Fault(FaultCode.WIRE_MALFORMED) from None
    return found
