"""Sends what the journal holds until the cloud has committed it.

The plan (which events, in which frames, when again) is the core's; this thread carries it out. It
sleeps until something is appended, acknowledged or due. Only an explicit acknowledged range takes
an event off the list: neither a PUBACK nor a higher sequence does.
"""

import threading
import time
from collections.abc import Callable, Sequence

from edge_agent.domain.shop import Shop
from edge_agent.ports.cloud_link import CloudLink
from edge_agent.ports.journal import Journal, Record
from edge_agent.services.events import event_of
from edge_agent.services.waiting import waiting_pages
from retail_core import limits
from retail_core.errors import Fault
from retail_core.sync.outbox_plan import InFlight, plan_publish
from retail_core.sync.ranges import Ranges, clamp, from_seqs, normalise, subtract
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_ack, encode
from retail_core.wire.messages import WIRE_VERSION, AckFrame, UpFrame

PAGE = 1_024
HEADROOM_BYTES = 1_024
IDLE_S = 5.0
PRUNE_EVERY_MS = 60 * 60 * 1_000
HELLO_GRACE_MS = 1_500
_NS_PER_MS = 1_000_000
_MS_PER_S = 1_000
_RTT_WEIGHT = 8

AckListener = Callable[[Ranges], None]


def mono_ms() -> int:
    """Return milliseconds that only ever grow."""
    return time.monotonic_ns() // _NS_PER_MS


