"""The loop that books: live sales first, then greetings, a piece of backlog, and the chores.

A shop that was offline for a night sends frames of hundreds of sales. They wait in a lane of their
own and are booked a few frames a turn, so that a sale made now never waits behind them for long.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar
from uuid import UUID

from cloud_broker.ingest.batcher import Batcher
from cloud_broker.ingest.session import BrokerSession, Delivery
from cloud_broker.services import downlink
from cloud_broker.services.announcing import Announcer
from cloud_broker.services.checkins import LaneCaller
from cloud_broker.services.downlink import Outbound
from cloud_broker.services.greeting import Greeter
from cloud_broker.services.ingest import Ingest
from cloud_broker.services.presence import PresenceBook
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.topics import tail_of

IDLE_S = 0.05
CHORES_EVERY_S = 1.0
SWEEP_EVERY_S = 5.0
RARE_EVERY_S = 600.0
# A frame above this is backlog: a live frame holds one or two sales.
LIVE_BYTES_MAX = 4 * 1024
BACKLOG_FRAMES_A_TURN = 2
RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)

_R = TypeVar("_R")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IngestParts:
    """What the worker works with; `rare` runs at the start and every ten minutes."""

    ingest: Ingest
    greeter: Greeter
    presence: PresenceBook
    announcer: Announcer
    lanes: LaneCaller
    tenants: Callable[[], tuple[UUID, ...]]
    rare: Callable[[UUID], None]
    tally: FaultTally


class IngestWorker:
    """One thread; it alone talks to the database for ingest, so positions come in order."""

    def __init__(self, parts: IngestParts, session: BrokerSession, boot_id: UUID) -> None:
        self._parts = parts
        self._session = session
        self._boot_id = boot_id
        self._batcher = Batcher(session.queue)
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._greet_boxes = threading.Event()
        self._lanes_wait = threading.Event()
        self._thread: threading.Thread | None = None
        self._up: bool | None = None
        self._open: list[Delivery] = []
        self._backlog: deque[Delivery] = deque()
        self._marks: dict[tuple[UUID, UUID], int] = {}
        self._stale: set[tuple[UUID, str]] = set()
        self._tenants: tuple[UUID, ...] = ()
        self._chores_at = self._sweep_at = self._rare_at = 0.0

    def start(self) -> None:
        """Begin; an unreachable broker or database is tried again for ever."""
        self._session.start(self._greet_boxes.set)
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Say that ingest is down, end both threads; safe to call twice."""
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
            self._session.stop(self._cloud_states(up=False))

    def wake(self) -> None:
        """Look soon for what other processes left to announce."""
        self._wake.set()

    def call_lanes(self) -> None:
        """Tell stores soon of the check-ins that phones have made."""
        self._lanes_wait.set()

    # ---- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._turn()
            except Fault as fault:
                self._parts.tally.count(fault.code)
                _log.warning("ingest", extra={"fault": str(fault)})
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
        batch = self._batcher.take(0 if self._backlog else IDLE_S)
        by_tail: dict[str | None, list[Delivery]] = {}
        for delivery in batch:
            by_tail.setdefault(tail_of(delivery.inbound.topic), []).append(delivery)
        frames = by_tail.pop("up", [])
        live = [one for one in frames if len(one.inbound.payload) <= LIVE_BYTES_MAX]
        self._backlog += [one for one in frames if len(one.inbound.payload) > LIVE_BYTES_MAX]
        piece = [self._backlog.popleft() for _ in range(BACKLOG_FRAMES_A_TURN) if self._backlog]
        self._open = [*live, *piece, *chain.from_iterable(by_tail.values())]
        if live:
            self._book(live)
        for delivery in by_tail.pop("hello", []):
            self._greet(delivery)
        for delivery in by_tail.pop("seen", []):
            self._parts.lanes.answered(delivery.inbound)
        for delivery in by_tail.pop("st", []):
            self._parts.presence.note(delivery.inbound)
        if piece:
            self._book(piece)
        for _ in chain.from_iterable(by_tail.values()):
            self._parts.tally.count(FaultCode.WIRE_MALFORMED)

    def _book(self, deliveries: Sequence[Delivery]) -> None:
        inbound = [delivery.inbound for delivery in deliveries]
        outcome = self._until_durable(lambda: self._parts.ingest.book(inbound))
        if outcome is None:
            return
        self._acknowledge(deliveries)
        self._publish(outcome.send)
        for key, pos in outcome.marks.items():
            self._marks[key] = max(pos, self._marks.get(key, 0))

    def _greet(self, delivery: Delivery) -> None:
        greeted = self._until_durable(lambda: self._parts.greeter.greet(delivery.inbound))
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

    def _publish(self, messages: Sequence[Outbound]) -> None:
        lost = self._session.publish(messages)
        for _ in range(lost):
            self._parts.tally.count(FaultCode.SYNC_GAP)

    def _say_up(self, *, up: bool, again: bool = False) -> None:
        """Tell boxes, retained, whether it is worth sending; only when that changed."""
        if self._session.subscribed.is_set() and (again or up != self._up):
            self._up = up
            self._publish(self._cloud_states(up=up))

    def _cloud_states(self, *, up: bool) -> tuple[Outbound, ...]:
        return tuple(downlink.cloud_state(tenant, self._boot_id, up=up) for tenant in self._tenants)

    # ---- what can wait --------------------------------------------------------------------------

    def _chores(self) -> None:
        now = time.monotonic()
        if now >= self._rare_at:
            self._tenants = self._parts.tenants()
            for tenant in self._tenants:
                self._parts.rare(tenant)
            self._rare_at = now + RARE_EVERY_S
            self._greet_boxes.set()
        if self._greet_boxes.is_set() and self._session.subscribed.is_set():
            self._greet_boxes.clear()
            self._say_up(up=True, again=True)
        if self._lanes_wait.is_set() and self._session.subscribed.is_set():
            self._lanes_wait.clear()
            self._call_lanes()
        if now >= self._chores_at:
            self._chores_at = now + CHORES_EVERY_S
            self._parts.presence.write()
            self._write_down()
            self._say_again()
            self._say_up(up=True)
        if self._session.subscribed.is_set() and (self._wake.is_set() or now >= self._sweep_at):
            self._wake.clear()
            self._sweep_at = now + SWEEP_EVERY_S
            self._sweep()

    def _call_lanes(self) -> None:
        for tenant in self._tenants:
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
        self._publish(self._parts.announcer.again(stale))

    def _sweep(self) -> None:
        known = self._parts.tenants()
        if known != self._tenants:
            self._tenants = known
            self._greet_boxes.set()
        for tenant in self._tenants:
            left = self._parts.announcer.left(tenant, self._marks)
            self._publish(left.send)
            self._parts.announcer.written(tenant, left)
