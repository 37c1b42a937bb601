"""Everything tasks and invitations hold, in memory."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from cloud_broker.ports.tasks import Completion, Opened, Reached, ShareLink


@dataclass
class TaskShelf:
    """Everything tasks and invitations hold."""

    due: list[tuple[int, UUID]] = field(default_factory=list)
    since: dict[str, date] = field(default_factory=dict)
    checkins: set[tuple[UUID, date, UUID]] = field(default_factory=set)
    completions: dict[UUID, dict[str, Completion]] = field(default_factory=dict)
    reached: dict[UUID, tuple[Reached, ...]] = field(default_factory=dict)
    links: dict[UUID, ShareLink] = field(default_factory=dict)
    opened: dict[tuple[UUID, UUID], Opened] = field(default_factory=dict)
    referrals: dict[UUID, Opened] = field(default_factory=dict)
    check_on: dict[UUID, date | None] = field(default_factory=dict)
