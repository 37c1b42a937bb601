"""The line to the cloud, as the technician is shown it."""

from typing import Literal, cast

from edge_agent.api.models.sync import LineAnswered, LineBytes
from edge_agent.api.views import fault_reason
from edge_agent.domain.line_doctor import MB, SETTLED_S, LineFacts, line_findings

Quality = Literal["unknown", "holdover", "synced"]


def line_view(facts: LineFacts) -> LineAnswered:
    """Return the facts with what is wrong about them."""
    findings = tuple(fault_reason(fault) for fault in line_findings(facts))
    return LineAnswered(
        ok=not findings,
        findings=findings,
        connected=facts.connected,
        way=facts.way,
        reason=facts.reason,
        cloud_up=facts.cloud_up,
        clock=cast("Quality", facts.clock.name.lower()),
        epoch=facts.epoch,
        waiting=facts.waiting,
        lowest_unacked=facts.lowest_unacked,
        next_seq=facts.next_seq,
        oldest_waiting_ms=facts.oldest_ms,
        frames_in_flight=facts.in_flight,
        round_trip_ms=facts.rtt_ms,
        frame_events=facts.frame_events,
        feed_pos=facts.feed_pos,
        apart=facts.apart,
        bytes=LineBytes(
            up=facts.up_bytes,
            down=facts.down_bytes,
            month_mb=facts.month_bytes // MB if facts.seconds >= SETTLED_S else None,
            budget_mb=facts.month_mb,
            by_message=facts.by_message,
        ),
        faults=facts.faults,
    )
