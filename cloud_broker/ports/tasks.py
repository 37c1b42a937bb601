"""What tasks and invitations ask about members, how far they are, and what was given for them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Protocol
from uuid import UUID

from retail_core.growth.referral import Referral, ReferralRule
from retail_core.growth.rewards import Given
from retail_core.growth.task_progress import Facts
from retail_core.growth.tasks import Task


@dataclass(frozen=True, slots=True)
class Home:
    """Where a member is at home: her wallet, her store and its legal entity."""

    wallet: UUID
    store: UUID
    legal_entity: UUID
    joined_ms: int


@dataclass(frozen=True, slots=True)
class Completion:
    """What was given for a cause, by whose points, on which day, and by which rule.

    The rule is the one of that day: HQ changing it later takes nothing back.
    """

    given: Given
    issuer: UUID
    day: date
    rule: Task | ReferralRule | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a member is with a task in a period: a number for each thing it asks."""

    task: str
    period: str
    has: tuple[int, ...]
    last_day: date | None
    done: bool


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A member's link; `about` is a task's id, or an invitation's rule."""

    link: UUID
    member: UUID
    about: str
    device: bytes
    made_ms: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A person who opened a link on her own phone; `joined` when she is a member by it."""

    link: ShareLink
    member: UUID
    day: date
    joined: bool
    device: bytes


class TaskRepo(Protocol):
    """Tasks and invitations of one tenant."""

    def add_due(self, members: Collection[UUID], now_ms: int) -> None:
        """Note members about whom something happened; waits for nobody."""
        ...

    def take_due(self, now_ms: int) -> UUID | None:
        """Take the member who waits longest off the list; she is back when the work fails."""
        ...

    def pass_over(self, now_ms: int, limit: int) -> int:
        """Take so many off the list about whom nothing can be due; return how many."""
        ...

    def put_off(self, member: UUID, until_ms: int) -> None:
        """Let a member wait: something about her cannot be worked out now."""
        ...

    def lock(self, member: UUID) -> None:
        """Let nobody else work on a member's tasks until the end."""
        ...

    def known_since(self, tasks: Collection[str], today: date) -> dict[str, date]:
        """Return since when tasks are known; one never heard of is known from today."""
        ...

    def day_rules(self) -> frozenset[tuple[str, time]]:
        """Return by which zones, and beginnings of the day there, stores keep their days."""
        ...

    def home(self, member: UUID) -> Home | None:
        """Return where a member is at home, None for nobody we know."""
        ...

    def note_checkin(self, member: UUID, day: date, store: UUID) -> bool:
        """Note a check-in that a counter showed; False for a second one of the day there."""
        ...

    def checkin_member(self, checkin: UUID) -> UUID | None:
        """Return whose check-in this is."""
        ...

    def facts(self, member: UUID, since: date) -> Facts:
        """Return what happened from a day on; of receipts what is left, without their goods."""
        ...

    def completions(self, member: UUID) -> dict[str, Completion]:
        """Return what was given, by cause."""
        ...

    def save_completions(
        self, member: UUID, completions: Mapping[str, Completion], now_ms: int
    ) -> None:
        """Store what was given."""
        ...

    def reached(self, member: UUID) -> tuple[Reached, ...]:
        """Return how far she is, as it was stored last."""
        ...

    def save_reached(self, member: UUID, reached: Sequence[Reached]) -> None:
        """Store how far she is; what is not among them is forgotten."""
        ...

    def add_link(self, link: ShareLink) -> ShareLink:
        """Enter a link, or return the one she has about this already."""
        ...

    def link(self, link: UUID) -> ShareLink | None:
        """Return a link."""
        ...

    def add_open(self, opened: Opened, now_ms: int) -> bool:
        """Note who opened a link; False when she opened one of this member before."""
        ...

    def inviters_of(self, member: UUID) -> set[UUID]:
        """Return whose links a member opened, and who invited her."""
        ...

    def add_referral(self, opened: Opened, now_ms: int) -> bool:
        """Note that a friend was invited; False when she was before."""
        ...

    def is_invited(self, member: UUID) -> bool:
        """Tell whether somebody invited her."""
        ...

    def devices(self, among: Collection[bytes]) -> frozenset[bytes]:
        """Return which of these browsers came by an invitation or a link before."""
        ...

    def referrals(self, inviters: Collection[UUID]) -> tuple[Referral, ...]:
        """Return all friends these members invited, with what is left of their purchases."""
        ...

    def check_on(self, friends: Mapping[UUID, date | None]) -> None:
        """Store when something about invitations may change."""
        ...

    def checks_due(self, today: date) -> set[UUID]:
        """Return friends whose invitation is to be looked at by this day."""
        ...
