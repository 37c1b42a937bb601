"""Ingest's MQTT session: what comes in is queued with what is needed to acknowledge it later.

PUBACK is sent by hand, after the commit. A message of a session that has ended is not acknowledged
any more: its number means nothing in the next one, and its box sends it again anyway.
"""

import logging
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Full, Queue

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from cloud_broker.ports.clock import Clock
from cloud_broker.services.line.downlink import Outbound
from cloud_broker.services.line.frames import Inbound
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.topics import cloud_filters, shard_state_filters

KEEPALIVE_S = 15
# More than the broker keeps in flight to one client, so the queue is never what gives way.
QUEUE_MAX = 8_192
OUT_IN_FLIGHT_MAX = 2_000
OUT_QUEUED_MAX = 50_000
_QOS = 1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message and what acknowledges it."""

    inbound: Inbound
    mid: int
    session: int
    broker: int = 0


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and who we are there."""

    host: str
    port: int
    user: str
    password: str


class BrokerSession:
    """One paho client that reconnects by itself; its thread only fills the queue.

    It hears the shards it was told to hold; `ready` are those of them the broker has granted.
    """

    def __init__(
        self,
        address: BrokerAddress,
        clock: Clock,
        tally: FaultTally,
        will: Outbound | None,
        *,
        queue: Queue[Delivery] | None = None,
        broker: int = 0,
    ) -> None:
        self.queue: Queue[Delivery] = Queue(QUEUE_MAX) if queue is None else queue
        self.ready: frozenset[int] = frozenset()
        self._broker = broker
        self._lock = threading.Lock()
        self._wanted: frozenset[int] = frozenset()
        self._connected_now = False
        self._asked: dict[int | None, frozenset[int]] = {}
        self._address = address
        self._clock = clock
        self._tally = tally
        self._sessions = 0
        self._on_subscribed: Callable[[], None] = _nothing
        self._client = client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=address.user,
            protocol=MQTTProtocolVersion.MQTTv311,
            clean_session=True,
            manual_ack=True,
        )
        client.username_pw_set(address.user, address.password)
        client.max_inflight_messages_set(OUT_IN_FLIGHT_MAX)
        client.max_queued_messages_set(OUT_QUEUED_MAX)
        client.reconnect_delay_set(min_delay=1, max_delay=5)
        client.on_connect = self._connected
        client.on_connect_fail = self._failed
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._granted
        client.on_message = self._received
        client.on_socket_open = _tune
        if will is not None:
            client.will_set(will.topic, will.payload, qos=_QOS, retain=will.retain)

    def start(self, on_subscribed: Callable[[], None]) -> None:
        """Connect in the background; the callback comes on paho's thread after each subscribing."""
        self._on_subscribed = on_subscribed
        self._client.connect_async(self._address.host, self._address.port, KEEPALIVE_S)
        self._client.loop_start()

    def hold(self, shards: frozenset[int]) -> None:
        """Hear these shards and no others; what is given up is not heard from now on."""
        with self._lock:
            before, self._wanted = self._wanted, shards
            self.ready &= shards
            if not self._connected_now or before == shards:
                return
            old, new = set(_filters(before)), set(_filters(shards))
            self._ask(sorted(new - old))
            if old - new:
                self._client.unsubscribe(sorted(old - new))

    def publish(self, messages: Sequence[Outbound]) -> int:
        """Hand messages to the broker; return how many could not be (they are asked for again)."""
        lost = 0
        for message in messages:
            info = self._client.publish(message.topic, message.payload, message.qos, message.retain)
            # Without a connection paho keeps a message of QoS 1; NO_CONN is no loss.
            if info.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
                lost += 1
        return lost

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Send PUBACK for messages of the session that still stands."""
        for delivery in deliveries:
            if delivery.session == self._sessions:
                self._client.ack(delivery.mid, _QOS)

    def stop(self, last: Sequence[Outbound], timeout_s: float = 2.0) -> None:
        """Publish the last words, disconnect, end paho's thread; safe to call twice."""
        if self._client.is_connected():
            for message in last:
                info = self._client.publish(message.topic, message.payload, _QOS, message.retain)
                if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
                    info.wait_for_publish(timeout_s)
        self._client.disconnect()
        self._client.loop_stop()

    # ---- paho's thread --------------------------------------------------------------------------

    def _connected(
        self,
        _client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._tally.count(FaultCode.SETUP_BROKER_REFUSED)
            _log.warning("broker refused ingest", extra={"reason": str(reason)})
            return
        with self._lock:
            self._sessions += 1
            self._connected_now = True
            self._asked = {}
            self._ask(_filters(self._wanted))

    def _ask(self, filters: Sequence[str]) -> None:
        """Subscribe; under the lock, so that the grant finds what was asked for."""
        if filters:
            _, mid = self._client.subscribe([(one, _QOS) for one in filters])
            self._asked[mid] = self._wanted

    def _failed(self, _client: Client, _userdata: object) -> None:
        self._tally.count(FaultCode.SYNC_LINK_DOWN)

    def _disconnected(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        with self._lock:
            self.ready = frozenset()
            self._connected_now = False
            self._sessions += 1
        if reason.is_failure:
            self._tally.count(FaultCode.SYNC_LINK_DOWN)
            _log.warning("broker connection ended", extra={"reason": str(reason)})

    def _granted(
        self,
        _client: Client,
        _userdata: object,
        mid: int,
        _reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        with self._lock:
            granted = self._asked.pop(mid, frozenset())
            self.ready = (self.ready | granted) & self._wanted
        self._on_subscribed()

    def _received(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        inbound = Inbound(
            message.topic, bytes(message.payload), self._clock.now_ms(), message.retain
        )
        try:
            self.queue.put_nowait(Delivery(inbound, message.mid, self._sessions, self._broker))
        except Full:
            # Not acknowledged and not committed: its box sends it again.
            self._tally.count(FaultCode.API_RATE_LIMITED)


def _filters(shards: frozenset[int]) -> tuple[str, ...]:
    return (*cloud_filters(shards), *shard_state_filters(shards))


def _nothing() -> None:
    """Stand in until somebody wants to know."""


def _tune(_client: Client, _userdata: object, opened: object) -> None:
    """Send acknowledgements at once instead of gathering them for a full packet."""
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
