"""The loop that books: live sales first, then greetings, a piece of backlog, and the chores.

A shop that was offline for a night sends frames of hundreds of sales. They wait in a lane of their
own and are worked by pieces, each as large as a sale made now can wait for.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import TypeVar
from uuid import UUID

from cloud_broker.ingest.backlog import split
from cloud_broker.ingest.batcher import Batcher
from cloud_broker.ingest.lines import Line
from cloud_broker.ingest.parts import IngestParts
from cloud_broker.ingest.session import Delivery
from cloud_broker.ingest.spare import Spare
from cloud_broker.services.booking.ingest import Outcome
from cloud_broker.services.line import downlink
from cloud_broker.services.line.downlink import Outbound
from retail_core import limits
from retail_core.errors import Fault
from retail_core.sync.cloud_watch import SHARD_TAIL
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_cloud_presence
from retail_core.wire.topics import shard_in, shard_of, tail_of

ALL_SHARDS = frozenset(range(limits.SHARDS))
IDLE_S = 0.05
CHORES_EVERY_S = 1.0
SWEEP_EVERY_S = 5.0
SOON_S = 0.2
AT_ONCE_MAX = 64  # stores told, presences written in one go: a live sale waits for it
RARE_EVERY_S = 600.0
RARE_AGAIN_S = 60.0
RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)

_R = TypeVar("_R")
_log = logging.getLogger(__name__)


class IngestWorker:
    """One thread; it alone talks to the database for its shards, so positions come in order.

    What is done once for a tenant is done by the worker that holds the tenant's own shard.
    """

    def __init__(
        self,
        parts: IngestParts,
        session: Line,
        boot_id: UUID,
        *,
        shards: frozenset[int] = ALL_SHARDS,
        slot: int | None = None,
    ) -> None:
        self._parts = parts
        self._session = session
        self._boot_id = boot_id
        self._slot = slot
        self._wanted = self._held = shards
        self.lost = threading.Event()
        self._batcher = Batcher(session.queue)
        self._stop = threading.Event()
        self._wake, self._soon = threading.Event(), threading.Event()
        self._greet_boxes, self._lanes_wait = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._up: bool | None = None
        self._open: list[Delivery] = []
        self._spare = Spare(self._greet, self._keep, self._book_waiting)
        self._due: deque[Callable[[], object]] = deque()
        self._marks: dict[tuple[UUID, UUID], int] = {}
        self._stale: set[tuple[UUID, str]] = set()
        self._tenants: tuple[UUID, ...] = ()
        self._overwritten = self._swept = False
        self._chores_at = self._sweep_at = self._rare_at = 0.0

    def start(self) -> None:
        """Begin; an unreachable broker or database is tried again for ever."""
        self._session.hold(self._held)
        self._session.start(self._greet_boxes.set)
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self._thread.start()

    def stop(self, *, alone: bool = True) -> None:
        """Say that these shards are down, end both threads; safe to call twice.

        Not `alone`, the company's word is left to those who stay. Without a seat nothing is said.
        """
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
            last = self._cloud_states(up=False, shards=self._held, company=alone)
            self._session.stop(last if self._parts.seated() else ())

    def hold(self, shards: frozenset[int]) -> None:
        """Work these shards and no others, from the next turn on."""
        self._wanted = shards

    @property
    def holding(self) -> frozenset[int]:
        """The shards that are worked just now."""
        return self._held

    def works(self, tenant: UUID) -> bool:
        """Return whether what is done once for a tenant is done here."""
        return shard_of(tenant) in self._held

    def wake(self, *, soon: bool = False) -> None:
        """Look for what others left to announce: now, or `soon` when more of it is to come."""
        (self._soon if soon else self._wake).set()
        if not soon:
            self._batcher.nudge()

    def call_lanes(self) -> None:
        """Tell stores soon of the check-ins that phones have made."""
        self._lanes_wait.set()
        self._batcher.nudge()

    # ---- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._turn()
            except Fault as fault:
                self._parts.tally.count(fault.code)
                _log.warning("ingest", extra={"fault": str(fault)})
                if fault.code == FaultCode.SHARD_SEAT_LOST:
                    self.lost.set()
                    self._stop.wait()
                    continue
                self._say_up(up=fault.code != FaultCode.SYNC_LINK_DOWN)
                self._stop.wait(RETRY_S[0])
            except Exception:  # noqa: BLE001 -- one bad turn must not close the way to the cloud
                self._parts.tally.count(FaultCode.API_INTERNAL)
                _log.exception("ingest turn failed")
                self._stop.wait(RETRY_S[-1])
            # PUBACK only frees the broker's window. Boxes keep what our own ack does not name.
            self._session.acknowledge(self._open)
            self._open = []
        with suppress(Fault):
            self._write_down()

    def _turn(self) -> None:
        self._chores()
        # While there is other work, what comes gathers behind it: nothing is waited for.
        busy = self._spare.busy or bool(self._due)
        batch = self._batcher.take(0 if busy else IDLE_S, gather=not busy)
        by_tail: dict[str | None, list[Delivery]] = {}
        for delivery in batch:
            tail = tail_of(delivery.inbound.topic) if self._is_ours(delivery) else "left"
            by_tail.setdefault(tail, []).append(delivery)
        live, backlog = split(by_tail.pop("up", []))
        done = self._spare.add(backlog, by_tail.pop("hello", []))
        self._session.acknowledge([*done, *by_tail.pop("left", [])])
        self._open = [*live, *chain.from_iterable(by_tail.values())]
        if live:
            self._spare.paces.live_came()
            self._book(live)
        for delivery in by_tail.pop("seen", []):
            self._parts.lanes.answered(delivery.inbound)
        for delivery in by_tail.pop("st", []):
            self._parts.presence.note(delivery.inbound)
        for delivery in by_tail.pop(SHARD_TAIL, []):
            self._said_of_us(delivery.inbound.payload)
        # A turn that has swept has kept a live sale waiting long enough; the next one does not.
        if not (self._swept and self._spare.paces.live_lately):
            self._spare.work()
        for _ in chain.from_iterable(by_tail.values()):
            self._parts.tally.count(FaultCode.WIRE_MALFORMED)

    @property
    def _speaks(self) -> bool:
        """Whether what is said now would be heard."""
        return bool(self._session.ready) and self._parts.seated()

    def _is_ours(self, delivery: Delivery) -> bool:
        """Return whether we work a message's shard; one that was given up is its next owner's."""
        return shard_in(delivery.inbound.topic) in {None, *self._held}

    def _said_of_us(self, payload: bytes) -> None:
        """Say again, soon, what a worker that stalled has said in our place."""
        said = decode_cloud_presence(payload)
        self._overwritten |= said.boot_id != self._boot_id.bytes

    def _book(self, deliveries: Sequence[Delivery]) -> None:
        inbound = [delivery.inbound for delivery in deliveries]
        outcome = self._until_durable(lambda: self._parts.ingest.book(inbound))
        if outcome is None:
            return
        self._acknowledge(deliveries)
        self._tell(outcome)

    def _keep(self, deliveries: Sequence[Delivery], owed: Sequence[Delivery]) -> None:
        """Make a piece of backlog durable; `owed` of it is not confirmed to the broker yet."""
        self._open += owed
        inbound = [delivery.inbound for delivery in deliveries]
        outcome = self._until_durable(lambda: self._parts.ingest.keep(inbound))
        if outcome is None:
            return
        self._acknowledge(owed)
        self._tell(outcome)

    def _book_waiting(self, limit: int) -> int:
        """Book a piece of what was made durable, by this worker or the one before it; how much."""
        self._spare.something_waits = False
        events = 0
        for tenant in self._tenants:
            outcome = self._until_durable(
                partial(self._parts.ingest.book_waiting, tenant, self._held, limit)
            )
            if outcome is not None:
                self._tell(outcome)
                self._spare.something_waits |= outcome.events > 0
                events += outcome.events
        return events

    def _tell(self, outcome: Outcome) -> None:
        if not self._publish(outcome.send):
            self._wake.set()
            return
        for key, pos in outcome.marks.items():
            self._marks[key] = max(pos, self._marks.get(key, 0))

    def _greet(self, deliveries: Sequence[Delivery]) -> None:
        inbound = [delivery.inbound for delivery in deliveries]
        greeted = self._until_durable(lambda: self._parts.greeter.greet(*inbound))
        if greeted is None:
            return
        self._publish(greeted.send)
        self._stale |= greeted.stale

    def _acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge at once what is booked; the rest of the turn's batch follows at its end."""
        self._session.acknowledge(deliveries)
        done = set(map(id, deliveries))
        self._open = [one for one in self._open if id(one) not in done]

    def _until_durable(self, attempt: Callable[[], _R]) -> _R | None:
        """Try until the database takes it; boxes are told to wait meanwhile. None at the end."""
        tries = 0
        while not self._stop.is_set():
            try:
                done = attempt()
            except Fault as fault:
                if fault.code != FaultCode.SYNC_LINK_DOWN:
                    raise
                self._parts.tally.count(fault.code)
                if tries == 0:
                    _log.warning("ingest waits", extra={"fault": str(fault)})
                self._say_up(up=False)
                self._stop.wait(RETRY_S[min(tries, len(RETRY_S) - 1)])
                tries += 1
            else:
                self._say_up(up=True)
                return done
        return None

    def _publish(self, messages: Sequence[Outbound]) -> bool:
        """Hand messages over; False when others may have our seat and nothing was said."""
        if not self._parts.seated():
            return False
        for _ in range(self._session.publish(messages)):
            self._parts.tally.count(FaultCode.SYNC_GAP)
        return True

    def _say_up(self, *, up: bool, again: bool = False) -> None:
        """Tell boxes, retained, whether it is worth sending; only when that changed."""
        if self._session.ready and (again or up != self._up):
            shards = self._session.ready & self._held
            said = self._publish(self._cloud_states(up=up, shards=shards, company=True))
            self._up = up if said else None

    def _cloud_states(
        self, *, up: bool, shards: frozenset[int], company: bool
    ) -> tuple[Outbound, ...]:
        """Say it of the shards, for older boxes of the company; and that the worker lives."""
        boot = self._boot_id
        states = [downlink.shard_state(shard, boot, up=up) for shard in sorted(shards)]
        if company:
            states += [downlink.cloud_state(tenant, boot, up=up) for tenant in self._own_tenants()]
        if up and self._slot is not None:
            states.insert(0, downlink.worker_state(self._slot, boot, up=True))
        return tuple(states)

    def _own_tenants(self) -> tuple[UUID, ...]:
        return tuple(tenant for tenant in self._tenants if self.works(tenant))

    # ---- what can wait --------------------------------------------------------------------------

    def _chores(self) -> None:
        now = time.monotonic()
        if self._wanted != self._held:
            self._change_shards()
        if now >= self._rare_at:
            self._rare(now)
        if self._greet_boxes.is_set() and self._session.ready:
            self._greet_boxes.clear()
            self._say_up(up=True, again=True)
        if self._lanes_wait.is_set() and self._speaks:
            self._lanes_wait.clear()
            self._call_lanes()
        self._do_due(now)
        if self._soon.is_set():
            self._soon.clear()
            self._sweep_at = min(self._sweep_at, now + SOON_S)
        due = self._wake.is_set() or now >= self._sweep_at
        self._swept = due and not self._swept and self._speaks
        if self._swept:
            self._wake.clear()
            self._sweep_at = now + SWEEP_EVERY_S
            self._sweep()

    def _do_due(self, now: float) -> None:
        """Do what is due every second: one thing a turn while shops sell, for a sale waits."""
        if now >= self._chores_at:
            self._chores_at = now + CHORES_EVERY_S
            self._spare.something_waits = True
            every = (self._say_standing, self._presences, self._write_down, self._say_again)
            self._due = self._due or deque(every)
        while self._due:
            self._due.popleft()()
            if self._spare.paces.live_lately:
                return

    def _presences(self) -> None:
        if self._parts.presence.write(AT_ONCE_MAX) == AT_ONCE_MAX:
            self._due.append(self._presences)

    def _say_standing(self) -> None:
        self._say_up(up=True, again=self._overwritten)
        self._overwritten = False

    def _rare(self, now: float) -> None:
        """Do what is seldom due; what of it fails comes again, and holds up no sale."""
        self._tenants = self._parts.tenants()
        self._rare_at = now + RARE_EVERY_S
        self._greet_boxes.set()
        for tenant in self._own_tenants():
            try:
                self._parts.rare(tenant)
            except Exception as error:  # noqa: BLE001 -- booking does not depend on it
                code = error.code if isinstance(error, Fault) else FaultCode.API_INTERNAL
                self._parts.tally.count(code)
                _log.warning("chores of ingest", exc_info=True)
                self._rare_at = now + RARE_AGAIN_S

    def _change_shards(self) -> None:
        """Give shards up and take others on; what still waits of the former is not booked here."""
        wanted = self._wanted
        gained = wanted - self._held
        self._held = wanted
        self._session.acknowledge(self._spare.drop(lambda one: not self._is_ours(one)))
        self._session.hold(wanted)
        if any(shard_of(tenant) in gained for tenant in self._tenants):
            self._rare_at = 0.0
        # What their last worker committed and could not announce any more.
        self._sweep_at = 0.0

    def _call_lanes(self) -> None:
        for tenant in self._own_tenants():
            self._publish(self._parts.lanes.due(tenant))

    def _write_down(self) -> None:
        marks, self._marks = self._marks, {}
        try:
            self._parts.announcer.mark(marks)
        except Fault:
            self._marks = marks | self._marks
            raise

    def _say_again(self) -> None:
        stale, self._stale = self._stale, set()
        if not self._publish(self._parts.announcer.again(stale)):
            self._stale |= stale

    def _sweep(self) -> None:
        known = self._parts.tenants()
        if known != self._tenants:
            self._tenants = known
            self._greet_boxes.set()
        for tenant in self._tenants:
            left = self._parts.announcer.left(
                *(tenant, self._marks, self._held),
                documents=self.works(tenant),
                stores_max=AT_ONCE_MAX,
            )
            if self._publish(left.send):
                self._parts.announcer.written(tenant, left)
                if left.more:
                    self._wake.set()
