"""The MQTT line to the cloud: one clean session at a time, each with a client of its own.

A new client for every session, because nothing durable may live in the line: what paho still had
queued when a session broke would arrive again after the next birth, older than it. The journal
sends again what the cloud has not committed, that is enough.
"""

import threading
import time
from collections.abc import Callable
from uuid import UUID

from msgspec.structs import replace

from edge_agent.adapters.dial import USER_TIMEOUT_MS
from edge_agent.adapters.line_meter import LineMeter
from edge_agent.adapters.mqtt_session import (
    CONNECT_TIMEOUT_S,
    IN_FLIGHT_MAX,
    KEEPALIVE_S,
    QUEUED_MAX,
    SESSION_TIMEOUT_S,
    LinkIdentity,
    MqttSession,
    Route,
)
from edge_agent.domain.ways import DIRECT, Way, WayChoice
from edge_agent.ports.clock import IdSource
from edge_agent.ports.cloud_link import Inbound
from retail_core.fleet.presence import LEFT, LOST
from retail_core.sync.backoff import PERMILLE, full_jitter
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode
from retail_core.wire.lane import CheckInSeen
from retail_core.wire.messages import WIRE_VERSION, Hello, Presence
from retail_core.wire.topics import box_filters, device_topics

# Who drives the protocol without a thread a session takes its settings from here too.
__all__ = [
    "CONNECT_TIMEOUT_S",
    "IN_FLIGHT_MAX",
    "KEEPALIVE_S",
    "QUEUED_MAX",
    "SESSION_TIMEOUT_S",
    "USER_TIMEOUT_MS",
    "LinkIdentity",
    "MqttLink",
    "Route",
]


class MqttLink:
    """Fulfils `CloudLink` on paho-mqtt; the broker user and client id are the device's id.

    `run_id` names this run of the program. It stands in the birth, every heartbeat and the will,
    and beside it the session does: a late will of an earlier one is not the death of this one.
    """

    def __init__(  # noqa: PLR0913 -- where, who, and what it draws on
        self,
        host: str,
        port: int,
        identity: LinkIdentity,
        run_id: UUID,
        ids: IdSource,
        tally: FaultTally,
        route: Route | None = None,
    ) -> None:
        self._route = route or Route((Way(DIRECT, host, port),))
        self._choice = WayChoice(len(self._route.ways))
        self._way = self._route.ways[0]
        self._reason = ""
        self._identity = identity
        self._ids = ids
        self._tally = tally
        self._topics = device_topics(identity.tenant, identity.store, identity.device)
        self._filters = box_filters(identity.tenant, identity.store, identity.device)
        self._run_id = run_id
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._session: MqttSession | None = None

    def start(
        self, on_message: Callable[[Inbound], None], on_state: Callable[[bool], None]
    ) -> None:
        """Connect in the background with full-jitter retries; callbacks come on its thread."""
        self._thread = threading.Thread(
            target=self._run, args=(on_message, on_state), name="mqtt-link", daemon=True
        )
        self._thread.start()

    def move(self, route: Route) -> None:
        """Leave the session that stands, properly, and open the next over another route."""
        with self._lock:
            self._route, self._choice = route, WayChoice(len(route.ways))
            if self._session is not None:
                self._session.leave.set()
        self._wake.set()

    @property
    def settled(self) -> bool:
        """Whether the session that stands is over the route last given."""
        session = self._session
        return session is not None and session.standing and session.route is self._route

    def restart(self) -> None:
        """End the session properly; the next one begins at once."""
        self.move(self._route)

    def connected(self) -> bool:
        """Return whether the session stands: connected and subscribed."""
        session = self._session
        return session is not None and session.standing

    @property
    def way(self) -> Way:
        """The way of the session, or the one tried last."""
        return self._way

    @property
    def meter(self) -> LineMeter:
        """What the line costs."""
        return self._route.meter

    @property
    def reason(self) -> str:
        """Why the last try did not stand, empty when it did."""
        return self._reason

    def publish_up(self, payload: bytes) -> bool:
        """Hand an up-frame to the session at QoS 1; False when there is no session."""
        return self._publish(self._topics.up, payload)

    def publish_hello(self, hello: Hello) -> bool:
        """Send the hello that asks for committed ranges and missed changes."""
        return self._publish(self._topics.hello, encode(hello))

    def publish_presence(self, presence: Presence) -> bool:
        """Publish the retained state of this device, as of the session that stands."""
        with self._lock:
            session = self._session
            if session is None or not session.standing:
                return False
            said = encode(replace(presence, session=session.id))
            return session.publish(self._topics.st, said, retain=True)

    def publish_seen(self, seen: CheckInSeen) -> bool:
        """Say what became of a check-in at this counter."""
        return self._publish(self._topics.seen, encode(seen))

    def stop(self) -> None:
        """Say goodbye on purpose and end the thread; safe to call twice."""
        self._stop.set()
        self._wake.set()
        with self._lock:
            if self._session is not None:
                self._session.part(self._topics.st, self._end(LEFT, self._session.id))
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    # ---- inside ---------------------------------------------------------------------------------

    def _publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        with self._lock:
            session = self._session
            if session is None or not session.standing:
                return False
            return session.publish(topic, payload, retain=retain)

    def _run(self, on_message: Callable[[Inbound], None], on_state: Callable[[bool], None]) -> None:
        attempt = 0
        while not self._stop.is_set():
            with self._lock:
                route, choice = self._route, self._choice
            self._wake.clear()
            self._way = route.ways[choice.next(_mono_ms())]
            stood = self._one_session(route, on_message, on_state)
            if self._stop.is_set():
                return
            self._tally.count(FaultCode.SYNC_LINK_DOWN)
            if stood:
                choice.stood()
            elif not choice.failed():
                continue  # the next way at once; who has tried them all waits
            attempt = 0 if stood else attempt + 1
            permille = int.from_bytes(self._ids.random_bytes(2), "big") % (PERMILLE + 1)
            self._wake.wait(full_jitter(attempt, permille) / PERMILLE)

    def _one_session(
        self,
        route: Route,
        on_message: Callable[[Inbound], None],
        on_state: Callable[[bool], None],
    ) -> bool:
        """Live one session to its end; return whether it ever stood."""
        session = MqttSession(
            self._identity, self._filters, on_message, self._tally, route, self._way
        )
        session.id = self._ids.uuid7().bytes
        session.client.will_set(self._topics.st, self._end(LOST, session.id), qos=1, retain=True)
        try:
            self._reason = session.open(self._stop)
            if not session.standing:
                return False
            with self._lock:
                self._session = session
                if route is not self._route:
                    session.leave.set()
            on_state(True)  # noqa: FBT003 -- the port's callback takes the state itself
            session.serve(self._stop)
            if self._stop.is_set() or session.leave.is_set():
                with self._lock:
                    session.part(self._topics.st, self._end(LEFT, session.id))
                session.flush()
        finally:
            with self._lock:
                self._session = None
            session.close()
        on_state(False)  # noqa: FBT003 -- as above
        return True

    def _end(self, state: str, session: bytes) -> bytes:
        """Return a session's end, as the broker says it or the box itself."""
        run = self._run_id.bytes
        return encode(Presence(WIRE_VERSION, state, run, wall_ms=0, session=session))


def _mono_ms() -> int:
    return int(time.monotonic() * PERMILLE)
