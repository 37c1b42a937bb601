"""Live events for screens and tills: any thread publishes, each client has a bounded queue.

An event belongs to a lane, or to the whole shop; a client hears its own lane's and the shop's.
"""

import asyncio
import threading
from collections.abc import Mapping
from uuid import UUID

import msgspec

from edge_agent.ports.clock import Clock

QUEUE_MAX = 64
CLIENTS_MAX = 32
# A newcomer is told what is on the counter now; a finished sale clears it.
STICKY = ("health", "member", "basket", "training")
ENDS_A_CUSTOMER = ("sale",)


# The lane of what every lane may know: nothing of a customer who stands at one.
WHOLE_SHOP = None


class Subscription:
    """One client's queue; `None` in it means: you are dropped."""

    def __init__(self, lane: str, terminal: UUID | None = None) -> None:
        self.lane = lane
        self.terminal = terminal
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE_MAX)

    def offer(self, message: bytes) -> bool:
        """Queue a message; a client too slow for it loses its queue and is told to go."""
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            self.end()
            return False
        return True

    def end(self) -> None:
        """Empty the queue and tell the client to go."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


class EventHub:
    """Fans events out on the loop that serves HTTP."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._clients: set[Subscription] = set()
        self._sticky: dict[tuple[str | None, str], bytes] = {}
        self._lock = threading.Lock()
        self.dropped = 0

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin serving on this loop; events published earlier are only remembered."""
        self._loop = loop

    def detach(self) -> None:
        """Tell every client to go and forget the loop."""
        self._loop = None
        for client in tuple(self._clients):
            client.end()
        self._clients.clear()

    def publish(self, kind: str, payload: Mapping[str, object], *, lane: str | None) -> None:
        """Send an event to a lane's clients, or to all; safe on any thread, never blocks."""
        where = {} if lane is WHOLE_SHOP else {"lane": lane}
        message = msgspec.json.encode(
            {"type": kind, "at_ms": self._clock.now().wall_ms, **where, **payload}, enc_hook=str
        )
        with self._lock:
            self._remember(kind, lane, message)
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        loop.call_soon_threadsafe(self._fan_out, message, lane)

    def subscribe(self, lane: str, terminal: UUID | None = None) -> Subscription | None:
        """Add a client of a lane, on the serving loop; None when there are too many."""
        if len(self._clients) >= CLIENTS_MAX:
            return None
        client = Subscription(lane, terminal)
        with self._lock:
            held = [said for (of, _), said in self._sticky.items() if of in {WHOLE_SHOP, lane}]
        for message in held:
            client.offer(message)
        self._clients.add(client)
        return client

    def unsubscribe(self, client: Subscription) -> None:
        """Remove a client; safe to call twice."""
        self._clients.discard(client)

    def dismiss(self, terminal: UUID) -> None:
        """Tell a terminal whose token was taken away to go; safe on any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._dismiss, terminal)

    def _dismiss(self, terminal: UUID) -> None:
        for client in tuple(self._clients):
            if client.terminal == terminal:
                client.end()
                self._clients.discard(client)

    @property
    def clients(self) -> int:
        """How many clients listen."""
        return len(self._clients)

    def _remember(self, kind: str, lane: str | None, message: bytes) -> None:
        if kind in ENDS_A_CUSTOMER:
            for of in (WHOLE_SHOP, lane):
                self._sticky.pop((of, "member"), None)
                self._sticky.pop((of, "basket"), None)
        elif kind in STICKY:
            self._sticky[lane, kind] = message

    def _fan_out(self, message: bytes, lane: str | None) -> None:
        for client in tuple(self._clients):
            if lane not in {WHOLE_SHOP, client.lane}:
                continue
            if not client.offer(message):
                self.dropped += 1
                self._clients.discard(client)
