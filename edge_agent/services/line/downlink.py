"""Applies what the cloud sends: changes in order, catalogues and rules when they are whole.

The line's thread only puts messages into a bounded queue; this thread does the disk and the HTTP,
so that a slow fetch never costs the keepalive. A message that finds the queue full is a gap, and
gaps are fetched.
"""

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from uuid import UUID

import structlog

from edge_agent.ports.clock import Clock
from edge_agent.ports.cloud_link import CloudDirectory, Inbound
from edge_agent.ports.replica import Replica
from edge_agent.services.line.drift_watch import DriftWatch
from edge_agent.services.line.feed_reader import (
    Applied,
    AppliedListener,
    FeedReader,
    LeaseListener,
)
from edge_agent.services.line.news import News
from edge_agent.services.line.published_intake import TABLES, PublishedIntake
from edge_agent.services.line.refused import Refused
from edge_agent.services.shop.shelf import Shelf
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_change, decode_published
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.messages import WIRE_VERSION, AckFrame, Published

__all__ = ["Applied", "Downlink"]

log = structlog.get_logger("downlink")
QUEUE_MAX = 256
RETRY_S = 1.0
RETRY_S_MAX = 30.0
CHANGES_TAIL = "chg"
NAME_MAP = "name-map"
MODELS = "models"
FACE_LEAVE = "face-leave"
DRIFT = "drift"
# Whoever reads its feed without a gap hears of these there.
_TOLD_BY_FEED = frozenset({ChangeKind.FLEET.value})
_STOP = Inbound("", b"stop")
_REFRESH = Inbound("", b"refresh")
_GREETED = Inbound("", b"greeted")
_WAKE = Inbound("", b"wake")
BUSY_FROM = 8
DRIFT_EVERY_S = 6 * 60 * 60
DRIFT_AGAIN_S = 30
_MS_PER_S = 1_000


