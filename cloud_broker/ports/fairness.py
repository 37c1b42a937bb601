"""Sales as they were priced, to be compared: under the same conditions prices are the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PricedSale:
    """A sale's own words, and where and on which business day it was."""

    receipt: UUID
    store: str
    day: date
    body: bytes


class FairnessReads(Protocol):
    """Reads sales and the rules they were priced by."""

    def sales(self, tenant: UUID, first: date, last: date) -> Iterator[PricedSale]:
        """Yield the sales of some business days, both included, a day after the other."""
        ...

    def rules(self, tenant: UUID, version: int) -> bytes | None:
        """Return a published bundle as it was signed; None for one that never was."""
        ...
