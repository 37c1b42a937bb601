"""Asks the cloud for the time: one short question over a connection of its own."""

from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException
from urllib.parse import urlsplit

from edge_agent.adapters.outgoing import Outgoing
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

TIMEOUT_S = 2.0
ANSWER_BYTES_MAX = 1_024

AskTime = Callable[[bytes], bytes]


def time_asker(url: str, token: str, outgoing: Outgoing) -> AskTime:
    """Return who asks with a nonce; Fault SYNC_LINK_DOWN when no answer comes."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"

    def ask(nonce: bytes) -> bytes:
        connection = outgoing.connection(parts.hostname or "", parts.port, TIMEOUT_S, secure=secure)
        path = f"{parts.path.rstrip('/')}/v1/device/time?nonce={nonce.hex()}"
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            with connection.getresponse() as answer:
                body = answer.read(ANSWER_BYTES_MAX)
                if answer.status == HTTPStatus.OK:
                    return body
                raise Fault(FaultCode.SYNC_LINK_DOWN, status=answer.status)
        except (OSError, HTTPException) as error:
            raise Fault(FaultCode.SYNC_LINK_DOWN, reason=type(error).__name__) from error
        finally:
            connection.close()

    return ask
