"""Applies what the cloud sends: changes in order, catalogues and rules when they are whole.

The line's thread only puts messages into a bounded queue; this thread does the disk and the HTTP,
so that a slow fetch never costs the keepalive. A message that finds the queue full is a gap, and
gaps are fetched.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from uuid import UUID

import structlog

from edge_agent.ports.clock import Clock
from edge_agent.ports.cloud_link import CloudDirectory, Inbound
from edge_agent.ports.replica import Replica
from edge_agent.services.shelf import Shelf
from retail_core.catalog.encoding import open_catalogue
from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import open_bundle, parse_bundle
from retail_core.sync.cursor import Verdict, judge
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_change, decode_member, decode_published
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.messages import Change, ChangeFrame, Published

log = structlog.get_logger("downlink")
QUEUE_MAX = 256
UNHEARD_MAX = 10_000
RETRY_S = 1.0
RETRY_S_MAX = 30.0
PAGES_MAX = 10_000
CHANGES_TAIL = "chg"
CATALOGUE = "catalogue"
BUNDLE = "bundle"
NAME_MAP = "name-map"
MODELS = "models"
FACE_LEAVE = "face-leave"
STOCK = "stock"
RECOMMENDATIONS = "recommendations"
TABLES = (STOCK, RECOMMENDATIONS)
_STOP = Inbound("", b"stop")
_REFRESH = Inbound("", b"refresh")


@dataclass(frozen=True, slots=True)
class Applied:
    """A member whose newer record is now held; `committed_ms` is the cloud's clock, 0 unknown."""

    member_id: UUID
    applied_wall_ms: int
    committed_ms: int


