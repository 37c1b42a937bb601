"""The heartbeat: every few seconds, and at once when a session begins."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from edge_agent.ports.clock import Clock
from edge_agent.ports.cloud_link import CloudLink
from edge_agent.ports.journal import Journal
from edge_agent.ports.replica import Replica
from retail_core import limits
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.wire.messages import WIRE_VERSION, Presence

_MS_PER_S = 1_000


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the box says of itself: `ok`, `degraded` or `cannot`, and each device's state."""

    state: str
    can_sell: bool
    devices: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Running:
    """The program as it runs now: its own id (also in the will) and its version."""

    run_id: UUID
    software: str


class PresenceBeat:
    """Publishes the retained presence on a thread of its own."""

    def __init__(  # noqa: PLR0913 -- what a heartbeat tells
        self,
        link: CloudLink,
        journal: Journal,
        replica: Replica,
        clock: Clock,
        tally: FaultTally,
        running: Running,
        vitals: Callable[[], Vitals],
    ) -> None:
        self._link = link
        self._journal = journal
        self._replica = replica
        self._clock = clock
        self._tally = tally
        self._running = running
        self._vitals = vitals
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin beating."""
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; safe to call twice. The link itself says `gone`."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def beat(self) -> bool:
        """Publish now; False when there is no session."""
        return self._link.publish_presence(self.presence())

    def presence(self) -> Presence:
        """Return what would be published now."""
        vitals = self._vitals()
        return Presence(
            v=WIRE_VERSION,
            state=vitals.state,
            boot_id=self._running.run_id.bytes,
            wall_ms=self._clock.now().wall_ms,
            software=self._running.software,
            epoch=self._journal.epoch,
            outbox_depth=self._journal.depth(),
            feed_pos=self._replica.feed_position()[1],
            can_sell=vitals.can_sell,
            devices=dict(vitals.devices),
            faults=self._tally.snapshot(),
        )

    def _run(self) -> None:
        while not self._stopping.wait(limits.HEARTBEAT_MS / _MS_PER_S):
            if self._link.connected():
                self._try_to_beat()

    def _try_to_beat(self) -> None:
        try:
            self.beat()
        except Fault as fault:
            self._tally.count(fault.code)
