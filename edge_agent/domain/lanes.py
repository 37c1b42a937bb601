"""The lanes of a shop: one counter each, with its own readers and the tills that stand at it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LaneTills:
    """One counter; `prints` are those of its tills that only print and cannot ask."""

    id: str
    name: str
    tills: tuple[UUID, ...]
    prints: tuple[UUID, ...] = ()

    @property
    def beside_screen(self) -> UUID | None:
        """The till its screen asks for: the one that only prints, where there is but one."""
        return self.prints[0] if len(self.prints) == 1 else None


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands: at a lane, and at which of its tills if that is known."""

    lane: str
    till: UUID | None = None
