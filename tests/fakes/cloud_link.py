"""A line whose other end is the test."""

from collections.abc import Callable

from edge_agent.ports.cloud_link import Inbound
from retail_core.wire.codec import decode_up
from retail_core.wire.lane import CheckInSeen
from retail_core.wire.messages import Hello, Presence, UpFrame


class FakeCloudLink:
    """Fulfils `CloudLink`: `connect`, `cut`, `deliver` play the broker, on the caller's thread."""

    def __init__(self) -> None:
        self.up: list[bytes] = []
        self.hellos: list[Hello] = []
        self.presences: list[Presence] = []
        self.seen: list[CheckInSeen] = []
        self._on_message: Callable[[Inbound], None] = lambda message: None
        self._on_state: Callable[[bool], None] = lambda connected: None
        self._started = False
        self._connected = False

    def start(
        self, on_message: Callable[[Inbound], None], on_state: Callable[[bool], None]
    ) -> None:
        self._on_message, self._on_state = on_message, on_state
        self._started = True

    def connected(self) -> bool:
        return self._connected

    def publish_up(self, payload: bytes) -> bool:
        if self._connected:
            self.up.append(payload)
        return self._connected

    def publish_hello(self, hello: Hello) -> bool:
        if self._connected:
            self.hellos.append(hello)
        return self._connected

    def publish_presence(self, presence: Presence) -> bool:
        if self._connected:
            self.presences.append(presence)
        return self._connected

    def publish_seen(self, seen: CheckInSeen) -> bool:
        if self._connected:
            self.seen.append(seen)
        return self._connected

    def stop(self) -> None:
        self.cut()
        self._started = False

    # ---- the broker's side ----------------------------------------------------------------------

    def connect(self) -> None:
        self._connected = True
        self._on_state(self._connected)

    def cut(self) -> None:
        was, self._connected = self._connected, False
        if was:
            self._on_state(self._connected)

    def deliver(self, topic_tail: str, payload: bytes) -> None:
        assert self._started
        self._on_message(Inbound(topic_tail, payload))

    def frames(self) -> list[UpFrame]:
        return [decode_up(payload) for payload in self.up]