class Uplink:
    """One thread between the journal and the line; `recorded` and `on_ack` wake it.

    `prune_before_ms` says (wall ms) which acknowledged records are old enough to go, None for none;
    it is asked once an hour.
    """

    def __init__(  # noqa: PLR0913 -- the parts of one line
        self,
        journal: Journal,
        link: CloudLink,
        shop: Shop,
        tally: FaultTally,
        *,
        now_ms: Callable[[], int] = mono_ms,
        on_acked: Sequence[AckListener] = (),
        prune_before_ms: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._journal = journal
        self._link = link
        self._shop = shop
        self._tally = tally
        self._now_ms = now_ms
        self._on_acked = tuple(on_acked)
        self._prune_before_ms = prune_before_ms
        self._prune_at_ms = now_ms() + PRUNE_EVERY_MS
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._waiting: Ranges = from_seqs(
            record.seq for page in waiting_pages(journal) for record in page
        )
        self._in_flight: tuple[InFlight, ...] = ()
        self._credit = limits.FRAMES_IN_FLIGHT
        self._rtt_ms = 0
        self._quiet_until_ms = 0
        self._cloud_up = True

    # ---- what happens around it -----------------------------------------------------------------

    def start(self) -> None:
        """Begin sending."""
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; safe to call twice."""
        self._stopping.set()
        self._wake.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def recorded(self, records: Sequence[Record]) -> None:
        """Take note of new records and wake up."""
        new = from_seqs(record.seq for record in records if not record.acked)
        with self._lock:
            self._waiting = normalise((*self._waiting, *new))
        self._wake.set()

    def reload(self) -> None:
        """Look again at what waits: the journal has begun a new epoch."""
        found = from_seqs(record.seq for page in waiting_pages(self._journal) for record in page)
        with self._lock:
            self._waiting = found

    def session_began(self) -> None:
        """Forget what was in flight, and let the cloud first say what it has."""
        with self._lock:
            self._in_flight = ()
            self._quiet_until_ms = self._now_ms() + HELLO_GRACE_MS
        self._wake.set()

    def cloud_state(self, *, up: bool) -> None:
        """Hold frames while ingest is down."""
        with self._lock:
            self._cloud_up = up
        self._wake.set()

    def on_ack(self, payload: bytes) -> None:
        """Take committed ranges; Fault of the codec when it is no such frame.

        Raises Fault JOURNAL_FORKED when the cloud has other events under our sequences: they are
        not ours, and nothing of them is taken for committed.
        """
        ack = decode_ack(payload)
        if ack.epoch != self._journal.epoch:
            self._tally.count(FaultCode.WIRE_SENDER_MISMATCH)
            return
        if not self._is_ours(ack):
            raise Fault(FaultCode.JOURNAL_FORKED)
        ranges = clamp(ack.ranges, 1, self._journal.next_seq() - 1)
        self._journal.mark_acked(ranges)
        for _rejected in ack.rejected:
            self._tally.count(FaultCode.SYNC_EVENT_REJECTED)
        with self._lock:
            self._waiting = subtract(self._waiting, ranges)
            self._credit = max(1, ack.credit)
            self._quiet_until_ms = 0
            self._measure(ranges)
        for listener in self._on_acked:
            listener(ranges)
        self._wake.set()

    def _is_ours(self, ack: AckFrame) -> bool:
        """Compare the hash at the end of each range that still waits with our own."""
        lowest = self._journal.lowest_unacked()
        for (_, high), end in zip(ack.ranges, ack.ends, strict=bool(ack.ends)):
            if high >= lowest and self._journal.hash_at(high) != end:
                return False
        return True

    # ---- the thread -----------------------------------------------------------------------------

    def pump(self) -> int | None:
        """Send what may be sent now; return when (monotonic ms) to look again, None for idle."""
        now_ms = self._now_ms()
        with self._lock:
            if not (self._link.connected() and self._cloud_up):
                return None
            if now_ms < self._quiet_until_ms:
                return self._quiet_until_ms
            plan = plan_publish(
                _ends(self._waiting, self._in_flight),
                self._in_flight,
                self._credit,
                now_ms,
                self._rtt_ms,
            )
            self._in_flight = plan.in_flight
        for frame in plan.send:
            self._send(frame)
        return plan.wake_ms

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            self._counted(self.prune)
            due_ms = self._counted(self.pump)
            wait_s = IDLE_S if due_ms is None else max(0, due_ms - self._now_ms()) / _MS_PER_S
            self._wake.wait(min(wait_s, IDLE_S))

    def prune(self) -> int | None:
        """Let go of what the cloud has had for long enough, now and then; return how many went."""
        if self._now_ms() < self._prune_at_ms:
            return None
        self._prune_at_ms = self._now_ms() + PRUNE_EVERY_MS
        before_ms = self._prune_before_ms()
        return None if before_ms is None else self._journal.prune(acked_before_wall_ms=before_ms)

    def _counted(self, work: Callable[[], int | None]) -> int | None:
        try:
            return work()
        except Fault as fault:  # a damaged record: counted, shown by health, the rest goes on
            self._tally.count(fault.code)
            return None

    def _send(self, frame: InFlight) -> None:
        room = frame.last_seq - frame.first_seq + 1
        records = [
            record
            for record in self._journal.unacked(from_seq=frame.first_seq, limit=room)
            if record.seq <= frame.last_seq
        ]
        for run in _runs(records):
            self._link.publish_up(self._frame(run))

    def _frame(self, records: Sequence[Record]) -> bytes:
        return encode(
            UpFrame(
                v=WIRE_VERSION,
                tenant=self._shop.tenant.bytes,
                store=self._shop.store.bytes,
                device=self._shop.device.bytes,
                epoch=self._journal.epoch,
                first_seq=records[0].seq,
                prev_hash=records[0].prev_hash,
                events=tuple(event_of(record.draft) for record in records),
            )
        )

    def _measure(self, ranges: Ranges) -> None:
        """Learn the round trip from frames answered at the first attempt."""
        for frame in self._in_flight:
            whole = subtract([(frame.first_seq, frame.last_seq)], ranges) == ()
            if whole and frame.attempt == 1:
                seen = self._now_ms() - frame.sent_ms
                self._rtt_ms = (
                    seen
                    if not self._rtt_ms
                    else (self._rtt_ms * (_RTT_WEIGHT - 1) + seen) // _RTT_WEIGHT
                )


def _ends(waiting: Ranges, in_flight: Sequence[InFlight]) -> list[int]:
    """Return what the plan can need: both ends of what waits, and what flies."""
    total = sum(high - low + 1 for low, high in waiting)
    if total <= 2 * PAGE:
        return [seq for low, high in waiting for seq in range(low, high + 1)]
    oldest = _first(waiting, PAGE)
    newest = _first(tuple((-high, -low) for low, high in reversed(waiting)), PAGE)
    flying = [
        seq
        for frame in in_flight
        for low, high in clamp(waiting, frame.first_seq, frame.last_seq)
        for seq in range(low, high + 1)
    ]
    return [*oldest, *flying, *(-seq for seq in newest)]


def _first(ranges: Ranges, count: int) -> list[int]:
    found: list[int] = []
    for low, high in ranges:
        found += range(low, min(high, low + count - len(found) - 1) + 1)
        if len(found) >= count:
            break
    return found


def _runs(records: Sequence[Record]) -> list[list[Record]]:
    """Cut records into frames: consecutive, and within a frame's bytes."""
    runs: list[list[Record]] = []
    size = 0
    for record in records:
        weight = len(record.draft.body) + HEADROOM_BYTES // 8
        follows = bool(runs) and runs[-1][-1].seq + 1 == record.seq
        if not follows or size + weight > limits.FRAME_BYTES_MAX - HEADROOM_BYTES:
            runs.append([])
            size = 0
        runs[-1].append(record)
        size += weight
    return runs