class Downlink:
    """One thread between the line and the replica; listeners run on it."""

    def __init__(  # noqa: PLR0913 -- the parts of one line
        self,
        replica: Replica,
        directory: CloudDirectory,
        clock: Clock,
        tally: FaultTally,
        *,
        bundle_public_key: bytes,
        listeners: Sequence[AppliedListener] = (),
        on_published: Callable[[str, int], None] | None = None,
        face_leave: Callable[[], None] | None = None,
        models: Callable[[Published | None], None] | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self._replica = replica
        self._directory = directory
        self._clock = clock
        self._tally = tally
        self._on_published = on_published
        self._face_leave = face_leave
        self._models = models
        self._shelf = shelf
        self._inbox: queue.Queue[Inbound] = queue.Queue(QUEUE_MAX)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._retry_s = RETRY_S
        self._wanted: dict[str, Published | None] = {}
        self._refused = Refused(clock)
        self._beside: dict[str, Callable[[Published | None], None]] = {}
        self._feed = FeedReader(replica, directory, clock, tally, listeners, self._want_face_leave)
        self._documents = PublishedIntake(replica, directory, tally, bundle_public_key, shelf)
        self._drift = DriftWatch(replica, directory, tally, self._feed.healed)
        self._drift_at_ms = 0
        self._more = False
        self._news = News()
        self._followed: int | None = None
        self.after_swap(self._ask_feed_told)

    def listen(self, listener: AppliedListener) -> None:
        """Call `listener` for every member changed, on this thread."""
        self._feed.listeners.append(listener)

    def lend_to(self, leases: LeaseListener) -> None:
        """Hand every change to the lease desk before the read position moves past it."""
        self._feed.leases = leases

    def steered_by(self, ask: Callable[[], None]) -> None:
        """Let who keeps the twin ask, when the feed says so and where it was not followed."""
        self._feed.fleet = ask
        self._beside[ChangeKind.FLEET] = lambda _published: ask()

    def beside(self, kind: str, told: Callable[[Published | None], None]) -> None:
        """Hand what is published of a kind to who fetches it beside; None: look for a newer one."""
        self._beside[kind] = told

    def after_swap(self, listener: Callable[[], None]) -> None:
        """Call `listener` on this thread when all members were swapped for a snapshot."""
        self._feed.swapped.append(listener)

    def first(self, member_id: UUID) -> None:
        """Fetch a member who stands at a till before the changes that wait; never blocks."""
        busy = self._feed.gap.is_set() or self._inbox.unfinished_tasks > BUSY_FROM
        if busy:
            self._feed.first(member_id)
            self.put(_WAKE)

    def noted(self) -> tuple[Fault, ...]:
        """Return what is to be said of what came and was refused; called from any thread."""
        return self._refused.noted()

    def tend(self) -> None:
        """Compare with the cloud what lies here, every few hours; called now and then."""
        now_ms = self._clock.now().mono_ms
        if self._drift_at_ms == 0:
            self._drift_at_ms = now_ms + DRIFT_AGAIN_S * _MS_PER_S
        if now_ms >= self._drift_at_ms and not self.behind():
            self._drift_at_ms = now_ms + DRIFT_EVERY_S * _MS_PER_S
            self._wanted[DRIFT] = None
            self.put(_WAKE)

    def start(self) -> None:
        """Begin applying."""
        self._thread = threading.Thread(target=self._run, name="downlink", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; safe to call twice."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            # A full queue wakes the thread by itself; to wait for room in it could be for ever.
            with suppress(queue.Full):
                self._inbox.put_nowait(_STOP)
            thread.join()

    def put(self, message: Inbound) -> None:
        """Take a `chg` or `all/...` message; never blocks."""
        try:
            self._inbox.put_nowait(message)
        except queue.Full:
            self._feed.gap.set()

    def session_began(self) -> None:
        """Wait for the answer to the hello: it says what is new."""
        self._news.expect(self._clock.now().mono_ms)
        self._feed.begin_whole()
        self.put(_WAKE)

    def greeted(self, answer: AckFrame) -> None:
        """Take the answer to a hello; never blocks."""
        self._news.hear(answer)
        self.put(_GREETED)

    def ask_all(self) -> None:
        """Fetch whatever is not announced to a box that was away, and read the feed to its end."""
        self._feed.gap.set()
        self.put(_REFRESH)

    def behind(self) -> bool:
        """Return whether the cloud may have said something that is not applied yet."""
        return self._feed.gap.is_set() or self._news.open

    def idle(self) -> bool:
        """Return whether everything that came was applied, and nothing is waited for."""
        return not (self.busy() or self._news.open)

    def busy(self) -> bool:
        """Return whether something is to be done now."""
        return self._inbox.unfinished_tasks > 0 or self._owing()

    # ---- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                message = self._inbox.get(timeout=self._patience_s())
            except queue.Empty:
                self._counted(self.settle)
                continue
            if message is not _STOP:
                self._counted(partial(self.take, message))
                self._counted(self.settle)
            self._inbox.task_done()

    def work_off(self) -> bool:
        """Do what waits on the caller's thread, for a program that keeps a loop of its own.

        False when something is still owed and is to be tried again.
        """
        with suppress(queue.Empty):
            while True:
                message = self._inbox.get_nowait()
                self._counted(partial(self.take, message))
                self._inbox.task_done()
        if self._owing():
            self._counted(self.settle)
        return not self._owing()

    def _patience_s(self) -> float | None:
        """Return how long to wait for a message: not at all between two parts of a snapshot."""
        if self._feed.owing() or self._wanted:
            return 0 if self._more else self._retry_s
        waits = (self._refused.in_s(), self._news.in_s(self._clock.now().mono_ms))
        return min((wait for wait in waits if wait is not None), default=None)

    def _owing(self) -> bool:
        return (
            self._feed.owing()
            or bool(self._wanted or self._refused.due())
            # Asked after every message; the clock is read only while an answer is waited for.
            or (self._news.open and self._news.expired(self._clock.now().mono_ms))
        )

    def _counted(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Fault as fault:
            self._tally.count(fault.code)
        except Exception as error:  # noqa: BLE001 - a dead thread would hear of no withdrawal
            self._tally.count(FaultCode.API_INTERNAL)
            log.warning("downlink_broke", error=type(error).__name__)

    def take(self, message: Inbound) -> None:
        """Apply one message (Faults of the codec when it is malformed)."""
        if not message.topic_tail:
            self._turn_to(message)
            return
        if message.topic_tail == CHANGES_TAIL:
            self._feed.take(decode_change(message.payload))
            self._end_news(late=False)
            return
        published = decode_published(message.payload)
        if published.kind == MODELS:
            self._tell_models(published)
        elif published.kind in TABLES:
            self._news.announced(published.kind, published.version)
            self._wanted[published.kind] = None
        elif published.kind in self._beside:
            self._beside[published.kind](published)
        elif published.version > self._documents.held_version(published.kind):
            self._wanted[published.kind] = published

    def _turn_to(self, word: Inbound) -> None:
        if word is _REFRESH:
            self._refresh()
        elif word is _GREETED:
            self._hear_news()

    def _refresh(self) -> None:
        """Fetch everything that has a mark, whatever is held of it, and what has none."""
        self._wanted |= dict.fromkeys(self._marked())
        self._tell_models(None)
        self._ask_beside()
        self._ask_feed_told()

    def _marked(self) -> tuple[str, ...]:
        return (NAME_MAP, *(TABLES if self._shelf is not None else ()))

    def _ask_beside(self, newest: Mapping[str, int] = MappingProxyType({})) -> None:
        """Ask for what is fetched beside, or tell which version is the newest."""
        for kind, told in self._beside.items():
            if kind not in _TOLD_BY_FEED:
                mark = newest.get(kind)
                told(None if mark is None else Published(WIRE_VERSION, kind, mark, bytes(32), 0))

    def _ask_feed_told(self) -> None:
        """Ask for what the feed tells of: it was not read without a gap."""
        self._want_face_leave()
        for kind in _TOLD_BY_FEED & self._beside.keys():
            self._beside[kind](None)

    def _hear_news(self) -> None:
        """Fetch what the answer to the hello names at another mark than we hold."""
        answer = self._news.take(self._clock.now().mono_ms)
        if answer is None:
            return
        if not answer.feed_epoch:  # an older cloud
            self._end_news(late=True)
            return
        newest = {one.kind: one.mark for one in answer.newest}
        changed = self._news.changed(
            {kind: newest.get(kind, 0) for kind in (*self._marked(), MODELS)}
        )
        self._wanted |= dict.fromkeys(kind for kind in changed if kind != MODELS)
        if MODELS in changed:
            self._tell_models(None)
            self._news.fetched(MODELS)
        self._ask_beside(newest)
        if self._followed != answer.feed_epoch:
            self._ask_feed_told()
            self._followed = answer.feed_epoch
        self._end_news(late=False)

    def _end_news(self, *, late: bool) -> None:
        """Wait no longer once everything missed was read; too late: ask for it."""
        if late:
            self._feed.gap.set()
            if not self._news.end():
                self._refresh()
        elif self._news.open and self._news.reached(self._replica.feed_position()):
            self._news.end()

    def settle(self) -> None:
        """Fetch what is owed: a gap in the feed, a catalogue, a bundle, the name map.

        Raises the first fault that a later try may mend; what cannot be read is counted, and asked
        for again by and by.
        """
        if self._news.expired(self._clock.now().mono_ms):
            self._end_news(late=True)
        self._retry_s = min(2 * self._retry_s, RETRY_S_MAX)
        self._more = False
        broke: Fault | None = None
        try:
            self._more = self._feed.settle()
        except Fault as fault:
            broke = fault  # a feed that cannot go on keeps no price, rule or leave from coming
        self._fetch_wanted()
        if broke is not None:
            raise broke
        self._retry_s = RETRY_S

    def _fetch_wanted(self) -> None:
        for kind, published in self._refused.due().items():
            self._wanted.setdefault(kind, published)
        for kind, published in list(self._wanted.items()):
            try:
                self._fetch(kind, published)
                self._refused.taken(kind)
                self._news.fetched(kind)
            except Fault as fault:
                if fault.spec.retryable:
                    raise
                self._tally.count(fault.code)
                if kind != DRIFT:
                    self._refused.add(kind, published, fault)
            del self._wanted[kind]

    def _want_face_leave(self) -> None:
        if self._face_leave is not None:
            self._wanted[FACE_LEAVE] = None

    def _tell_models(self, published: Published | None) -> None:
        if self._models is not None:
            self._models(published)

    def tend_shelf(self) -> None:
        """Let goods cost what they cost on the shop's day."""
        if self._shelf is not None:
            self._shelf.turn()

    def _fetch(self, kind: str, published: Published | None) -> None:
        if kind == FACE_LEAVE and self._face_leave is not None:
            self._face_leave()
        elif kind == DRIFT:
            self._look_for_drift()
        else:
            self._documents.fetch(kind, published)
        if published is not None and self._on_published is not None:
            self._on_published(kind, published.version)

    def _look_for_drift(self) -> None:
        if self._drift.look():
            self._drift_at_ms = self._clock.now().mono_ms + DRIFT_AGAIN_S * _MS_PER_S
        if self._drift.whole:
            self._drift.whole = False
            self._feed.want_whole()
