"""Several brokers by shard, as one line: each shard is heard and told on its own broker."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Queue
from typing import Protocol

from cloud_broker.ingest.session import QUEUE_MAX, BrokerAddress, BrokerSession, Delivery
from cloud_broker.ports.clock import Clock
from cloud_broker.services.line.downlink import Outbound
from retail_core.tally import FaultTally
from retail_core.wire.topics import shard_in


class Line(Protocol):
    """What the worker needs of a broker, or of several."""

    queue: "Queue[Delivery]"

    @property
    def ready(self) -> frozenset[int]:
        """The shards that are heard just now."""
        ...

    def start(self, on_subscribed: Callable[[], None]) -> None:
        """Connect in the background."""
        ...

    def hold(self, shards: frozenset[int]) -> None:
        """Hear these shards and no others."""
        ...

    def publish(self, messages: Sequence[Outbound]) -> int:
        """Hand messages over; return how many could not be."""
        ...

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Send PUBACK."""
        ...

    def stop(self, last: Sequence[Outbound], timeout_s: float = 2.0) -> None:
        """Publish the last words and disconnect."""
        ...


@dataclass(frozen=True, slots=True)
class BrokerPlace:
    """A broker and the shards whose boxes are there."""

    address: BrokerAddress
    shards: frozenset[int]


class BrokerLines:
    """Fulfils `Line` over one session a broker; a broker that is away holds up no other."""

    def __init__(
        self,
        places: Sequence[BrokerPlace],
        clock: Clock,
        tally: FaultTally,
        will: Outbound | None,
    ) -> None:
        self.queue: Queue[Delivery] = Queue(QUEUE_MAX)
        self._places = tuple(places)
        self._sessions = tuple(
            BrokerSession(place.address, clock, tally, will, queue=self.queue, broker=number)
            for number, place in enumerate(places)
        )

    @property
    def ready(self) -> frozenset[int]:
        """The shards that are heard just now, on whichever broker."""
        return frozenset().union(*(session.ready for session in self._sessions))

    def start(self, on_subscribed: Callable[[], None]) -> None:
        """Connect to every broker: what goes to all stores goes to all of them."""
        for session in self._sessions:
            session.start(on_subscribed)

    def hold(self, shards: frozenset[int]) -> None:
        """Hear each shard on its broker."""
        for place, session in zip(self._places, self._sessions, strict=True):
            session.hold(shards & place.shards)

    def publish(self, messages: Sequence[Outbound]) -> int:
        """Publish each message where its shard is, or everywhere."""
        lost = 0
        for place, session in zip(self._places, self._sessions, strict=True):
            lost += session.publish(self._for(place, messages))
        return lost

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge each message at the broker it came from."""
        for number, session in enumerate(self._sessions):
            session.acknowledge([one for one in deliveries if one.broker == number])

    def stop(self, last: Sequence[Outbound], timeout_s: float = 2.0) -> None:
        """Publish the last words where they belong, and disconnect."""
        for place, session in zip(self._places, self._sessions, strict=True):
            session.stop(self._for(place, last), timeout_s)

    def _for(self, place: BrokerPlace, messages: Sequence[Outbound]) -> Sequence[Outbound]:
        if len(self._places) == 1:
            return messages
        return [one for one in messages if shard_in(one.topic) in {None, *place.shards}]
