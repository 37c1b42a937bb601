"""What a restored cloud has heard of its boxes, and rights that boxes asked for from elsewhere."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from retail_core.loyalty.leases import Right
from retail_core.sync.ranges import Ranges


@dataclass(frozen=True, slots=True)
class Restore:
    """A restore of this database; rights are lent again once it is thawed."""

    epoch: int
    backup_ms: int
    restored_ms: int
    thawed_ms: int | None = None
    thawed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a box said of itself after a restore; `lost` is what nobody keeps any more."""

    device: UUID
    journal_epoch: int
    kept_from: int
    head_seq: int
    catalogue_version: int
    bundle_version: int
    leases: int
    lost: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class RestoreBox:
    """One box of a restore: said what it holds, settled when all it keeps is booked again."""

    device: UUID
    standing: Standing | None
    said_ms: int | None = None
    settled_ms: int | None = None
    excused_by: str | None = None
    excused_because: str | None = None

    @property
    def done(self) -> bool:
        """Return whether nothing is waited for from this box."""
        return self.settled_ms is not None or self.excused_by is not None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A right that a box asked for, until when it may still want it."""

    right: Right
    device: UUID
    amount: int
    asked_ms: int
    until_ms: int


class RestoreRepo(Protocol):
    """Restores and recalls of one tenant."""

    def newest(self) -> Restore | None:
        """Return the last restore; None for a database that was never restored."""
        ...

    def begin(self, restore: Restore) -> None:
        """Enter a restore."""
        ...

    def boxes(self, epoch: int) -> dict[UUID, RestoreBox]:
        """Return the boxes that said something, or were excused."""
        ...

    def said(self, epoch: int, standing: Standing, now_ms: int) -> None:
        """Keep what a box said, in place of what it said before."""
        ...

    def settle(self, epoch: int, devices: Collection[UUID], now_ms: int) -> None:
        """Note that everything these boxes keep is booked."""
        ...

    def excuse(self, epoch: int, device: UUID, who: str, because: str) -> None:
        """Wait for a box no longer, on a person's word."""
        ...

    def thaw(self, epoch: int, who: str, now_ms: int) -> None:
        """Let rights be lent again."""
        ...

    def below_zero(self) -> dict[Right, int]:
        """Return the rights of which more is out than there is, and how much."""
        ...

    def journals(self, device: UUID) -> Mapping[int, Ranges]:
        """Return what is committed of each journal epoch of a device."""
        ...

    def highest(self, kind: str) -> int:
        """Return the highest version of a `catalogue` or `bundle` that a box said it holds."""
        ...

    # ---- rights asked for from elsewhere --------------------------------------------------------

    def online(self, devices: Collection[UUID], since_ms: int) -> set[UUID]:
        """Return which boxes were heard since a moment and did not say goodbye."""
        ...

    def want(self, wanted: Collection[Wanted]) -> None:
        """Note what a box asks for, in place of what it asked for before."""
        ...

    def wanted(self, rights: Collection[Right], now_ms: int) -> tuple[Wanted, ...]:
        """Return who still asks for any of these rights, the first to ask first."""
        ...

    def served(self, wanted: Collection[Wanted]) -> None:
        """Take askings off the list."""
        ...
