"""Sends what the journal holds until the cloud has committed it.

The plan (which events, in which frames, when again) is the core's; this thread carries it out. It
sleeps until something is appended, acknowledged or due. Only an explicit acknowledged range takes
an event off the list: neither a PUBACK nor a higher sequence does.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from edge_agent.domain.shop import Shop
from edge_agent.ports.cloud_link import CloudLink
from edge_agent.ports.journal import Journal, Record
from edge_agent.services.journal.events import event_of
from edge_agent.services.journal.waiting import read_over
from edge_agent.services.line.up_run import run_of
from retail_core import limits
from retail_core.errors import Fault
from retail_core.sync.outbox_plan import LIVE, InFlight, PublishPlan, plan_ranges
from retail_core.sync.ranges import Ranges, clamp, covers, from_seqs, normalise, subtract
from retail_core.sync.window import FrameWindow
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_ack, encode
from retail_core.wire.messages import WIRE_VERSION, AckFrame, UpFrame
from retail_core.wire.packing import PACKING_NONE, packed

FRESH_MAX = 8  # records just written: to send them they are not read again
IDLE_S = 5.0
PRUNE_EVERY_MS = 60 * 60 * 1_000
HELLO_GRACE_MS = 1_500
# A hello that a dying worker took with it; a herd of a thousand is answered within this.
HELLO_AGAIN_MS, HELLO_AGAIN_MS_MAX = 15_000, 240_000
_NS_PER_MS = 1_000_000
_MS_PER_S = 1_000
_RTT_WEIGHT = 8

AckListener = Callable[[Ranges], None]


def mono_ms() -> int:
    """Return milliseconds that only ever grow."""
    return time.monotonic_ns() // _NS_PER_MS


@dataclass(frozen=True, slots=True)
class UplinkState:
    """How the sending goes; `frame_events` is what the line lets a frame carry.

    `damaged` cannot be read and was not sent; it is tried again with every session.
    """

    cloud_up: bool
    in_flight: int
    rtt_ms: int
    frame_events: int
    damaged: Ranges = ()


class Uplink:
    """One thread between the journal and the line; `recorded` and `on_ack` wake it.

    `prune_before_ms` says (wall ms) which acknowledged records are old enough to go, None for none;
    it is asked once an hour. `boot` names the boot that `now_ms` counts in.
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
        boot: UUID | None = None,
    ) -> None:
        self._journal = journal
        self._link = link
        self._shop = shop
        self._tally = tally
        self._now_ms = now_ms
        self._on_acked = tuple(on_acked)
        self._prune_before_ms = prune_before_ms
        self._boot = None if boot is None else boot.bytes
        self._prune_at_ms = now_ms() + PRUNE_EVERY_MS
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._waiting = self._held_back()
        self._live_from = journal.next_seq()
        self._damaged: Ranges = ()
        self._fresh: dict[int, Record] = {}
        self._in_flight: tuple[InFlight, ...] = ()
        self._credit = limits.FRAMES_IN_FLIGHT
        self._packing = PACKING_NONE
        self._window = FrameWindow()
        self._rtt_ms = 0
        self._quiet_until_ms = 0
        self._cloud_up = True
        self._believed = True
        self._turns = 0
        self._met: Callable[[int], bool] = _any_cloud
        self._greet: Callable[[], object] | None = None
        self._hello_at_ms: int | None = None
        self._hello_after_ms = HELLO_AGAIN_MS

    def greet_with(self, greet: Callable[[], object]) -> None:
        """Say hello by `greet` once more when none was answered for long in this session.

        Only the answer tells of a cloud that was restored from a backup, and what it has lost.
        """
        self._greet = greet

    def meet(self, met: Callable[[int], bool]) -> None:
        """Ask `met` of every cloud that answers a hello; nothing is sent to one it refuses."""
        self._met = met

    def heard(self, listener: AckListener) -> None:
        """Call `listener` with every acknowledgement, after what is told to those before it."""
        self._on_acked = (*self._on_acked, listener)

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
            # A new one each time: it is read without the lock.
            fresh = [*self._fresh.values(), *(record for record in records if not record.acked)]
            self._fresh = {record.seq: record for record in fresh[-FRESH_MAX:]}
        self._wake.set()

    def reload(self) -> None:
        """Look again at what waits: the journal has begun a new epoch."""
        found, live_from = self._held_back(), self._journal.next_seq()
        with self._lock:
            self._waiting, self._live_from = found, live_from

    def _held_back(self) -> Ranges:
        """Return what may wait; what of it does not is found out when it is to be sent."""
        span = (self._journal.lowest_unacked(), self._journal.next_seq() - 1)
        return (span,) if span[0] <= span[1] else ()

    def state(self) -> UplinkState:
        """Return how the sending goes."""
        with self._lock:
            return UplinkState(
                *(self._cloud_up, len(self._in_flight), self._rtt_ms, self._window.events),
                self._damaged,
            )

    def turns(self) -> int:
        """Return how often the thread came round; idle it does so every five seconds."""
        return self._turns

    def session_began(self) -> None:
        """Forget what was in flight, and let the cloud first say what it has."""
        live_from = self._journal.next_seq()
        with self._lock:
            self._live_from = live_from
            if self._in_flight:  # the line broke under them; it may be a thin one
                self._window = self._window.narrower()
            self._in_flight, self._fresh = (), {}
            self._waiting = normalise((*self._waiting, *self._damaged))
            self._quiet_until_ms = self._now_ms() + HELLO_GRACE_MS
            self._hello_after_ms = HELLO_AGAIN_MS
            self._hello_at_ms = self._now_ms() + HELLO_AGAIN_MS
        self._wake.set()

    def cloud_state(self, *, up: bool) -> None:
        """Hold frames while ingest is down; what gathered meanwhile is backlog."""
        live_from = self._journal.next_seq()
        with self._lock:
            if up and not self._cloud_up:
                self._live_from = live_from
            self._cloud_up = up
        self._wake.set()

    def on_ack(self, payload: bytes) -> AckFrame:
        """Take committed ranges and return what was said; Fault of the codec when it is no ack.

        Raises Fault JOURNAL_FORKED when the cloud has other events under our sequences: they are
        not ours, and nothing of them is taken for committed.
        """
        ack = decode_ack(payload)
        if ack.cloud_epoch:
            self._hello_at_ms = None
            self._believed = self._met(ack.cloud_epoch)
        if not self._believed:
            return ack
        if ack.epoch != self._journal.epoch:
            self._tally.count(FaultCode.WIRE_SENDER_MISMATCH)
            return ack
        if not self._is_ours(ack):
            raise Fault(FaultCode.JOURNAL_FORKED)
        ranges = clamp(ack.ranges, 1, self._journal.next_seq() - 1)
        self._journal.mark_acked(ranges)
        for _rejected in ack.rejected:
            self._tally.count(FaultCode.SYNC_EVENT_REJECTED)
        with self._lock:
            self._waiting = subtract(self._waiting, ranges)
            self._fresh = {seq: one for seq, one in self._fresh.items() if not covers(ranges, seq)}
            self._credit = max(1, ack.credit)
            self._packing = ack.packing
            self._quiet_until_ms = 0
            self._measure(ranges)
        for listener in self._on_acked:
            listener(ranges)
        self._wake.set()
        return ack

    def _is_ours(self, ack: AckFrame) -> bool:
        """Compare the hash at the end of each range that still waits with our own."""
        lowest = self._journal.lowest_unacked()
        for (_, high), end in zip(ack.ranges, ack.ends, strict=bool(ack.ends)):
            if high >= lowest and self._hash_at(high) != end:
                return False
        return True

    def _hash_at(self, seq: int) -> bytes | None:
        fresh = self._fresh.get(seq)
        return self._journal.hash_at(seq) if fresh is None else fresh.hash

    # ---- the thread -----------------------------------------------------------------------------

    def pump(self) -> int | None:
        """Send what may be sent now; return when (monotonic ms) to look again, None for idle."""
        self._greet_again()
        while True:
            plan = self._planned()
            if not isinstance(plan, PublishPlan):
                return plan
            whole = [self._carried(frame) for frame in plan.send]
            if all(whole):
                return plan.wake_ms

    def _greet_again(self) -> None:
        """Say hello again when the last one was not answered."""
        now_ms = self._now_ms()
        with self._lock:
            due_ms = self._hello_at_ms
            if due_ms is None or now_ms < due_ms or not (self._link.connected() and self._cloud_up):
                return
            self._hello_after_ms = min(2 * self._hello_after_ms, HELLO_AGAIN_MS_MAX)
            self._hello_at_ms = now_ms + self._hello_after_ms
        if self._greet is not None:
            self._greet()

    def _planned(self) -> PublishPlan | int | None:
        now_ms = self._now_ms()
        with self._lock:
            if not (self._link.connected() and self._cloud_up and self._believed):
                return None
            if now_ms < self._quiet_until_ms:
                return self._quiet_until_ms
            plan = plan_ranges(
                self._waiting,
                self._in_flight,
                self._credit,
                now_ms,
                self._rtt_ms,
                self._window.events,
                self._live_from,
            )
            if any(frame.attempt > 1 for frame in plan.send):
                self._window = self._window.narrower()
            self._in_flight = plan.in_flight
        return plan

    def _carried(self, frame: InFlight) -> bool:
        """Send as much of a planned frame as one message holds; False when that was not all."""
        room = frame.last_seq - frame.first_seq + 1
        records, damaged = self._read(frame)
        self._noted((frame.first_seq, frame.last_seq), damaged)
        live = frame.lane == LIVE or frame.first_seq >= self._live_from
        bytes_max = min(self._window.bytes, limits.FRAME_BYTES_LIVE) if live else self._window.bytes
        run = run_of(records, frame.lane, bytes_max)
        if len(run) == room:
            self._link.publish_up(self._frame(run, live=live))
            return True
        held = from_seqs(record.seq for record in records)
        flies = [replace(frame, first_seq=run[0].seq, last_seq=run[-1].seq)] if run else []
        with self._lock:
            # What the journal no longer holds back was acknowledged before this program began;
            # what cannot be read must not hold back the rest.
            gone = subtract([(frame.first_seq, frame.last_seq)], held)
            self._waiting = subtract(self._waiting, gone)
            others = [one for one in self._in_flight if one != frame]
            self._in_flight = (*others, *flies)
        if run:
            self._link.publish_up(self._frame(run, live=live))
        return False

    def _read(self, frame: InFlight) -> tuple[Sequence[Record], tuple[int, ...]]:
        """Return a frame's records and what of them cannot be read."""
        fresh = self._fresh
        if frame.first_seq in fresh and frame.last_seq in fresh:
            seqs = range(frame.first_seq, frame.last_seq + 1)
            return [fresh[seq] for seq in seqs if seq in fresh], ()
        return read_over(self._journal, frame.first_seq, frame.last_seq)

    def _noted(self, looked_at: tuple[int, int], damaged: Sequence[int]) -> None:
        """Remember what cannot be read; each is counted once, the doctor tells of all."""
        if not damaged and not self._damaged:
            return
        with self._lock:
            held = from_seqs(damaged)
            for seq in damaged:
                if not covers(self._damaged, seq):
                    self._tally.count(FaultCode.JOURNAL_UNSENT)
            self._damaged = normalise((*subtract(self._damaged, [looked_at]), *held))

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._turns += 1
            self._wake.clear()
            self._counted(self.prune)
            due_ms = self._counted(self.pump)
            wait_s = IDLE_S if due_ms is None else max(0, due_ms - self._now_ms()) / _MS_PER_S
            self._wake.wait(min(wait_s, IDLE_S))

    def prune(self) -> int | None:
        """Let go of what the cloud has had for long, or too much of; return how many went."""
        if self._now_ms() < self._prune_at_ms:
            return None
        self._prune_at_ms = self._now_ms() + PRUNE_EVERY_MS
        return self._journal.prune(acked_before_wall_ms=self._prune_before_ms())

    def _counted(self, work: Callable[[], int | None]) -> int | None:
        try:
            return work()
        except Fault as fault:  # of the disk: counted, shown by health, tried again
            self._tally.count(fault.code)
            return None

    def _frame(self, records: Sequence[Record], *, live: bool) -> bytes:
        plain = encode(
            UpFrame(
                v=WIRE_VERSION,
                tenant=self._shop.tenant.bytes,
                store=self._shop.store.bytes,
                device=self._shop.device.bytes,
                epoch=self._journal.epoch,
                first_seq=records[0].seq,
                prev_hash=records[0].prev_hash,
                events=tuple(event_of(record.draft) for record in records),
                sent_boot=self._boot,
                sent_mono_ms=self._now_ms() if self._boot else 0,
            )
        )
        # The cloud knows sales made now by this: whatever is packed waits behind all backlog.
        short = live and len(plain) <= limits.FRAME_BYTES_LIVE
        return plain if short else packed(plain, len(records), self._packing)

    def _measure(self, ranges: Ranges) -> None:
        """Learn the round trip and the line's width from frames answered at the first attempt."""
        for frame in self._in_flight:
            whole = subtract([(frame.first_seq, frame.last_seq)], ranges) == ()
            if whole and frame.attempt == 1:
                self._window = self._window.wider()
                seen = self._now_ms() - frame.sent_ms
                self._rtt_ms = (
                    seen
                    if not self._rtt_ms
                    else (self._rtt_ms * (_RTT_WEIGHT - 1) + seen) // _RTT_WEIGHT
                )


def _any_cloud(_epoch: int) -> bool:
    """Stand in where nobody keeps which clouds were met."""
    return True
