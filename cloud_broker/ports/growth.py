"""Tiers: what members bought, what they were granted, how they stand, and what is to be judged."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol
from uuid import UUID

from retail_core.growth.history import Grant
from retail_core.growth.plan import GrowthPlan
from retail_core.growth.standing import DayActivity
from retail_core.wire.standing import TierStanding

Changed = Literal["reached", "lowered", "granted", "merged"]
Decision = Literal["approved", "refused"]
MERGE = "merge"


@dataclass(frozen=True, slots=True)
class Joined:
    """A member as she came: since when, and which tier stands on her now."""

    member: UUID
    tier: str
    day: date


@dataclass(frozen=True, slots=True)
class StandingRow:
    """How a member stands, and the day on which time alone may change it."""

    member: UUID
    tier: str
    since: date
    until: date
    account: TierStanding
    judge_on: date


@dataclass(frozen=True, slots=True)
class TierChange:
    """A tier that changed, with the account of why; `by` and `reason` where people did it."""

    change_id: UUID
    member: UUID
    day: date
    before: str
    after: str
    change: Changed
    until: date
    account: TierStanding
    by: str = ""
    reason: str = ""
    at_ms: int = 0


@dataclass(frozen=True, slots=True)
class TierGrant:
    """A tier that one person proposed for a member, and what another decided."""

    grant_id: UUID
    member: UUID
    tier: str
    until: date
    reason: str
    proposed_by: str
    proposed_ms: int
    decision: str = ""
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """Why somebody is to be judged; `marked` changes when more is booked meanwhile."""

    because: str
    marked: datetime


@dataclass(frozen=True, slots=True)
class JobState:
    """How far a job of a day came: the last member it looked at, and what it did."""

    after: UUID | None
    done: bool
    counts: Mapping[str, int]


class GrowthRepo(Protocol):
    """Standings and what they are worked out from."""

    def plans(self) -> tuple[tuple[date, GrowthPlan], ...]:
        """Return every published plan with the day it began, in the order of versions."""
        ...

    def add_plan(self, version: int, since: date, plan: GrowthPlan) -> None:
        """Let a plan hold from a day on."""
        ...

    def joined(self, members: Collection[UUID]) -> dict[UUID, Joined]:
        """Return when members came and their tier, locked against another judgement."""
        ...

    def activity(self, members: Collection[UUID]) -> dict[UUID, list[DayActivity]]:
        """Return what members bought by business day, refunds taken off the day of the purchase."""
        ...

    def grants(self, members: Collection[UUID]) -> dict[UUID, list[Grant]]:
        """Return the tiers members were granted by people."""
        ...

    def standings(self, members: Collection[UUID]) -> dict[UUID, StandingRow]:
        """Return how members stand, for those that were ever judged."""
        ...

    def save(self, rows: Sequence[StandingRow], now_ms: int) -> None:
        """Store standings, and the tier on each member."""
        ...

    def add_changes(self, changes: Sequence[TierChange]) -> None:
        """Append to the history of tiers."""
        ...

    def changes_of(self, members: Collection[UUID], limit: int) -> tuple[TierChange, ...]:
        """Return the last changes of these members' tiers, newest first."""
        ...

    # ---- what is to be judged -------------------------------------------------------------------

    def due(self, members: Collection[UUID], because: str) -> None:
        """Let members be judged soon; that they were merged is not forgotten over a sale."""
        ...

    def waiting(self, limit: int) -> dict[UUID, Due]:
        """Return some that are to be judged, the longest due first."""
        ...

    def done(self, seen: Mapping[UUID, Due]) -> None:
        """Take members off the list about whom nothing more was booked since they were seen."""
        ...

    def ending(self, day: date, after: UUID | None, limit: int) -> tuple[UUID, ...]:
        """Return members whom time may have changed by a day, in the order of their ids."""
        ...

    def everybody(self, after: UUID | None, limit: int) -> tuple[UUID, ...]:
        """Return members in the order of their ids."""
        ...

    def in_tiers(
        self, tiers: Collection[str], after: UUID | None, limit: int
    ) -> tuple[tuple[UUID, str], ...]:
        """Return members who hold any of these tiers, in the order of their ids."""
        ...

    def count(self) -> int:
        """Return how many members there are."""
        ...

    def job(self, day: date, job: str) -> JobState:
        """Return how far a job of a day came, locked against another who would do it."""
        ...

    def save_job(self, day: date, job: str, state: JobState, now_ms: int) -> None:
        """Store how far a job came."""
        ...

    # ---- what people decide ---------------------------------------------------------------------

    def propose(self, grant: TierGrant) -> None:
        """Enter a grant that waits for a second person."""
        ...

    def proposed(self, grant_id: UUID) -> TierGrant | None:
        """Return a grant and what was decided."""
        ...

    def proposals(self) -> tuple[TierGrant, ...]:
        """Return grants that wait for a second person, oldest first."""
        ...

    def decide(self, grant_id: UUID, decision: Decision, by: str, now_ms: int) -> None:
        """Enter the second person's word; StoreRefusedError for a second word or the same one."""
        ...
