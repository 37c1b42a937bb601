"""Releases whose library is loaded when the first is looked up: few boxes see one in a month."""

from collections.abc import Callable
from pathlib import Path

from edge_agent.ports.updates import ReleaseSource, Stopped
from retail_core.errors import Fault
from retail_core.fleet.release import Part, Release
from retail_core.texts.faults import FaultCode


class LateReleases:
    """Fulfils `ReleaseSource` by another that is made for the first look; one thread's work."""

    def __init__(self, make: Callable[[], ReleaseSource]) -> None:
        self._make = make
        self._made: ReleaseSource | None = None

    def release(self, number: int) -> Release:
        """Look the index up anew and return a release's list."""
        if self._made is None:
            self._made = self._make()
        return self._made.release(number)

    def offered(self, number: int) -> bool:
        """Return whether the index that was looked up last still has a release."""
        return self._made is not None and self._made.offered(number)

    def size(self, part: Part) -> int:
        """Return how many bytes a part has."""
        return self._looked_up(part).size(part)

    def fetch(self, part: Part, into: Path, stopped: Stopped) -> bool:
        """Fetch a part to a file, from where it broke off; False when it was told to stop."""
        return self._looked_up(part).fetch(part, into, stopped)

    def _looked_up(self, part: Part) -> ReleaseSource:
        if self._made is None:
            raise Fault(FaultCode.RELEASE_UNTRUSTED, what=part.path)
        return self._made
