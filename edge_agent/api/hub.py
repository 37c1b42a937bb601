"""Live events for screens and tills: any thread publishes, each client has a bounded queue.

An event belongs to a lane, or to the whole shop; a client hears its own lane's and the shop's.
Events are numbered: a client that comes back names the last one it heard and gets what it missed,
or a `reset` and what is on the counter now.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

import msgspec

from edge_agent.ports.clock import Clock

QUEUE_MAX = 64
# What a client may have missed: members' data, so neither many nor for long.
KEPT_MAX = 48
KEPT_MS = 60_000
CLIENTS_MAX = 32
# A newcomer is told what is on the counter now.
QUESTION = "consent"
# Nobody reads for longer: a question that nobody closed is not the next customer's.
QUESTION_MS = 300_000
STICKY = ("health", "member", "basket", "training", QUESTION)
# What clears it: a finished sale or its printed receipt, a customer who left.
_CUSTOMERS = ("member", "basket", QUESTION)
CLEARS: Mapping[str, tuple[str, ...]] = {
    "sale": _CUSTOMERS,
    "tapped": _CUSTOMERS,
    "visit": ("member", QUESTION),
    "recognition": (QUESTION,),
}
# It comes every two seconds: a client that has not heard it for ten is deaf and comes back.
HEARTBEAT = "health"


# The lane of what every lane may know: nothing of a customer who stands at one.
WHOLE_SHOP = None


@dataclass(frozen=True, slots=True)
class _Kept:
    """An event that a client may have missed."""

    event_no: int
    lane: str | None
    mono_ms: int
    message: bytes


class Subscription:
    """One client's queue; `None` in it means: you are dropped."""

    def __init__(self, lane: str, terminal: UUID | None = None) -> None:
        self.lane = lane
        self.terminal = terminal
        self.heard = 0
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE_MAX)

    def offer(self, message: bytes, event_no: int = 0) -> bool:
        """Queue a message; a client too slow for it loses its queue and is told to go."""
        if 0 < event_no <= self.heard:
            return True  # it was told when it came
        self.heard = max(self.heard, event_no)
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


# Hears of an event on the thread that tells it: kind, payload, lane.
Listener = Callable[[str, Mapping[str, object], str | None], None]


class EventHub:
    """Fans events out on the loop that serves HTTP."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._clients: set[Subscription] = set()
        self._listeners: list[Listener] = []
        self._sticky: dict[tuple[str | None, str], bytes] = {}
        self._asked_ms: dict[str | None, int] = {}
        # Numbers go on after a restart: they begin at the wall clock, in microseconds.
        self._event_no = clock.now().wall_ms * 1_000
        self._kept: deque[_Kept] = deque()
        self._gone = self._event_no
        self._lock = threading.Lock()
        self.dropped = 0

    def listen(self, listener: Listener) -> None:
        """Have a part of this program hear every event; it must neither wait nor fail."""
        self._listeners.append(listener)

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
        for listener in self._listeners:
            listener(kind, payload, lane)
        where = {} if lane is WHOLE_SHOP else {"lane": lane}
        now = self._clock.now()
        with self._lock:
            self._event_no += 1
            told = {"type": kind, "event_no": self._event_no, "at_ms": now.wall_ms, **where}
            message = msgspec.json.encode({**told, **payload}, enc_hook=str)
            self._remember(kind, lane, message)
            if kind == QUESTION and payload["state"] != "asked":
                self._sticky.pop((lane, kind), None)
            if kind != HEARTBEAT:
                self._kept.append(_Kept(self._event_no, lane, now.mono_ms, message))
            self._forget(now.mono_ms)
            loop = self._loop
            if loop is None or loop.is_closed():
                return
            loop.call_soon_threadsafe(self._fan_out, message, lane, self._event_no)

    def subscribe(
        self, lane: str, terminal: UUID | None = None, after: int | None = None
    ) -> Subscription | None:
        """Add a client of a lane, on the serving loop; None when there are too many.

        One that has heard events up to `after` gets what it missed; any other what is there now.
        """
        if len(self._clients) >= CLIENTS_MAX:
            return None
        client = Subscription(lane, terminal)
        with self._lock:
            missed = None if after is None else self._missed(lane, after)
            for message in self._there_now(lane, after) if missed is None else missed:
                client.offer(message)
            client.heard = self._event_no
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

    def _forget(self, now_ms: int) -> None:
        while self._kept and (
            len(self._kept) > KEPT_MAX or now_ms - self._kept[0].mono_ms >= KEPT_MS
        ):
            self._gone = self._kept.popleft().event_no

    def _missed(self, lane: str, after: int) -> list[bytes] | None:
        """Return what a client missed, with the shop's present health; None when not known."""
        self._forget(self._clock.now().mono_ms)
        if not self._gone <= after <= self._event_no:
            return None
        missed = [
            one.message
            for one in self._kept
            if one.event_no > after and one.lane in {WHOLE_SHOP, lane}
        ]
        health = self._sticky.get((WHOLE_SHOP, HEARTBEAT))
        return missed if health is None else [health, *missed]

    def _there_now(self, lane: str, after: int | None) -> list[bytes]:
        now_ms = self._clock.now().mono_ms
        if now_ms - self._asked_ms.get(lane, now_ms) >= QUESTION_MS:
            self._sticky.pop((lane, QUESTION), None)
        held = [said for (of, _), said in self._sticky.items() if of in {WHOLE_SHOP, lane}]
        if after is None:
            return held
        told = {"type": "reset", "event_no": self._event_no, "at_ms": self._clock.now().wall_ms}
        return [msgspec.json.encode(told), *held]

    def _remember(self, kind: str, lane: str | None, message: bytes) -> None:
        for gone in CLEARS.get(kind, ()):
            for of in (WHOLE_SHOP, lane):
                self._sticky.pop((of, gone), None)
        if kind in STICKY:
            self._sticky[lane, kind] = message
        if kind == QUESTION:
            self._asked_ms[lane] = self._clock.now().mono_ms

    def _fan_out(self, message: bytes, lane: str | None, event_no: int) -> None:
        for client in tuple(self._clients):
            if lane not in {WHOLE_SHOP, client.lane}:
                continue
            if not client.offer(message, event_no):
                self.dropped += 1
                self._clients.discard(client)
