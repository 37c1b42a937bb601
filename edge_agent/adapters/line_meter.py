"""What the line costs: bytes as the carrier counts them, and whose messages they were.

Bytes and packets come from the kernel's own account of each connection, so that TLS, keepalives
and what was sent twice are in them; every packet is charged with the headers around it.
"""

import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass
from weakref import WeakKeyDictionary

# struct tcp_info: bytes_acked, bytes_received (64 bits), segs_out, segs_in (32 bits).
_TCP_INFO = struct.Struct("=QQII")
_TCP_INFO_AT = 120
_TCP_INFO_BYTES = 256
# IPv4 and TCP headers with time stamps.
PACKET_BYTES = 52
_MESSAGE_BYTES = 6
_MONTH_S = 30 * 24 * 3_600
# Topics of the cloud end in a number: of a shard, of a worker.
_NUMBERED = {"s": "shard", "w": "worker"}


@dataclass(frozen=True, slots=True)
class LineCost:
    """What went over the line since the program began; bytes with headers."""

    seconds: float
    up_bytes: int
    down_bytes: int
    by_kind: dict[str, int]
    by_message: dict[str, int]

    @property
    def month_bytes(self) -> int:
        """What a month would cost at this rate."""
        whole = self.up_bytes + self.down_bytes
        return round(whole * _MONTH_S / self.seconds) if self.seconds else 0


class LineMeter:
    """Adds up; any thread may tell it."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._lock = threading.Lock()
        self._seen: WeakKeyDictionary[socket.socket, tuple[int, int]] = WeakKeyDictionary()
        self._up = Counter[str]()
        self._down = Counter[str]()
        self._messages = Counter[str]()

    def said(self, topic: str, size: int) -> None:
        """Note a message that went up."""
        self._note(f"up {_kind(topic)}", len(topic) + size)

    def heard(self, topic: str, size: int) -> None:
        """Note a message that came down."""
        self._note(f"down {_kind(topic)}", len(topic) + size)

    def look(self, kind: str, opened: object) -> None:
        """Read the kernel's account of a connection of a kind, `mqtt` or `http`."""
        inner = getattr(opened, "_socket", opened)  # what paho wraps a WebSocket around
        if not isinstance(inner, socket.socket) or inner.fileno() < 0:
            return
        raw = inner.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        if len(raw) < _TCP_INFO_AT + _TCP_INFO.size:
            return
        sent, got, out, into = _TCP_INFO.unpack_from(raw, _TCP_INFO_AT)
        up, down = sent + out * PACKET_BYTES, got + into * PACKET_BYTES
        with self._lock:
            had_up, had_down = self._seen.get(inner, (0, 0))
            self._up[kind] += up - had_up
            self._down[kind] += down - had_down
            self._seen[inner] = (up, down)

    def cost(self) -> LineCost:
        """Return what was counted so far."""
        with self._lock:
            return LineCost(
                seconds=time.monotonic() - self._began_s,
                up_bytes=self._up.total(),
                down_bytes=self._down.total(),
                by_kind=dict(self._up + self._down),
                by_message=dict(self._messages),
            )

    def _note(self, kind: str, size: int) -> None:
        with self._lock:
            self._messages[kind] += size + _MESSAGE_BYTES


def _kind(topic: str) -> str:
    *_, before, tail = ("", *topic.split("/"))
    return _NUMBERED.get(before, before) if tail.isdecimal() else tail
