"""The facts of this box's line, collected when somebody asks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from edge_agent.domain.line_doctor import LineFacts
from edge_agent.domain.shop import Shop
from edge_agent.domain.ways import Way
from edge_agent.ports.clock import Clock
from edge_agent.ports.journal import Journal
from edge_agent.ports.replica import Replica
from edge_agent.services.line.uplink import UplinkState
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.tally import FaultTally

# The blocks of the fault catalogue that are about the line and what goes over it.
OF_THE_LINE = frozenset("SW")


class WatchedLink(Protocol):
    """A link that can say which way it goes."""

    @property
    def way(self) -> Way:
        """The way of the session, or the one tried last."""
        ...

    @property
    def reason(self) -> str:
        """Why the last try did not stand, empty when it did."""
        ...

    def connected(self) -> bool:
        """Return whether the session stands."""
        ...


class Cost(Protocol):
    """What the line has cost since the program began."""

    @property
    def seconds(self) -> float:
        """For how long it was counted."""
        ...

    @property
    def up_bytes(self) -> int:
        """What went up."""
        ...

    @property
    def down_bytes(self) -> int:
        """What came down."""
        ...

    @property
    def month_bytes(self) -> int:
        """What a month would cost."""
        ...

    @property
    def by_message(self) -> dict[str, int]:
        """Bytes by kind of message."""
        ...


@dataclass(frozen=True, slots=True)
class LineView:
    """Where the facts come from; `month_mb` is the line's budget, `direct` the straight way."""

    shop: Shop
    clock: Clock
    journal: Journal
    replica: Replica
    tally: FaultTally
    link: WatchedLink
    uplink: Callable[[], UplinkState]
    apart: Callable[[], bool]
    cost: Callable[[], Cost]
    direct: str
    month_mb: int

    def facts(self) -> LineFacts:
        """Collect them."""
        state, cost, way = self.uplink(), self.cost(), self.link.way
        return LineFacts(
            store=self.shop.store_name,
            connected=self.link.connected(),
            way=str(way),
            way_name=way.name,
            direct=self.direct,
            reason=self.link.reason,
            cloud_up=state.cloud_up,
            clock=self.clock.now().quality,
            epoch=self.journal.epoch,
            waiting=self.journal.depth(),
            lowest_unacked=self.journal.lowest_unacked(),
            next_seq=self.journal.next_seq(),
            oldest_ms=oldest_ms(self.journal, self.clock),
            in_flight=state.in_flight,
            rtt_ms=state.rtt_ms,
            frame_events=state.frame_events,
            damaged=state.damaged,
            feed_pos=feed_pos(self.replica),
            apart=self.apart(),
            seconds=cost.seconds,
            up_bytes=cost.up_bytes,
            down_bytes=cost.down_bytes,
            month_bytes=cost.month_bytes,
            month_mb=self.month_mb,
            by_message=cost.by_message,
            faults={
                code: seen for code, seen in self.tally.snapshot().items() if code[0] in OF_THE_LINE
            },
        )


def oldest_ms(journal: Journal, clock: Clock) -> int | None:
    """Return for how long the oldest waiting event waits, None when that cannot be said."""
    now = clock.now()
    try:
        oldest = journal.record(journal.lowest_unacked())
    except Fault:
        return None
    if oldest is None:
        return None
    at = oldest.draft.at
    if at.boot_id == now.boot_id:
        return now.mono_ms - at.mono_ms
    if TimeQuality.UNKNOWN in {at.quality, now.quality}:
        return None
    return max(0, now.wall_ms - at.wall_ms)


def feed_pos(replica: Replica) -> int:
    """Return how far the feed was applied, 0 when the replica cannot be read."""
    try:
        return replica.feed_position()[1]
    except Fault:
        return 0
