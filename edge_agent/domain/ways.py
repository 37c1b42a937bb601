"""The ways from a shop to the cloud, and which to try next.

Straight first, then over port 443, then through the shop's own proxy. A way that held is taken
again; the straight one is tried once more an hour, since a firewall may have been opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass

RETRY_FIRST_MS = 60 * 60 * 1_000

DIRECT = "direct"
WEBSOCKET = "websocket"
PROXY = "proxy"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the broker; `path` is that of a WebSocket, empty for plain MQTT."""

    name: str
    host: str
    port: int
    secure: bool = False
    path: str = ""
    proxied: bool = False

    def __str__(self) -> str:
        scheme = (
            ("wss" if self.secure else "ws") if self.path else ("mqtts" if self.secure else "mqtt")
        )
        through = " (proxy)" if self.proxied else ""
        return f"{scheme}://{self.host}:{self.port}{self.path}{through}"


class WayChoice:
    """Which of some ways to try; every one of a round is tried before anybody waits."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._at = 0
        self._failed = 0
        self._first_tried_ms: int | None = None

    def next(self, now_ms: int) -> int:
        """Return the number of the way to try now."""
        due = self._first_tried_ms is None or now_ms - self._first_tried_ms >= RETRY_FIRST_MS
        if due and self._failed == 0:
            self._at = 0
        if self._at == 0:
            self._first_tried_ms = now_ms
        return self._at

    def stood(self) -> None:
        """Note that the way held: it is taken again."""
        self._failed = 0

    def failed(self) -> bool:
        """Note that the way did not hold; return whether that was the last of the round."""
        self._at = (self._at + 1) % self._count
        self._failed += 1
        if self._failed < self._count:
            return False
        self._failed = 0
        return True


def ways_of(
    names: Sequence[str], direct: Way, socket: Way | None, *, has_proxy: bool
) -> tuple[Way, ...]:
    """Return the ways that can be tried, in the order of their names.

    `socket` is the broker's WebSocket, None where it has none. What cannot be is left out; there is
    always the straight one.
    """
    beyond = socket or direct
    found = {DIRECT: direct}
    if socket is not None:
        found[WEBSOCKET] = socket
    if has_proxy:
        found[PROXY] = Way(
            PROXY, beyond.host, beyond.port, beyond.secure, beyond.path, proxied=True
        )
    return tuple(found[name] for name in names if name in found) or (direct,)
