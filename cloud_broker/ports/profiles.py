"""What members declared of themselves or asked for: birthday, personal offers; HQ's groups."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from retail_core.growth.birthdays import Birthday


@dataclass(frozen=True, slots=True)
class Profile:
    """A member's own words; `told` is the birthday as shops are told it, month and day as 731."""

    member: UUID
    birthday: Birthday | None = None
    personal: bool = True
    groups: tuple[str, ...] = ()
    told: int = 0
    birth_year: int | None = None


class ProfileRepo(Protocol):
    """Profiles, and birthdays that were given for."""

    def profiles(self, members: Collection[UUID]) -> dict[UUID, Profile]:
        """Return profiles; who never said anything is absent."""
        ...

    def save(self, profile: Profile, now_ms: int) -> None:
        """Store a profile."""
        ...

    def born(
        self, births: Collection[Birthday], after: UUID | None, limit: int
    ) -> tuple[Profile, ...]:
        """Return profiles with any of these birthdays, in the order of the members' ids."""
        ...

    def given_for(self, members: Collection[UUID]) -> tuple[date, ...]:
        """Return the birthdays for which any of these members was given something."""
        ...

    def give_for(self, member: UUID, day: date, now_ms: int) -> None:
        """Note that a member was given something for a birthday."""
        ...
