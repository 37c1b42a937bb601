"""Walking up, wired to what happens at the counters: who is served there, and when that is over."""

from collections.abc import Mapping
from functools import partial
from uuid import UUID

from edge_agent.api.counter import Counter
from edge_agent.api.hub import EventHub
from edge_agent.bootstrap.lanes import LaneServices

ENDS_A_VISIT = ("sale", "tapped", "visit")


def hears_counters(hub: EventHub, lanes: Mapping[str, LaneServices], counter: Counter) -> None:
    """Let each lane's zone hear its counter, and the counter's screens who has left the zone."""
    for name, lane in lanes.items():
        lane.walk_up.left = partial(counter.walked_off, name)

    def hear(kind: str, payload: Mapping[str, object], lane: str | None) -> None:
        at = lanes.get(lane or "")
        if at is None:
            return
        if kind in ENDS_A_VISIT:
            at.walk_up.over()
        elif kind == "recognition" and not payload.get("walked_up"):
            member = payload.get("member")
            if isinstance(member, Mapping):
                at.walk_up.asked(UUID(str(member["member_id"])))

    hub.listen(hear)
