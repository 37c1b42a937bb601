"""The certificate a box came with, from the TLS of its connection to the routes.

It travels in the scope as the ASGI extension `tls`; nothing that a client sends can stand there.
"""

import asyncio
import ssl
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from fastapi import Request
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from cloud_broker.domain.box_certificate import named_in
from retail_core.fleet.box_identity import BoxName

_CHAIN = "client_cert_chain"


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom a certificate names, and the SHA-256 of its DER."""

    name: BoxName
    fingerprint: bytes


class PeerProtocol(H11Protocol):
    """HTTP over TLS, whose requests say with which certificate the connection came."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take the certificate, which the handshake has checked against our authority."""
        super().connection_made(transport)
        held = transport.get_extra_info("ssl_object")
        certificate = held.getpeercert(True) if isinstance(held, ssl.SSLObject) else None  # noqa: FBT003 -- the library's own order
        inner = self.app

        async def told(scope: Scope, receive: Receive, send: Send) -> None:
            chain = [] if certificate is None else [certificate]
            scope.setdefault("extensions", {})["tls"] = {_CHAIN: chain}
            await inner(scope, receive, send)

        self.app = told


def peer_of(request: Request) -> Peer | None:
    """Return whom the connection's certificate names; None without one of ours."""
    tls: dict[str, Any] = request.scope.get("extensions", {}).get("tls", {})
    chain: list[bytes] = tls.get(_CHAIN, [])
    if not chain:
        return None
    name = named_in(chain[0])
    return None if name is None else Peer(name, sha256(chain[0]).digest())
