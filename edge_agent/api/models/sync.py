"""The line to the cloud, for the technician."""

from typing import Literal

from edge_agent.api.models.base import Answered
from edge_agent.api.models.identify import ReasonView


class LineBytes(Answered):
    """What the line carried since the start, headers included; `by_message` without them.

    `month_mb`: what a month costs at this rate; null in the first hour, which says nothing of one.
    """

    up: int
    down: int
    month_mb: int | None
    budget_mb: int
    by_message: dict[str, int]


class LineAnswered(Answered):
    """The line as the box sees it, and what is wrong with it.

    `way` is how the box leaves the shop; `reason` why the last try did not stand. `waiting` events
    from `lowest_unacked` on are not committed in the cloud; `oldest_waiting_ms` is how long the
    first of them waits, null when the clock cannot say. `apart`: the cloud may have said something
    that is not applied yet.
    """

    ok: bool
    findings: tuple[ReasonView, ...]
    connected: bool
    way: str
    reason: str
    cloud_up: bool
    clock: Literal["unknown", "holdover", "synced"]
    epoch: int
    waiting: int
    lowest_unacked: int
    next_seq: int
    oldest_waiting_ms: int | None
    frames_in_flight: int
    round_trip_ms: int
    frame_events: int
    feed_pos: int
    apart: bool
    bytes: LineBytes
    faults: dict[str, int]
