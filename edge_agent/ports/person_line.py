"""What a box asks the cloud of persons: codes by SMS, and the summary of who is known."""

from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import UUID

from retail_core.wire.persons import PersonsPlan


@dataclass(frozen=True, slots=True)
class CodeWanted:
    """A code for a member, to open one lane; the number goes out and is not kept."""

    member: UUID
    lane: str
    digits: str = field(repr=False)
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class CodeChecked:
    """What became of a try; `left` remain."""

    outcome: Literal["right", "wrong", "over"]
    left: int = 0


class PersonLine(Protocol):
    """HTTP requests; each raises Fault SYNC_LINK_DOWN when the cloud cannot be reached."""

    def send_code(self, wanted: CodeWanted) -> int:
        """Let a code be sent; return for how many seconds it holds (Faults of M147 to M154)."""
        ...

    def check_code(self, member: UUID, lane: str, code: str) -> CodeChecked:
        """Try a code where it was sent for."""
        ...

    def persons(self, held: int) -> PersonsPlan | None:
        """Ask how a summary (0 for none) becomes the newest; None when there is none."""
        ...

    def persons_whole(self, version: int) -> bytes:
        """Fetch a summary as a whole; Fault API_NOT_FOUND when a newer one is there."""
        ...
