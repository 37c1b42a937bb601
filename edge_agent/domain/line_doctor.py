"""What is wrong with a box's line to the cloud, judged from facts: coded findings."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from edge_agent.domain.ways import DIRECT
from retail_core import limits
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.sync.ranges import Ranges
from retail_core.texts.faults import FaultCode
from retail_core.texts.spans import Span

# Nobody waits that long for a healthy line, however deep the backlog behind it.
OLD_MS = 10 * 60 * 1_000
SETTLED_S = 3_600.0
MB = 1_000_000
NAMED_MAX = 5
# How the link begins its reason when a broker was there and said no.
BROKER_REFUSED = "broker refused"


@dataclass(frozen=True, slots=True)
class LineFacts:
    """The line as the box sees it; sequences are the journal's.

    `way` and `direct` are for people; `reason` is why the last try did not stand. `oldest_ms` is
    how long the oldest waiting event waits, None when none does or the clock cannot say. `apart` is
    whether the feed has something that is not applied. Bytes are with headers, since the start.
    """

    store: str
    connected: bool
    way: str = ""
    way_name: str = DIRECT
    direct: str = ""
    reason: str = ""
    cloud_up: bool = True
    clock: TimeQuality = TimeQuality.SYNCED
    epoch: int = 0
    waiting: int = 0
    lowest_unacked: int = 1
    next_seq: int = 1
    oldest_ms: int | None = None
    in_flight: int = 0
    rtt_ms: int = 0
    frame_events: int = limits.FRAME_EVENTS_MAX
    damaged: Ranges = ()
    feed_pos: int = 0
    apart: bool = False
    seconds: float = 0.0
    up_bytes: int = 0
    down_bytes: int = 0
    month_bytes: int = 0
    month_mb: int = 0
    by_message: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)


def line_findings(facts: LineFacts) -> Iterator[Fault]:
    """Judge the facts, the gravest first."""
    if facts.damaged:
        count = sum(high - low + 1 for low, high in facts.damaged)
        named = ", ".join(f"{low}-{high}" for low, high in facts.damaged[:NAMED_MAX])
        yield Fault(FaultCode.JOURNAL_UNSENT, count=count, seqs=named)
    if not facts.connected:
        yield _of_a_dead_line(facts)
    elif facts.way_name != DIRECT:
        yield Fault(FaultCode.SYNC_WAY_ROUND, way=facts.way, direct=facts.direct)
    if facts.connected and not facts.cloud_up:
        yield Fault(FaultCode.SYNC_INGEST_AWAY)
    if facts.clock == TimeQuality.UNKNOWN:
        yield Fault(FaultCode.SYNC_CLOCK_UNKNOWN)
    yield from _of_what_waits(facts)
    yield from _of_the_cost(facts)


def _of_a_dead_line(facts: LineFacts) -> Fault:
    reason, where = facts.reason or "-", facts.way or facts.direct
    if "proxy" in reason:
        return Fault(FaultCode.SYNC_PROXY_REFUSED, proxy=facts.way, reason=reason, where=facts.way)
    if reason.startswith(BROKER_REFUSED):
        said = reason.removeprefix(BROKER_REFUSED).strip(": ")
        return Fault(FaultCode.SYNC_BOX_REFUSED, where=where, reason=said)
    return Fault(FaultCode.SYNC_BROKER_UNREACHABLE, where=where, reason=reason)


def _of_what_waits(facts: LineFacts) -> Iterator[Fault]:
    old = facts.oldest_ms is not None and facts.oldest_ms > OLD_MS
    if facts.waiting > limits.FRAME_EVENTS_MAX or old:
        yield Fault(
            FaultCode.SYNC_BOX_WAITS,
            store=facts.store,
            count=facts.waiting,
            watermark=facts.lowest_unacked - 1,
            ago=Span(facts.oldest_ms or 0),
        )
    if facts.connected and facts.apart:
        yield Fault(FaultCode.SYNC_GAP)


def _of_the_cost(facts: LineFacts) -> Iterator[Fault]:
    month_mb = facts.month_bytes // MB
    if facts.month_mb and facts.seconds >= SETTLED_S and month_mb > facts.month_mb:
        most = max(facts.by_message, key=lambda kind: facts.by_message[kind], default="-")
        costs = {"month_mb": month_mb, "budget_mb": facts.month_mb}
        yield Fault(FaultCode.SYNC_LINE_COSTLY, most=most, **costs)
