"""What HQ knows of unchanged tills: how far each agrees with its box, and what changed about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cloud_broker.domain.ingest_effects import TillNews
from retail_core.wire.tills import TillAgreement


@dataclass(frozen=True, slots=True)
class TillRow:
    """A till as it stood when its box last told."""

    till: UUID
    till_name: str
    store: UUID
    store_name: str
    told_ms: int
    said: TillAgreement


@dataclass(frozen=True, slots=True)
class TillChange:
    """A permit that came or went, or a technician's word; `operator` is the technician's name."""

    till: UUID
    till_name: str
    store_name: str
    happened_ms: int
    operator: str
    said: TillAgreement


class TillRepo(Protocol):
    """What boxes told of their tills."""

    def note(self, news: Sequence[TillNews]) -> None:
        """Keep the newest of each till, and every change of a permit."""
        ...

    def tills(self) -> tuple[TillRow, ...]:
        """Return every till by store and name."""
        ...

    def changes(self, limit: int) -> tuple[TillChange, ...]:
        """Return the last changes, newest first."""
        ...
