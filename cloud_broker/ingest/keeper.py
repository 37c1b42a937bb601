"""One worker's life among others: it takes a seat, works its share of the shards, and starts anew.

A thread of its own says every second that the worker lives and looks who else does. A worker that
stalled for so long that others took its seat is thrown away whole, with everything it had in hand,
and another one sits down: none of what it held may be committed or said any more.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from cloud_broker.domain.shard_plan import share_of
from cloud_broker.ingest.worker import IngestWorker
from cloud_broker.ports.clock import IdSource
from cloud_broker.ports.shards import Roster, Seat, ShardDesk
from retail_core.errors import Fault
from retail_core.tally import FaultTally

BEAT_S = 1.0
# Others may have our seat this long after our last beat; the database's clock says when they do.
LIFE_S = 4.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Standing:
    """Whether a worker may still speak: its last beat is young enough. Read by its thread."""

    seat: Seat
    boot_id: UUID
    beaten_at: float

    def good(self) -> bool:
        """Return whether nobody can have taken the seat yet."""
        return time.monotonic() - self.beaten_at < LIFE_S


MakeWorker = Callable[[Standing], IngestWorker]


class ShardKeeper:
    """Keeps one ingest worker at its shards; `start` and `stop` are the process's."""

    def __init__(
        self,
        desk: ShardDesk,
        make: MakeWorker,
        ids: IdSource,
        tally: FaultTally,
        *,
        beat_s: float = BEAT_S,
    ) -> None:
        self._beat_s = beat_s
        self._desk = desk
        self._make = make
        self._ids = ids
        self._tally = tally
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._worker: IngestWorker | None = None
        self._seat: Seat | None = None
        self._alone = True
        self._reap_at = 0.0

    def start(self) -> None:
        """Begin; an unreachable database is tried again for ever."""
        self._thread = threading.Thread(target=self._run, name="shards", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Say that our shards are down, and give them back; safe to call twice."""
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def seat(self) -> Seat | None:
        """Return the seat this process has, None between two."""
        return self._seat

    def works(self, tenant: UUID) -> bool:
        """Return whether what is done once for a tenant is done here."""
        worker = self._worker
        return worker is not None and worker.works(tenant)

    def wake(self, *, soon: bool = False) -> None:
        """Look for what others left to announce: now, or `soon` when more of it is to come."""
        if (worker := self._worker) is not None:
            worker.wake(soon=soon)

    def call_lanes(self) -> None:
        """Tell stores soon of the check-ins that phones have made."""
        if (worker := self._worker) is not None:
            worker.call_lanes()

    # ---- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._one_life()
            except Fault as fault:
                self._tally.count(fault.code)
                _log.warning("no seat for ingest", extra={"fault": str(fault)})
                self._stop.wait(self._beat_s)

    def _one_life(self) -> None:
        boot_id, now = self._ids.uuid7(), time.monotonic()
        standing = Standing(self._desk.sit(boot_id), boot_id, now)
        worker = self._make(standing)
        worker.start()
        self._worker, self._seat = worker, standing.seat
        _log.info("ingest works", extra={"seat": standing.seat.token, "slot": standing.seat.slot})
        try:
            self._beat_on(standing, worker)
        finally:
            self._worker = self._seat = None
            worker.stop(alone=self._alone)
            self._desk.stand_up(standing.seat)

    def _beat_on(self, standing: Standing, worker: IngestWorker) -> None:
        """Beat until the end, or until the seat is lost."""
        while not self._stop.is_set():
            try:
                kept = self._beat(standing, worker)
            except Fault as fault:
                # Whoever comes back first from an outage must not take the others for dead.
                self._reap_at = time.monotonic() + LIFE_S
                self._tally.count(fault.code)
                kept = True
            if not kept or worker.lost.is_set():
                standing.beaten_at = -math.inf
                _log.warning("ingest lost its seat", extra={"seat": standing.seat.token})
                return
            self._stop.wait(self._beat_s)

    def _beat(self, standing: Standing, worker: IngestWorker) -> bool:
        now = time.monotonic()
        roster = self._desk.beat(standing.seat, reap=now >= self._reap_at)
        if roster is None:
            return False
        standing.beaten_at = now
        self._alone = len(roster.tokens) == 1
        self._share(standing.seat, roster, worker)
        return True

    def _share(self, seat: Seat, roster: Roster, worker: IngestWorker) -> None:
        """Work our share; what is too much goes back when the worker has let go of it."""
        share = share_of(seat.token, roster.tokens, roster.owners)
        mine = {shard for shard, owner in roster.owners.items() if owner == seat.token}
        leave = mine - share.keep - worker.holding
        if leave or share.take:
            mine = set(self._desk.move(seat, share.take, leave))
        worker.hold(frozenset(mine & (share.keep | share.take)))
