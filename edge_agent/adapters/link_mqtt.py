"""The MQTT line to the cloud: one clean session at a time, each with a client of its own.

A new client for every session, because nothing durable may live in the line: what paho still had
queued when a session broke would arrive again after the next birth, older than it. The journal
sends again what the cloud has not committed, that is enough.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.ports.clock import IdSource
from edge_agent.ports.cloud_link import Inbound
from retail_core.sync.backoff import PERMILLE, full_jitter
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode
from retail_core.wire.lane import CheckInSeen
from retail_core.wire.messages import WIRE_VERSION, Hello, Presence
from retail_core.wire.topics import box_filters, device_topics, tail_of

KEEPALIVE_S = 10
CONNECT_TIMEOUT_S = 3.0
SESSION_TIMEOUT_S = 5.0
USER_TIMEOUT_MS = 15_000
QUEUED_MAX = 64
IN_FLIGHT_MAX = 16
LOOP_S = 0.5
GOODBYE_S = 1.0
GONE = "gone"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LinkIdentity:
    """Who speaks: the device's place in the tree of topics, and its broker password."""

    tenant: UUID
    store: UUID
    device: UUID
    password: str


class MqttLink:
    """Fulfils `CloudLink` on paho-mqtt; the broker user and client id are the device's id.

    `run_id` names this run of the program: it stands in the birth, every heartbeat and the will, so
    that a late will of an earlier run is not mistaken for the death of this one.
    """

    def __init__(
        self,
        host: str,
        port: int,
        identity: LinkIdentity,
        run_id: UUID,
        ids: IdSource,
        tally: FaultTally,
    ) -> None:
        self._host = host
        self._port = port
        self._identity = identity
        self._ids = ids
        self._tally = tally
        self._topics = device_topics(identity.tenant, identity.store, identity.device)
        self._filters = box_filters(identity.tenant, identity.store, identity.device)
        self._will = encode(Presence(v=WIRE_VERSION, state=GONE, boot_id=run_id.bytes, wall_ms=0))
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._session: _Session | None = None

    def start(
        self, on_message: Callable[[Inbound], None], on_state: Callable[[bool], None]
    ) -> None:
        """Connect in the background with full-jitter retries; callbacks come on its thread."""
        self._thread = threading.Thread(
            target=self._run, args=(on_message, on_state), name="mqtt-link", daemon=True
        )
        self._thread.start()

    def connected(self) -> bool:
        """Return whether the session stands: connected and subscribed."""
        session = self._session
        return session is not None and session.standing

    def publish_up(self, payload: bytes) -> bool:
        """Hand an up-frame to the session at QoS 1; False when there is no session."""
        return self._publish(self._topics.up, payload)

    def publish_hello(self, hello: Hello) -> bool:
        """Send the hello that asks for committed ranges and missed changes."""
        return self._publish(self._topics.hello, encode(hello))

    def publish_presence(self, presence: Presence) -> bool:
        """Publish the retained state of this device."""
        return self._publish(self._topics.st, encode(presence), retain=True)

    def publish_seen(self, seen: CheckInSeen) -> bool:
        """Say what became of a check-in at this counter."""
        return self._publish(self._topics.seen, encode(seen))

    def stop(self) -> None:
        """Say goodbye on purpose and end the thread; safe to call twice."""
        self._stop.set()
        with self._lock:
            if self._session is not None:
                self._session.part(self._topics.st, self._will)
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
            stood = self._one_session(on_message, on_state)
            if self._stop.is_set():
                return
            attempt = 0 if stood else attempt + 1
            self._tally.count(FaultCode.SYNC_LINK_DOWN)
            permille = int.from_bytes(self._ids.random_bytes(2), "big") % (PERMILLE + 1)
            self._stop.wait(full_jitter(attempt, permille) / PERMILLE)

    def _one_session(
        self, on_message: Callable[[Inbound], None], on_state: Callable[[bool], None]
    ) -> bool:
        """Live one session to its end; return whether it ever stood."""
        session = _Session(self._identity, self._filters, on_message, self._tally)
        session.client.will_set(self._topics.st, self._will, qos=1, retain=True)
        try:
            if not session.open(self._host, self._port, self._stop):
                return False
            with self._lock:
                self._session = session
            on_state(True)  # noqa: FBT003 -- the port's callback takes the state itself
            session.serve(self._stop)
            if self._stop.is_set():
                with self._lock:
                    session.part(self._topics.st, self._will)
                session.flush()
        finally:
            with self._lock:
                self._session = None
            session.close()
        on_state(False)  # noqa: FBT003 -- as above
        return True


