"""Which events to publish now.

Two lanes share the frames which the cloud's credit allows in flight. The live lane owns one frame
and takes the newest events: a sale made while a night's backlog drains is in the cloud a round trip
later. The backlog lane owns the others and takes the oldest; with a credit of one the live lane
goes first. What waited when the line came up is backlog and never travels in the live lane: large
frames stand in the cloud behind those of a thousand other shops, and the live lane's only frame
would stand there with them. It stays free until a sale is made. Sales made faster than the cloud
answers take the backlog's frames when those are free, and share none with what waited before.

An event leaves only because the cloud committed it. Frames that outlive their time are planned
again from what is still uncovered, with their attempts counted. Backlog is given more time, since
it stands behind that of others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from retail_core import limits
from retail_core.sync.backoff import resend_after_ms
from retail_core.sync.ranges import Ranges, clamp, subtract

LIVE = "live"
BACKLOG = "backlog"


@dataclass(frozen=True, slots=True)
class InFlight:
    """A frame that was published and is not yet wholly committed; `sent_ms` is monotonic."""

    first_seq: int
    last_seq: int
    lane: str
    sent_ms: int
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """`send` is to be published now, in order; `in_flight` is the state to bring back next time.

    `wake_ms` is when to plan again though nothing happened (monotonic), None when nothing waits.
    """

    send: tuple[InFlight, ...]
    in_flight: tuple[InFlight, ...]
    wake_ms: int | None


def plan_ranges(  # noqa: PLR0913 -- what waits, what flies, and what the line allows
    waiting: Ranges,
    in_flight: Sequence[InFlight],
    credit: int,
    now_ms: int,
    rtt_ms: int,
    events_max: int = limits.FRAME_EVENTS_MAX,
    live_from: int = 0,
) -> PublishPlan:
    """Plan frames of consecutive sequences; `credit` is the number of frames allowed in flight.

    The live lane carries nothing before `live_from`, the first sequence made with the line up.
    Its cost grows with the number of gaps in what waits and never with how much waits. Whoever
    encodes a frame cuts it where its bytes outgrow their limit; the plan stays right, since only
    ranges are acknowledged.
    """
    open_frames = [frame for frame in in_flight if clamp(waiting, frame.first_seq, frame.last_seq)]
    kept = [frame for frame in open_frames if now_ms < _due_ms(frame, rtt_ms, live_from)]
    expired = [frame for frame in open_frames if frame not in kept]
    free = subtract(waiting, ((frame.first_seq, frame.last_seq) for frame in kept))
    send: list[InFlight] = []
    while free and len(kept) + len(send) < credit:
        flies = [frame.lane for frame in (*kept, *send)]
        fresh = () if LIVE in flies else _made_since(live_from, free)
        if not (fresh or LIVE in flies) and flies and len(flies) >= credit - 1:
            break  # the last frame is kept for a sale that is made meanwhile
        lane = LIVE if fresh else BACKLOG
        first, last = _newest(fresh, events_max) if fresh else _oldest(free, events_max, live_from)
        attempt = 1 + max(
            (old.attempt for old in expired if old.first_seq <= last and old.last_seq >= first),
            default=0,
        )
        send.append(InFlight(first, last, lane, now_ms, attempt))
        free = subtract(free, [(first, last)])
    flying = (*kept, *send)
    wake_ms = min((_due_ms(frame, rtt_ms, live_from) for frame in flying), default=None)
    return PublishPlan(tuple(send), flying, wake_ms)


def _due_ms(frame: InFlight, rtt_ms: int, live_from: int) -> int:
    """Return when to send a frame again.

    What waited before the line came up stands in the cloud behind that of others: the line has not
    lost it, and to send it twice makes the wait longer for all.
    """
    waited = frame.last_seq < live_from
    least_ms = limits.RESEND_BACKLOG_AFTER_MS if waited else limits.RESEND_AFTER_MS
    return frame.sent_ms + resend_after_ms(frame.attempt, rtt_ms, least_ms)


def _made_since(live_from: int, free: Ranges) -> Ranges:
    return clamp(free, live_from, free[-1][1])


def _newest(free: Ranges, events_max: int) -> tuple[int, int]:
    low, high = free[-1]
    return max(low, high - events_max + 1), high


def _oldest(free: Ranges, events_max: int, live_from: int) -> tuple[int, int]:
    """Return the oldest that wait; what is made now shares no frame with a backlog."""
    low, high = free[0]
    if low < live_from:
        high = min(high, live_from - 1)
    return low, min(high, low + events_max - 1)
