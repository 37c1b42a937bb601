"""HTTP connections out of the shop: straight or by the proxy, trusted, and counted."""

import http.client
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.adapters.dial import Dialer
from edge_agent.adapters.line_meter import LineMeter
from edge_agent.adapters.trust import trusted

HTTP = "http"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """How HTTP leaves the shop; `ca_file` is whom to trust instead of the system's list.

    `identity` is the file with the box's own key and certificate, none for a box with a token.
    """

    dialer: Dialer = field(default_factory=lambda: Dialer(None))
    ca_file: Path | None = None
    meter: LineMeter = field(default_factory=LineMeter)
    identity: Path | None = None
    system_trust: bool = False

    def connection(
        self, host: str, port: int | None, timeout_s: float, *, secure: bool
    ) -> http.client.HTTPConnection:
        """Return a connection that is not open yet."""
        if not secure:
            return _Dialled(self, host, port, timeout_s)
        return _DialledSecurely(self, host, port, timeout_s, self.context())

    def context(self) -> ssl.SSLContext:
        """Return whom a connection trusts, and as whom it comes."""
        return trusted(self.ca_file, identity=self.identity, system=self.system_trust)


class _Dialled(http.client.HTTPConnection):
    def __init__(self, out: Outgoing, host: str, port: int | None, timeout_s: float) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self._out = out
        self._timeout_s = timeout_s

    def connect(self) -> None:
        self.sock = self._out.dialer.open((self.host, self.port), self._timeout_s)

    def close(self) -> None:
        self._out.meter.look(HTTP, self.sock)
        super().close()


class _DialledSecurely(http.client.HTTPSConnection):
    def __init__(
        self, out: Outgoing, host: str, port: int | None, timeout_s: float, context: ssl.SSLContext
    ) -> None:
        super().__init__(host, port, timeout=timeout_s, context=context)
        self._out = out
        self._timeout_s = timeout_s
        self._trusted = context

    def connect(self) -> None:
        plain = self._out.dialer.open((self.host, self.port), self._timeout_s)
        try:
            self.sock = self._trusted.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise

    def close(self) -> None:
        self._out.meter.look(HTTP, self.sock)
        super().close()
