"""What tills are shown of members goes to the shops that hold them, by the feed of members."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.unit import Units
from cloud_broker.services.stores.refresh import refresh

# A transaction so large holds up no sale of these members for long.
PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class TagTeller:
    """Tells shops."""

    units: Units
    clock: Clock

    def tell(self, tenant: UUID, members: Sequence[UUID]) -> None:
        """Put the members' records into the feeds of the stores that hold them."""
        for first in range(0, len(members), PAGE):
            with self.units.begin(tenant) as unit:
                refresh(unit, members[first : first + PAGE], self.clock.now_ms())
                unit.announce(LiveEvent(tenant, frozenset({"member", "published"})))
