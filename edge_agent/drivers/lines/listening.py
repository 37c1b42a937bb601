"""The box as a network printer: the till connects here as it did to port 9100 of its printer.

Tills connect for each receipt and hang up after it, so a till that hangs up is not a line that is
gone; the next one to connect is the same line, and a stream of its own. One till at a time, as such
printers do; more wait.
"""

import select
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from edge_agent.drivers.lines.port import CHUNK_BYTES, Port, PortGoneError, WakeUp, wait_for

LISTEN = "tcp-listen://"
_BACKLOG = 4
_KEEPALIVE = (
    (socket.SO_KEEPALIVE, socket.SOL_SOCKET, 1),
    (socket.TCP_KEEPIDLE, socket.IPPROTO_TCP, 10),
    (socket.TCP_KEEPINTVL, socket.IPPROTO_TCP, 5),
    (socket.TCP_KEEPCNT, socket.IPPROTO_TCP, 3),
    (socket.TCP_NODELAY, socket.IPPROTO_TCP, 1),
)  # a till that was switched off without a word must not keep the line for ever


@dataclass(slots=True)
class ListeningPort(Port):
    """A line on which tills come and go; `peers` are let in, on loopback all when none is named.

    `fd` is what is waited for now: the door, or the till that is there.
    """

    door: socket.socket
    peers: frozenset[str] = frozenset()
    till: socket.socket | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, wake: WakeUp) -> bytes:
        """Wait for a till, then for its bytes; b"" when woken up or when it hung up."""
        if self.till is None:
            if wait_for(self.fd, select.POLLIN, wake):
                self._let_in()
            return b""
        if not wait_for(self.till.fileno(), select.POLLIN, wake):
            return b""
        data = b""
        with suppress(BlockingIOError):
            try:
                data = self.till.recv(CHUNK_BYTES)
            except (ConnectionError, TimeoutError):
                data = b""
            if not data:
                self._see_off()
        return data

    def write(self, data: bytes, wake: WakeUp) -> int:
        """Answer the till; an answer nobody waits for any more is dropped, as a printer does."""
        with self.lock:
            if self.till is None:
                return len(data)
            try:
                return self.till.send(data)
            except BlockingIOError:
                fd = self.till.fileno()
            except OSError:
                return len(data)
        wait_for(fd, select.POLLOUT, wake)
        return 0

    def close(self) -> None:
        """Hang up and close the door."""
        self._see_off()
        self.door.close()

    def _let_in(self) -> None:
        try:
            till, address = self.door.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError as error:
            raise PortGoneError(self.path, str(error)) from error
        if self.peers and address[0] not in self.peers:
            till.close()
            return
        till.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        for option, level, value in _KEEPALIVE:
            till.setsockopt(level, option, value)
        with self.lock:
            self.till, self.fd = till, till.fileno()

    def _see_off(self) -> None:
        with self.lock:
            if self.till is not None:
                self.till.close()
                self.till, self.fd = None, self.door.fileno()
                self.ended += 1


def open_listening(path: str) -> Port:
    """Listen at `tcp-listen://host:port?peer=address…`; ValueError or OSError.

    Only on loopback may `peer` be left out: a printer's port believes whoever connects.
    """
    parts = urlsplit(path)
    if not parts.hostname or parts.port is None:
        msg = "host and port are needed"
        raise ValueError(msg)
    peers = _peers(parts.query)
    if not peers and not ip_address(parts.hostname).is_loopback:
        msg = "peer=ADDRESS is needed: the till that may connect"
        raise ValueError(msg)
    family = socket.AF_INET6 if ":" in parts.hostname else socket.AF_INET
    door = socket.create_server((parts.hostname, parts.port), family=family, backlog=_BACKLOG)
    door.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    return ListeningPort(path, door.fileno(), door, door, peers)


def _peers(query: str) -> frozenset[str]:
    """Return who is let in; ValueError for what is no address: a slip would let in everybody."""
    asked = parse_qs(query, keep_blank_values=True, strict_parsing=True) if query else {}
    if set(asked) - {"peer"}:
        msg = "only peer is known"
        raise ValueError(msg)
    return frozenset(str(ip_address(each)) for each in asked.get("peer", ()))