class _Session:
    """One connection, CONNECT to end; all but `publish` and `part` runs on the link's thread."""

    def __init__(
        self,
        identity: LinkIdentity,
        filters: tuple[str, ...],
        on_message: Callable[[Inbound], None],
        tally: FaultTally,
    ) -> None:
        self.standing = False
        self._filters = filters
        self._on_message = on_message
        self._tally = tally
        self._granted = False
        self._parting: MQTTMessageInfo | None = None
        self.client = client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=str(identity.device),
            protocol=MQTTProtocolVersion.MQTTv311,
            clean_session=True,
        )
        client.username_pw_set(str(identity.device), identity.password)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_queued_messages_set(QUEUED_MAX)
        client.max_inflight_messages_set(IN_FLIGHT_MAX)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        client.on_socket_open = _tune
        # Only the link's thread may write: two writers would interleave half-sent packets.
        client.on_socket_register_write = _leave_to_loop

    def open(self, host: str, port: int, stop: threading.Event) -> bool:
        """Connect, log in and subscribe; False when that did not come about in time."""
        try:
            self.client.connect(host, port, keepalive=KEEPALIVE_S)
        except OSError as error:
            _log.debug("broker unreachable", extra={"reason": str(error)})
            return False
        deadline = time.monotonic() + SESSION_TIMEOUT_S
        while not self._granted and time.monotonic() < deadline and not stop.is_set():
            if self.client.loop(LOOP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return False
        self.standing = self._granted
        return self.standing

    def serve(self, stop: threading.Event) -> None:
        """Carry messages until the session ends or `stop` is set."""
        while not stop.is_set():
            if self.client.loop(LOOP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        """Queue a message at QoS 1; False when the queue is full."""
        info = self.client.publish(topic, payload, qos=1, retain=retain)
        return info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def part(self, topic: str, payload: bytes) -> None:
        """Leave a retained `gone`, once: a proper DISCONNECT makes the broker forget the will."""
        if self._parting is None:
            self._parting = self.client.publish(topic, payload, qos=1, retain=True)

    def flush(self) -> None:
        """Let the goodbye go out, if it can."""
        deadline = time.monotonic() + GOODBYE_S
        while self._parting is not None and time.monotonic() < deadline:
            done = self._parting.is_published()
            if done or self.client.loop(LOOP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return

    def close(self) -> None:
        """End the connection and free its sockets.

        paho closes its wake-up sockets when the client is freed: the circle of callbacks is cut, so
        that this happens now and not at some later collection.
        """
        self.standing = False
        client = self.client
        client.disconnect()
        client.loop(LOOP_S)
        client.on_connect = client.on_subscribe = client.on_message = None

    def _connected(
        self,
        client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._tally.count(FaultCode.SETUP_BROKER_REFUSED)
            _log.warning("broker refused", extra={"reason": str(reason)})
            return
        client.subscribe([(one, 1) for one in self._filters])

    def _subscribed(
        self,
        _client: Client,
        _userdata: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        self._granted = not any(reason.is_failure for reason in reasons)

    def _received(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        tail = tail_of(message.topic)
        if tail is None:
            self._tally.count(FaultCode.WIRE_MALFORMED)
            return
        try:
            self._on_message(Inbound(tail, bytes(message.payload)))
        except Exception:  # noqa: BLE001 -- a bug behind one message must not cost the line
            self._tally.count(FaultCode.API_INTERNAL)
            _log.exception("message from the cloud failed", extra={"topic_tail": tail})


def _leave_to_loop(_client: Client, _userdata: object, _socket: object) -> None:
    """Say that a loop of our own does the writing; paho then never writes from the caller."""


def _tune(_client: Client, _userdata: object, opened: object) -> None:
    """Send small frames at once, and notice a dead peer soon even while bytes are in flight."""
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
