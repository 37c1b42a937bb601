"""What the technician's pages ask for: the tapped tills and how their lines are."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


@dataclass(frozen=True, slots=True)
class TappedTill:
    """One till the box stands beside; `state` asks its line: `ok`, `starting` or `gone`."""

    till: UUID
    name: str
    kind: str
    profile: str
    state: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Tech:
    """The parts behind `/v1/tech`."""

    tills: tuple[TappedTill, ...]
    appended: Callable[[UUID], dict[str, int]]

    def till(self, till: UUID) -> TappedTill:
        """Return a tapped till; raises Fault API_NOT_FOUND."""
        for one in self.tills:
            if one.till == till:
                return one
        raise Fault(FaultCode.API_NOT_FOUND, what="tapped till")
