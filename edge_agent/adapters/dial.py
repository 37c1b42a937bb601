"""Opens connections out of the shop: straight, or through the shop's own proxy.

Every socket is told to notice a dead peer within ten seconds, whether bytes wait for it or not, and
to send small messages at once.
"""

import socket
import threading
import time
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from edge_agent.domain.ways import RETRY_FIRST_MS

USER_TIMEOUT_MS = 8_000
# An idle session asks by itself, and more often; this is for connections that are only kept.
IDLE_S = 30
PROBE_EVERY_S = 3
PROBES = 3
ANSWER_BYTES_MAX = 8 * 1024
LOGIN_BYTES_MAX = 1_024
_OK = 200
_MS_PER_S = 1_000
_STATUS_PARTS = 3

Address = tuple[str, int]


class ProxyRefusedError(OSError):
    """The proxy answered, and said no; its text carries no login."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy that opens tunnels; `login` is a file with `user:password`, read when used."""

    host: str
    port: int
    login: Path | None = None


def tune(opened: socket.socket) -> None:
    """Send small frames at once, and notice a dead peer soon, idle or with bytes in flight."""
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE_S)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBE_EVERY_S)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)


def dial(address: Address, timeout_s: float) -> socket.socket:
    """Connect straight; OSError when that fails."""
    opened = socket.create_connection(address, timeout_s)
    tune(opened)
    return opened


def dial_through(proxy: Proxy, address: Address, timeout_s: float) -> socket.socket:
    """Connect through a proxy's tunnel; OSError, or ProxyRefusedError with its own words."""
    deadline = time.monotonic() + timeout_s
    opened = dial((proxy.host, proxy.port), timeout_s)
    try:
        opened.sendall(_asked(proxy, address))
        status, words = _answer(opened, deadline)
    except BaseException:
        opened.close()
        raise
    if status != _OK:
        opened.close()
        raise ProxyRefusedError(f"{status} {words}".strip())
    opened.settimeout(timeout_s)
    return opened


class Dialer:
    """Straight or through the proxy, whichever works; what worked is tried first the next time."""

    def __init__(self, proxy: Proxy | None, *, straight: bool = True) -> None:
        self._proxy = proxy
        self._straight = straight or proxy is None
        self._lock = threading.Lock()
        self._through = not self._straight
        self._tried_ms = _now_ms()

    @property
    def through(self) -> bool:
        """Whether the proxy is what worked last."""
        return self._through

    def open(self, address: Address, timeout_s: float, _source: object = None) -> socket.socket:
        """Connect; OSError when no way is open."""
        proxy = self._proxy
        if proxy is None:
            return dial(address, timeout_s)
        order = (True, False) if self._proxy_first() else (False, True)
        failed: list[OSError] = []
        for through in order if self._straight else (True,):
            try:
                opened = (
                    dial_through(proxy, address, timeout_s) if through else dial(address, timeout_s)
                )
            except OSError as error:
                failed.append(error)
                self._note_failed(through=through)
            else:
                self._through = through
                return opened
        raise failed[0]

    def _proxy_first(self) -> bool:
        with self._lock:
            return self._through and _now_ms() - self._tried_ms < RETRY_FIRST_MS

    def _note_failed(self, *, through: bool) -> None:
        if not through:
            with self._lock:
                self._tried_ms = _now_ms()


def _now_ms() -> int:
    return int(time.monotonic() * _MS_PER_S)


def _asked(proxy: Proxy, address: Address) -> bytes:
    host, port = address
    named = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {named} HTTP/1.1", f"Host: {named}"]
    if proxy.login is not None:
        login = proxy.login.read_bytes()[:LOGIN_BYTES_MAX].strip()
        lines.append(f"Proxy-Authorization: Basic {b64encode(login).decode()}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _answer(opened: socket.socket, deadline: float) -> tuple[int, str]:
    """Read the proxy's answer and not a byte more: what follows is the tunnel's."""
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the proxy does not answer")
        opened.settimeout(left)
        byte = opened.recv(1)
        if not byte or len(head) >= ANSWER_BYTES_MAX:
            raise ProxyRefusedError("no answer of a proxy")
        head += byte
    first = head.split(b"\r\n", 1)[0].decode("latin-1")
    parts = first.split(" ", _STATUS_PARTS - 1)
    if not parts[0].startswith("HTTP/") or len(parts) < _STATUS_PARTS - 1 or not parts[1].isdigit():
        raise ProxyRefusedError("no answer of a proxy")
    return int(parts[1]), parts[2] if len(parts) == _STATUS_PARTS else ""
