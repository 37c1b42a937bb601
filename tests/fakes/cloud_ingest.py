"""Ingest over a store in memory, for tests of what it books."""

from collections.abc import Collection

from cloud_broker.services.booking.ingest import Ingest, Outcome
from cloud_broker.services.line.frames import Inbound
from retail_core.limits import SHARDS
from retail_core.tally import FaultTally
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import Person, SimBox
from tests.fakes.cloud_state import State
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_box, new_tenant


class Cloud:
    """Ingest over a store in memory."""

    def __init__(self) -> None:
        self.units = FakeUnits()
        self.clock = FakeCloudClock()
        self.tally = FaultTally()
        self.ingest = Ingest(self.units, self.clock, self.tally)
        self.tenant = new_tenant(self.units)

    def box(self, name: str = "上海店") -> SimBox:
        return new_box(self.units, self.tenant, name)

    def book(self, *messages: tuple[SimBox, bytes]) -> Outcome:
        self.clock.advance(10)
        return self.ingest.book(
            [Inbound(box.topic(), payload, self.clock.now_ms()) for box, payload in messages]
        )

    def keep(self, *messages: tuple[SimBox, bytes]) -> Outcome:
        """Make frames durable, to be booked by `settle`."""
        self.clock.advance(10)
        return self.ingest.keep(
            [Inbound(box.topic(), payload, self.clock.now_ms()) for box, payload in messages]
        )

    def settle(self, limit: int = 1_000, shards: Collection[int] = range(SHARDS)) -> Outcome:
        """Book what waits."""
        self.clock.advance(10)
        return self.ingest.book_waiting(self.tenant, shards, limit)

    @property
    def state(self) -> State:
        return self.units.states[self.tenant]

    def free(self, person: Person) -> int:
        return self.state.balances.get(f"member:{person.wallet}:free", 0)
