"""Where tags that were worked out are kept, and what they are called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from cloud_broker.domain.metrics.thresholds import Thresholds

TagValue = bool | int | str
# A member and the JSON text of what is so of her: a chain's nightly outcome goes from the engine
# into the database without being taken apart on the way.
Tagged = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class TagSet:
    """What a member is, as it was worked out last.

    Flags that are not so, counts and sums of 0, and what is null are left out.
    """

    member: UUID
    catalogue: str
    as_of: date
    tags: Mapping[str, TagValue]


@dataclass(frozen=True, slots=True)
class TagWord:
    """What a tag of a stored catalogue is called; `values` names its words."""

    key: str
    dimension: str
    unit: str
    zh: str
    en: str
    masked: bool
    values: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class TagRun:
    """A run that ended: of which day, by which catalogue, how many members, when it ended."""

    catalogue: str
    as_of: date
    members: int
    ended_ms: int


@dataclass(frozen=True, slots=True)
class Saved:
    """What storing tags came to: of how many something is other, of whom what tills are shown."""

    changed: int
    told: tuple[UUID, ...]


class TagShelf(Protocol):
    """Where what was worked out is kept, apart from what HQ gives by hand."""

    def lines(self, tenant: UUID) -> Thresholds:
        """Return where the chain draws its lines; Fault E190 for one that is no longer known."""
        ...

    def draw_line(self, tenant: UUID, name: str, value: int, who: str) -> None:
        """Draw a line anew, and enter who did in the audit."""
        ...

    def save_catalogue(self, tenant: UUID, version: str, words: Sequence[TagWord]) -> None:
        """Keep what the tags of a version are called; the same version twice is one."""
        ...

    def save_tags(self, tenant: UUID, catalogue: str, as_of: date, rows: Sequence[Tagged]) -> Saved:
        """Store members' tags; return of whom something is other than before.

        Who is no member any more is passed over.
        """
        ...

    def end_run(self, tenant: UUID, run: TagRun) -> int:
        """Enter that a run came to its end; return how many members' tags it dropped.

        Dropped is what a run of this version and day did not write.
        """
        ...

    def windows_apart(self, tenant: UUID) -> tuple[int, tuple[UUID, ...]]:
        """Compare windows as tills are told them with the last run, where that is of today.

        Return how many members were compared, and of whom a window is another.
        """
        ...

    def last_run(self, tenant: UUID) -> TagRun | None:
        """Return the run that ended last."""
        ...

    def tags_of(self, tenant: UUID, member: UUID) -> tuple[TagSet, tuple[TagWord, ...]] | None:
        """Return what a member is and what the tags of that version are called."""
        ...