AppliedListener = Callable[[Applied], None]
LeaseListener = Callable[[Sequence[Change]], None]


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
        self._public_key = bundle_public_key
        self._listeners = list(listeners)
        self._on_published = on_published
        self._face_leave = face_leave
        self._leases: LeaseListener | None = None
        self._models = models
        self._shelf = shelf
        self._inbox: queue.Queue[Inbound] = queue.Queue(QUEUE_MAX)
        self._gap = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._retry_s = RETRY_S
        self._wanted: dict[str, Published | None] = {}
        self._beside: dict[str, Callable[[Published | None], None]] = {}
        self._unheard: list[Callable[[], None]] = []

    def listen(self, listener: AppliedListener) -> None:
        """Call `listener` for every member changed, on this thread."""
        self._listeners.append(listener)

    def lend_to(self, leases: LeaseListener) -> None:
        """Hand every change to the lease desk before the read position moves past it."""
        self._leases = leases

    def beside(self, kind: str, told: Callable[[Published | None], None]) -> None:
        """Hand what is published of a kind to who fetches it beside; None: look for a newer one."""
        self._beside[kind] = told

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
            self._gap.set()

    def session_began(self) -> None:
        """Refresh what is not announced to a box that was away, and read the feed to its end."""
        self._gap.set()
        self.put(_REFRESH)

    def behind(self) -> bool:
        """Return whether the cloud may have said something that is not applied yet."""
        return self._gap.is_set()

    def idle(self) -> bool:
        """Return whether everything that came was applied."""
        return self._inbox.unfinished_tasks == 0 and not self._owing()

    # ---- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                message = self._inbox.get(timeout=self._retry_s if self._owing() else None)
            except queue.Empty:
                self._counted(self.settle)
                continue
            if message is not _STOP:
                self._counted(partial(self.take, message))
                self._counted(self.settle)
            self._inbox.task_done()

    def _owing(self) -> bool:
        return self._gap.is_set() or bool(self._wanted) or bool(self._unheard)

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
        if message is _REFRESH:
            self._wanted[NAME_MAP] = None
            self._wanted |= dict.fromkeys(TABLES if self._shelf is not None else ())
            self._want_face_leave()
            self._tell_models(None)
            for told in self._beside.values():
                told(None)
            return
        if message.topic_tail == CHANGES_TAIL:
            self._judge(decode_change(message.payload))
            return
        published = decode_published(message.payload)
        if published.kind == MODELS:
            self._tell_models(published)
        elif published.kind in TABLES:
            self._wanted[published.kind] = None
        elif published.kind in self._beside:
            self._beside[published.kind](published)
        elif published.version > self._held_version(published.kind):
            self._wanted[published.kind] = published

    def settle(self) -> None:
        """Fetch what is owed: a gap in the feed, a catalogue, a bundle, the name map.

        Raises the first fault that a later try may mend; what none can mend is counted and let go.
        """
        self._retry_s = min(2 * self._retry_s, RETRY_S_MAX)
        if self._unheard:
            self._tell_unheard()
        if self._gap.is_set():
            self._fill_gap()
        for kind, published in list(self._wanted.items()):
            try:
                self._fetch(kind, published)
            except Fault as fault:
                if fault.spec.retryable:
                    raise
                self._tally.count(fault.code)
            del self._wanted[kind]
        self._retry_s = RETRY_S

    # ---- changes --------------------------------------------------------------------------------

    def _judge(self, frame: ChangeFrame) -> None:
        held_epoch, held_pos = self._replica.feed_position()
        match judge(frame.feed_epoch, frame.prev_pos, frame.pos, held_epoch, held_pos):
            case Verdict.APPLY:
                self._apply(frame)
            case Verdict.DUPLICATE:
                return
            case Verdict.GAP | Verdict.NEW_EPOCH:
                self._tally.count(FaultCode.SYNC_GAP)
                self._gap.set()

    def _fill_gap(self) -> None:
        """Read the feed over HTTP until it ends; a new epoch is read from its beginning."""
        epoch, pos = self._replica.feed_position()
        for _page in range(PAGES_MAX):
            frame = self._directory.changes_since(pos)
            if epoch not in {0, frame.feed_epoch}:
                epoch, pos = frame.feed_epoch, 0
                continue
            if frame.pos <= pos:
                break
            self._apply(frame)
            epoch, pos = frame.feed_epoch, frame.pos
        self._gap.clear()

    def _apply(self, frame: ChangeFrame) -> None:
        good = [change for change in frame.changes if self._readable(change)]
        if self._leases is not None:
            self._leases(good)  # on disk before the read position moves past them
        changed = self._replica.apply_changes(
            feed_epoch=frame.feed_epoch, pos=frame.pos, changes=good
        )
        if any(change.kind == ChangeKind.FACE_ENABLEMENT for change in good):
            self._want_face_leave()
        now_ms = self._clock.now().wall_ms
        for member_id in changed:
            applied = Applied(member_id, now_ms, frame.committed_ms)
            self._unheard += [partial(listener, applied) for listener in self._listeners]
        self._tell_unheard()

    def _tell_unheard(self) -> None:
        """Tell the listeners; who could not take it is told again: it may be a withdrawal."""
        again: list[Callable[[], None]] = []
        try:
            while self._unheard:
                tell = self._unheard.pop(0)
                try:
                    tell()
                except Fault as fault:
                    self._tally.count(fault.code)
                    again.append(tell)
        finally:
            self._unheard += again[-UNHEARD_MAX:]

    def _want_face_leave(self) -> None:
        if self._face_leave is not None:
            self._wanted[FACE_LEAVE] = None

    def _tell_models(self, published: Published | None) -> None:
        if self._models is not None:
            self._models(published)

    def _readable(self, change: Change) -> bool:
        """One change that cannot be read must not stop the feed for ever: counted, passed over."""
        if change.kind != ChangeKind.MEMBER:
            return True
        try:
            decode_member(change.body)
        except Fault as fault:
            self._tally.count(fault.code)
            return False
        return True

    def tend_shelf(self) -> None:
        """Let goods cost what they cost on the shop's day."""
        if self._shelf is not None:
            self._shelf.turn()

    # ---- catalogues and rules -------------------------------------------------------------------

    def _held_version(self, kind: str) -> int:
        if kind == CATALOGUE:
            return self._replica.catalogue_version()
        bundle = self._replica.bundle()
        return 0 if bundle is None else bundle[0]

    def _fetch(self, kind: str, published: Published | None) -> None:
        if kind == FACE_LEAVE and self._face_leave is not None:
            self._face_leave()
        elif kind in TABLES:
            self._refresh_table(kind)
        elif published is None:
            self._replica.replace_name_map(self._directory.name_map())
        elif kind == CATALOGUE:
            self._swap_catalogue(published)
        elif kind == BUNDLE:
            self._swap_bundle(published)
        if published is not None and self._on_published is not None:
            self._on_published(kind, published.version)

    def _swap_catalogue(self, published: Published) -> None:
        content = self._checked(published, self._directory.catalogue(published.version))
        read = open_catalogue(content)
        if self._shelf is None:
            self._replica.replace_catalogue(read.version, read.articles)
        else:
            self._shelf.take(read)
        self._replica.replace_name_map(self._directory.name_map())

    def _refresh_table(self, kind: str) -> None:
        if self._shelf is None:
            return
        if kind == STOCK:
            self._shelf.refresh_stock()
        else:
            self._shelf.refresh_recommendations()

    def _swap_bundle(self, published: Published) -> None:
        signed = self._checked(published, self._directory.bundle(published.version))
        content = open_bundle(signed, self._public_key)
        self._replica.replace_bundle(parse_bundle(content).version, content)

    def _checked(self, published: Published, content: bytes) -> bytes:
        if len(content) != published.size or sha256(content).digest() != published.sha256:
            raise Fault(FaultCode.WIRE_MALFORMED, detail=published.kind)
        return content
