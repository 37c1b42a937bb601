"""Where releases come from and where they lie on the box."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from retail_core.fleet.release import Part, Release
from retail_core.fleet.slots import Slots

Stopped = Callable[[], bool]


class ReleaseSource(Protocol):
    """Releases whose signatures have been checked; one thread's work.

    Faults RELEASE_UNTRUSTED, RELEASE_EXPIRED, RELEASE_REPLAYED, RELEASE_NO_ROOT, SYNC_LINK_DOWN.
    """

    def release(self, number: int) -> Release:
        """Look the index up anew and return a release's list. Fault RELEASE_UNKNOWN."""
        ...

    def offered(self, number: int) -> bool:
        """Return whether the index that was looked up last still has a release."""
        ...

    def size(self, part: Part) -> int:
        """Return how many bytes a part of the release looked up last has."""
        ...

    def fetch(self, part: Part, into: Path, stopped: Stopped) -> bool:
        """Fetch a part to a file, from where it broke off; False when it was told to stop.

        The file is whole and what was signed when this returns True; wrong bytes are deleted.
        """
        ...


class SlotShelf(Protocol):
    """The two slots of the box; every change is on disk when it returns."""

    def read(self) -> Slots:
        """Return how the slots stand."""
        ...

    def write(self, slots: Slots) -> None:
        """Keep how they stand; all of it or nothing."""
        ...

    @property
    def downloads(self) -> Path:
        """The folder for files that are being fetched."""
        ...

    def clear(self, name: str) -> None:
        """Empty a slot."""
        ...

    def unpack(self, name: str, part: Part, packed: Path) -> None:
        """Unpack a fetched part into a slot. Fault RELEASE_WRONG."""
        ...

    def digest(self, name: str) -> str:
        """Return the sum over all files of a slot, which are on disk then."""
        ...

    def free_bytes(self) -> int:
        """Return how much room there is."""
        ...

    def tidy(self) -> None:
        """Delete what was fetched."""
        ...
