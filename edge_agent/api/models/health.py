"""Can this shop sell, and what is missing."""

from typing import Literal
from uuid import UUID

from edge_agent.api.models.base import Answered
from edge_agent.api.models.identify import ReasonView


class HealthAnswered(Answered):
    """The box's state; no member's data."""

    state: Literal["ok", "degraded", "cannot", "gone"]
    can_sell: bool
    reasons: tuple[ReasonView, ...]
    store: UUID
    store_name: str
    devices: dict[str, str]
    cloud_seen_ms: int | None
    outbox_depth: int
    feed_pos: int
    members: int
    faults: dict[str, int]
    versions: dict[str, str]
