"""Live updates over PostgreSQL's LISTEN/NOTIFY: one listening connection a process.

A viewer's feed never grows: what it has not read yet is merged into one event. After the connection
was lost, everybody is told to look again, because notifications sent meanwhile are gone.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from uuid import UUID

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy import make_url

from cloud_broker.adapters.postgres.unit import LIVE_CHANNEL
from cloud_broker.ports.live import LiveEvent, LiveKind

STORES_MAX = 256
_WAIT_S = 0.5
_RETRY_S = 1.0
_EVERYTHING: frozenset[LiveKind] = frozenset(
    {"sale", "member", "store", "repair", "published", "checkin", "fleet"}
)

_log = logging.getLogger(__name__)


class _Payload(msgspec.Struct, frozen=True):
    tenant: UUID
    kinds: frozenset[LiveKind]
    stores: tuple[UUID, ...]


class MergingFeed:
    """Fulfils `LiveFeed`; `put` comes from any thread, `next` is awaited on one loop."""

    def __init__(self, tenant: UUID, leave: Callable[["MergingFeed"], None]) -> None:
        self.tenant = tenant
        self._leave = leave
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._lock = threading.Lock()
        self._waiting: LiveEvent | None = None

    def put(self, event: LiveEvent) -> None:
        """Add an event to what waits."""
        with self._lock:
            self._waiting = event if self._waiting is None else merged(self._waiting, event)
        with contextlib.suppress(RuntimeError):  # the loop has ended, and its viewer with it
            self._loop.call_soon_threadsafe(self._ready.set)

    async def next(self, timeout_s: float) -> LiveEvent | None:
        """Wait for the next event, or return None when none came in time."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), timeout_s)
        self._ready.clear()
        with self._lock:
            event, self._waiting = self._waiting, None
        return event

    def close(self) -> None:
        """Stop receiving; safe to call twice."""
        self._leave(self)


def merged(one: LiveEvent, other: LiveEvent) -> LiveEvent:
    """Return one event for two; no stores means any store, and so does a list that grew long."""
    stores: tuple[UUID, ...] = ()
    if one.stores and other.stores:
        stores = tuple(sorted({*one.stores, *other.stores}))
    if len(stores) > STORES_MAX:
        stores = ()
    return LiveEvent(one.tenant, one.kinds | other.kinds, stores)


class PostgresHub:
    """Fulfils `LiveHub`; `listen` serves the threads of this process."""

    def __init__(self, url: str) -> None:
        self._dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._lock = threading.Lock()
        self._feeds: set[MergingFeed] = set()
        self._callbacks: list[Callable[[LiveEvent], None]] = []
        self._stop = threading.Event()
        self._listening = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin listening in the background; an unreachable database is tried again."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="live-hub", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread; safe to call twice."""
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def wait_listening(self, timeout_s: float) -> bool:
        """Wait until notifications arrive."""
        return self._listening.wait(timeout_s)

    def listen(self, callback: Callable[[LiveEvent], None]) -> None:
        """Call back for every event of every tenant, on the hub's thread; it must not block."""
        with self._lock:
            self._callbacks.append(callback)

    def subscribe(self, tenant: UUID) -> MergingFeed:
        """Open a feed of one tenant's events."""
        feed = MergingFeed(tenant, self._leave)
        with self._lock:
            self._feeds.add(feed)
        return feed

    def _leave(self, feed: MergingFeed) -> None:
        with self._lock:
            self._feeds.discard(feed)

    def _run(self) -> None:
        first = True
        while not self._stop.is_set():
            try:
                self._listen_once(first=first)
            except psycopg.Error as error:
                self._listening.clear()
                _log.warning("live hub lost its connection", extra={"reason": str(error)})
                self._stop.wait(_RETRY_S)
            first = False

    def _listen_once(self, *, first: bool) -> None:
        with psycopg.connect(self._dsn, autocommit=True, connect_timeout=5) as connection:
            connection.execute(sql.SQL("listen {}").format(sql.Identifier(LIVE_CHANNEL)))
            self._listening.set()
            if not first:
                self._look_again()
            while not self._stop.is_set():
                for notify in connection.notifies(timeout=_WAIT_S):
                    self._deliver(notify.payload)
                    if self._stop.is_set():
                        return

    def _deliver(self, payload: str) -> None:
        try:
            said = msgspec.json.decode(payload, type=_Payload)
        except msgspec.DecodeError:
            _log.warning("live hub got a payload that is not ours")
            return
        event = LiveEvent(said.tenant, said.kinds, said.stores)
        with self._lock:
            feeds = [feed for feed in self._feeds if feed.tenant == event.tenant]
            callbacks = list(self._callbacks)
        for feed in feeds:
            feed.put(event)
        for callback in callbacks:
            callback(event)

    def _look_again(self) -> None:
        with self._lock:
            feeds, callbacks = list(self._feeds), list(self._callbacks)
        for feed in feeds:
            feed.put(LiveEvent(feed.tenant, _EVERYTHING))
        for callback in callbacks:
            callback(LiveEvent(UUID(int=0), _EVERYTHING))
