"""Tries a line beside the one that stands: connect, subscribe, and an answer of the cloud itself.

A broker that lets us in proves nothing: the hello has to come back answered by ingest. On the same
broker the second connection takes the first one's place, who comes back by itself.
"""

import threading
import time
from collections.abc import Callable

from edge_agent.adapters.mqtt_session import LOOP_S, LinkIdentity, MqttSession, Route
from edge_agent.domain.ways import Way
from edge_agent.ports.cloud_link import Inbound
from retail_core.errors import Fault
from retail_core.fleet.twin import Values
from retail_core.tally import FaultTally
from retail_core.wire.codec import encode
from retail_core.wire.messages import Hello
from retail_core.wire.topics import device_topics

TRIES = 3
ANSWER_S = 10.0


class MqttLineProof:
    """Fulfils `LineProof`; `route_of` makes a route of settings, `hello` is what this box holds."""

    def __init__(
        self,
        identity: LinkIdentity,
        route_of: Callable[[Values], Route],
        hello: Callable[[], Hello],
        tally: FaultTally,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._answer_s = answer_s
        self._identity = identity
        self._route_of = route_of
        self._hello = hello
        self._tally = tally
        self._topics = device_topics(identity.tenant, identity.store, identity.device)
        self._stop = threading.Event()

    def stop(self) -> None:
        """End what is being tried."""
        self._stop.set()

    def holds(self, values: dict[str, bool | int | str]) -> bool:
        """Return whether the cloud answered over one of the ways that these settings describe."""
        try:
            route = self._route_of(values)
        except (Fault, OSError, ValueError):  # a certificate that is none is a ValueError
            return False
        return any(
            self._one(route, way)
            for _ in range(TRIES)
            for way in route.ways
            if not self._stop.is_set()
        )

    def _one(self, route: Route, way: Way) -> bool:
        answered = threading.Event()

        def take(_message: Inbound) -> None:
            answered.set()

        try:
            session = MqttSession(
                self._identity, (self._topics.ack,), take, self._tally, route, way
            )
        except (OSError, ValueError):
            return False
        try:
            session.open(self._stop)
            if not session.standing:
                return False
            session.publish(self._topics.hello, encode(self._hello()), retain=False)
            return self._answered(session, answered)
        finally:
            session.close()

    def _answered(self, session: MqttSession, answered: threading.Event) -> bool:
        deadline = time.monotonic() + self._answer_s
        while not answered.is_set() and time.monotonic() < deadline and not self._stop.is_set():
            if session.client.loop(LOOP_S):
                break
        return answered.is_set()
