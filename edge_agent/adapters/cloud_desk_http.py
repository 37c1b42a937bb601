"""HTTP to the cloud about what a box holds; a connection of its own for each question."""

import http.client
from http import HTTPStatus
from urllib.parse import urlsplit

from edge_agent.adapters.outgoing import Outgoing
from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode
from retail_core.wire.fleet import FleetSheet, FleetWord, decode_sheet
from retail_core.wire.restored import BoxStanding, CloudHolds, decode_holds
from retail_core.wire.rights import RightsAnswer, RightsAsked, decode_answer

# A till waits for rights, nobody for the other.
ASK_TIMEOUT_S = 1.0
STAND_TIMEOUT_S = 20.0
# Up to 4 MB over a line of 0.5 Mbit/s.
HAND_IN_TIMEOUT_S = 90.0
MSGPACK = "application/msgpack"


class HttpCloudDesk:
    """Fulfils `CloudDesk`, `FleetLine` and `ArchiveLine`; safe to call from any thread."""

    def __init__(self, url: str, token: str, outgoing: Outgoing | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="cloud.url", detail=url)
        self._secure = parts.scheme == "https"
        self._out = outgoing or Outgoing()
        self._host, self._port = parts.hostname, parts.port
        self._base = parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": MSGPACK}

    def stand(self, standing: BoxStanding) -> CloudHolds:
        """Tell a restored cloud what is held here."""
        return decode_holds(self._post("standing", encode(standing), STAND_TIMEOUT_S))

    def ask_rights(self, asked: RightsAsked) -> RightsAnswer:
        """Ask for rights that lie in other stores."""
        return decode_answer(self._post("rights", encode(asked), ASK_TIMEOUT_S))

    def exchange(self, word: FleetWord) -> FleetSheet:
        """Say what became of settings and commands; hear what is wanted."""
        return decode_sheet(self._post("fleet", encode(word), STAND_TIMEOUT_S))

    def hand_in(self, content: bytes) -> None:
        """Hand over what HQ asked for."""
        self._post("diagnostics", content, HAND_IN_TIMEOUT_S)

    def _post(self, tail: str, content: bytes, timeout_s: float) -> bytes:
        connection = self._out.connection(self._host, self._port, timeout_s, secure=self._secure)
        try:
            connection.request("POST", f"{self._base}/v1/device/{tail}", content, self._headers)
            with connection.getresponse() as response:
                body = response.read(limits.FRAME_BYTES_MAX + 1)
                status = response.status
        except (OSError, http.client.HTTPException) as error:
            raise Fault(FaultCode.SYNC_LINK_DOWN, reason=type(error).__name__) from error
        finally:
            connection.close()
        if status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
            return body
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise Fault(FaultCode.API_TOKEN_WRONG)
        raise Fault(FaultCode.SYNC_LINK_DOWN, status=status)
