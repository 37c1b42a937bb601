"""The heartbeat: now and then, at once when a session begins and when something has changed.

A cut line is told by the broker, which sends the will; so beats may be rare, and a line that is
paid by the byte carries few of them.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from edge_agent.ports.clock import Clock
from edge_agent.ports.cloud_link import CloudLink
from edge_agent.ports.journal import Journal
from edge_agent.ports.replica import Replica
from edge_agent.services.line.rules_held import RulesHeld
from retail_core import limits
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.wire.health import BoxVitals, IssueTold
from retail_core.wire.messages import WIRE_VERSION, Presence

LOOK_EVERY_S = 2.0
_MS_PER_S = 1_000


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the box says of itself: `ok`, `degraded` or `cannot`, and each device's state.

    Figures move all the time: they travel with a beat, but only which issues stand hastens one.
    """

    state: str
    can_sell: bool
    devices: Mapping[str, str]
    body: BoxVitals | None = field(default=None, compare=False)
    issues: tuple[IssueTold, ...] = field(default=(), compare=False)
    wrong: frozenset[tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        """Note which issues stand, without what is measured of them."""
        standing = frozenset((one.code, one.subject) for one in self.issues)
        object.__setattr__(self, "wrong", standing)


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
        every_ms: int = limits.HEARTBEAT_MS,
    ) -> None:
        self._link = link
        self._journal = journal
        self._replica = replica
        self._rules = RulesHeld(replica)
        self._clock = clock
        self._tally = tally
        self._running = running
        self._vitals = vitals
        self._every_s = self.usual_s = every_ms / _MS_PER_S
        self._said: Vitals | None = None
        self._said_s = 0.0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin beating."""
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)
        self._thread.start()

    def beat_every(self, seconds: float) -> None:
        """Beat so often from now on."""
        self._every_s = seconds

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
        vitals = self._said = self._vitals()
        self._said_s = time.monotonic()
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
            catalogue_version=self._replica.catalogue_version(),
            bundle_version=self._rules.version(),
            vitals=vitals.body,
            issues=vitals.issues,
        )

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            if self._link.connected() and self.due():
                self._try_to_beat()

    def due(self) -> bool:
        """Return whether it is time, or something is to be told before its time."""
        late = time.monotonic() - self._said_s >= self._every_s
        return late or self._vitals() != self._said

    def _try_to_beat(self) -> None:
        try:
            self.beat()
        except Fault as fault:
            self._tally.count(fault.code)
