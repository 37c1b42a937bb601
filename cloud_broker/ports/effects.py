"""When something said at HQ was in force in every store, by the boxes' own word."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DocumentSeen:
    """A box says that a version of a `catalogue` or `bundle` is in force there."""

    kind: str
    version: int
    device: UUID
    seen_ms: int


@dataclass(frozen=True, slots=True)
class Said:
    """A document that was published, and when each box first had it or a newer one."""

    kind: str
    version: int
    said_ms: int
    seen_ms: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A member's withdrawn consent to faces: erased where, by signed receipt, and held where.

    `waiting` are stores that were known to hold a template and have not signed yet.
    """

    member: UUID
    said_ms: int
    erased_ms: Mapping[UUID, int]
    waiting: frozenset[UUID]


class EffectRepo(Protocol):
    """What was said, and where it has come to be."""

    def saw(self, seen: Collection[DocumentSeen]) -> None:
        """Note what boxes say; only the first time counts."""
        ...

    def newest(self, kind: str) -> Said | None:
        """Return the newest document of a kind; None when there is none."""
        ...

    def withdrawals(self, limit: int) -> tuple[Withdrawal, ...]:
        """Return the last withdrawals, the newest first."""
        ...
