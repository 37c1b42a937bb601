"""Sales and rules to compare prices by, in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from cloud_broker.ports.fairness import PricedSale


@dataclass
class FakeFairnessReads:
    """A `FairnessReads`."""

    sold: list[PricedSale] = field(default_factory=list)
    signed: dict[int, bytes] = field(default_factory=dict)

    def sales(self, tenant: UUID, first: date, last: date) -> Iterator[PricedSale]:
        del tenant
        hers = [one for one in self.sold if first <= one.day <= last]
        yield from sorted(hers, key=lambda one: (one.day, one.receipt))

    def rules(self, tenant: UUID, version: int) -> bytes | None:
        del tenant
        return self.signed.get(version)
