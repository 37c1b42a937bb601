"""A store's MQTT line on a shared asyncio loop: paho by its socket, without a thread of its own.

The settings of the session are the product's (`edge_agent.adapters.link_mqtt`); only who waits for
the socket differs. Connecting blocks in paho, so it is done by a small pool of threads.
"""

import asyncio
import random
import socket
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from uuid import UUID

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.adapters.link_mqtt import (
    CONNECT_TIMEOUT_S,
    IN_FLIGHT_MAX,
    KEEPALIVE_S,
    QUEUED_MAX,
    SESSION_TIMEOUT_S,
    USER_TIMEOUT_MS,
    LinkIdentity,
)
from edge_agent.ports.cloud_link import Inbound
from retail_core.fleet.presence import LEFT, LOST
from retail_core.sync.backoff import PERMILLE, full_jitter
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode
from retail_core.wire.lane import CheckInSeen
from retail_core.wire.messages import WIRE_VERSION, Hello, Presence
from retail_core.wire.topics import box_filters, device_topics, tail_of

OK = MQTTErrorCode.MQTT_ERR_SUCCESS


@dataclass(slots=True)
class Trouble:
    """What the line does to frames: probabilities in permille."""

    twice: int = 0
    swapped: int = 0


@dataclass(frozen=True, slots=True)
class Lines:
    """What all links of a process share."""

    loop: asyncio.AbstractEventLoop
    connecting: Executor
    draw: random.Random
    host: str
    port: int


class LoopLink:
    """Fulfils `CloudLink`; everything but connecting runs on the loop's thread."""

    def __init__(
        self, lines: Lines, identity: LinkIdentity, run_id: UUID, tally: FaultTally
    ) -> None:
        self._lines = lines
        self._identity = identity
        self._tally = tally
        self._topics = device_topics(identity.tenant, identity.store, identity.device)
        self._filters = box_filters(identity.tenant, identity.store, identity.device)
        self._will, self._goodbye = (
            encode(Presence(v=WIRE_VERSION, state=end, boot_id=run_id.bytes, wall_ms=0))
            for end in (LOST, LEFT)
        )
        self._client: Client | None = None
        self._socket: socket.socket | None = None
        self._standing = self._writing = self._reading = self._deaf = self._ended = False
        self._attempt = 0
        self._held_back: list[tuple[str, bytes]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._on_message: Callable[[Inbound], None] = lambda _message: None
        self._on_state: Callable[[bool], None] = lambda _up: None
        self.heard: Callable[[str], None] = lambda _tail: None
        self.changed: Callable[[], None] = lambda: None
        self.trouble = Trouble()
        self.sessions = 0
        # Only the control arm listens to PUBACK: it promises nothing but the broker's memory.
        self.on_puback: Callable[[bytes], None] | None = None
        self._mids: dict[int, bytes] = {}

    # ---- the port -------------------------------------------------------------------------------

    def start(
        self, on_message: Callable[[Inbound], None], on_state: Callable[[bool], None]
    ) -> None:
        """Connect soon, and again after every end, as late as full jitter says."""
        self._on_message, self._on_state = on_message, on_state
        self._dial()

    def connected(self) -> bool:
        """Return whether the session stands: connected and subscribed."""
        return self._standing

    def publish_up(self, payload: bytes) -> bool:
        """Hand an up-frame over; under trouble it goes twice, or after its successor."""
        draw, topic = self._lines.draw, self._topics.up
        if self.trouble.swapped and draw.randrange(PERMILLE) < self.trouble.swapped:
            self._held_back.append((topic, payload))
            return True
        sent = self._publish(topic, payload)
        if self.trouble.twice and draw.randrange(PERMILLE) < self.trouble.twice:
            self._publish(topic, payload)
        held, self._held_back = self._held_back, []
        for late in held:
            self._publish(*late)
        return sent

    def publish_hello(self, hello: Hello) -> bool:
        """Send the hello."""
        return self._publish(self._topics.hello, encode(hello))

    def publish_presence(self, presence: Presence) -> bool:
        """Publish the retained state."""
        return self._publish(self._topics.st, encode(presence), retain=True)

    def publish_seen(self, seen: CheckInSeen) -> bool:
        """Say what became of a check-in."""
        return self._publish(self._topics.seen, encode(seen))

    def stop(self) -> None:
        """Say goodbye and hang up."""
        self._ended = True
        client = self._client
        if client is not None:
            if self._standing:
                client.publish(self._topics.st, self._goodbye, qos=1, retain=True)
            client.disconnect()
            client.loop_write()
        self._hang_up()

    # ---- faults ---------------------------------------------------------------------------------

    def cut(self, away_s: float) -> None:
        """Lose the line at once, without a word; dial again after `away_s`."""
        if self._socket is not None:
            # While its number still means this one: the loop would take the next socket of the
            # same number for one that it watches already, and never look at it.
            self._leave(self._socket)
            self._socket.close()
        self._hang_up()
        self._again(away_s)

    def go_deaf(self, *, deaf: bool) -> None:
        """Half open: neither read nor write while deaf, and nobody is told."""
        self._deaf = deaf
        if self._socket is None:
            return
        if deaf:
            self._lines.loop.remove_reader(self._socket)
            self._stop_writing()
        else:
            self._lines.loop.add_reader(self._socket, self._readable)
            self._flush()

    # ---- the session ----------------------------------------------------------------------------

    def tend(self) -> None:
        """Do paho's chores (keepalive, dead peers); to be called about once a second."""
        client = self._client
        if client is None or self._socket is None or self._deaf:
            return
        if client.loop_misc() != OK:
            self._lost()
        elif client.want_write():
            self._flush()

    def _dial(self) -> None:
        if self._ended:
            return
        self._client = client = self._new_client()
        lines = self._lines

        def connect() -> bool:
            try:
                client.connect(lines.host, lines.port, keepalive=KEEPALIVE_S)
            except OSError:
                return False
            return True

        future = lines.loop.run_in_executor(lines.connecting, connect)
        future.add_done_callback(lambda done: self._dialled(client, up=done.result()))

    def _dialled(self, client: Client, *, up: bool) -> None:
        if self._ended or client is not self._client:
            return
        opened = client.socket() if up else None
        if not isinstance(opened, socket.socket):
            self._lost()
            return
        self._socket = opened
        self._lines.loop.add_reader(opened, self._readable)
        self._timer = self._lines.loop.call_later(SESSION_TIMEOUT_S, self._too_late)
        self._flush()

    def _too_late(self) -> None:
        if not self._standing:
            self._lost()

    def _lost(self) -> None:
        """Count the end of a session, and dial again after full jitter."""
        stood = self._standing
        self._tally.count(FaultCode.SYNC_LINK_DOWN)
        self._hang_up()
        self._attempt = 0 if stood else self._attempt + 1
        permille = self._lines.draw.randrange(PERMILLE + 1)
        self._again(full_jitter(self._attempt, permille) / PERMILLE)

    def _again(self, after_s: float) -> None:
        if not self._ended:
            self._timer = self._lines.loop.call_later(after_s, self._dial)

    def _hang_up(self) -> None:
        stood, self._standing = self._standing, False
        if self._timer is not None:
            self._timer.cancel()
        client, self._client = self._client, None
        opened, self._socket = self._socket, None
        if opened is not None:
            self._leave(opened)
        if client is not None:
            client.on_connect = client.on_subscribe = client.on_message = client.on_publish = None
            client.on_socket_register_write = client.on_socket_close = None
            client.disconnect()
            if opened is not None:
                opened.close()
        if stood:
            self._on_state(False)  # noqa: FBT003 -- the port's callback takes the state itself

    def _leave(self, opened: socket.socket) -> None:
        """Take a socket off the loop; one that paho has closed left it then."""
        if opened.fileno() >= 0:
            self._lines.loop.remove_reader(opened)
            self._stop_writing(opened)

    def _closes(self, _client: Client, _userdata: object, opened: object) -> None:
        """Hear that paho closes a socket by itself, while its number still means that one."""
        if opened is self._socket and isinstance(opened, socket.socket):
            self._leave(opened)

    def _new_client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=str(self._identity.device),
            protocol=MQTTProtocolVersion.MQTTv311,
            clean_session=True,
        )
        client.username_pw_set(str(self._identity.device), self._identity.password)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_queued_messages_set(QUEUED_MAX)
        client.max_inflight_messages_set(IN_FLIGHT_MAX)
        client.will_set(self._topics.st, self._will, qos=1, retain=True)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        client.on_publish = self._puback
        client.on_socket_open, client.on_socket_close = _tune, self._closes
        # Whoever publishes only queues: the socket is written by `_flush`, on the loop.
        client.on_socket_register_write = _leave_to_loop
        return client

    # ---- the socket -----------------------------------------------------------------------------

    def _readable(self) -> None:
        client = self._client
        if client is None:
            return
        self._reading = True
        try:
            lost = client.loop_read() != OK
        finally:
            self._reading = False
        if lost:
            self._lost()
        elif client.want_write():
            self._flush()

    def _flush(self) -> None:
        client, opened = self._client, self._socket
        if client is None or opened is None or self._deaf or self._reading:
            return
        if client.loop_write() != OK:
            self._lost()
        elif client.want_write():
            if not self._writing:
                self._writing = True
                self._lines.loop.add_writer(opened, self._flush)
        else:
            self._stop_writing()

    def _stop_writing(self, opened: socket.socket | None = None) -> None:
        if self._writing:
            self._writing = False
            self._lines.loop.remove_writer(opened or self._socket or -1)

    def _publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        client = self._client
        if client is None or not self._standing:
            return False
        info = client.publish(topic, payload, qos=1, retain=retain)
        if self.on_puback is not None and topic == self._topics.up:
            self._mids[info.mid] = payload
        self._flush()
        return info.rc == OK

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
            return
        client.subscribe([(one, 1) for one in self._filters])

    def _subscribed(
        self,
        client: Client,
        _userdata: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        if client is self._client and not any(reason.is_failure for reason in reasons):
            self._standing = True
            self._attempt = 0
            self.sessions += 1
            # After paho's callback has returned, or its lock would be held while we publish.
            self._lines.loop.call_soon(self._stands)

    def _puback(
        self,
        _client: Client,
        _userdata: object,
        mid: int,
        _reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        payload = self._mids.pop(mid, None)
        if payload is not None and self.on_puback is not None:
            self._lines.loop.call_soon(self.on_puback, payload)

    def _stands(self) -> None:
        if self._standing:
            self._on_state(True)  # noqa: FBT003 -- as above
            self.changed()

    def _received(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        tail = tail_of(message.topic)
        if tail is None:
            self._tally.count(FaultCode.WIRE_MALFORMED)
            return
        self._on_message(Inbound(tail, bytes(message.payload)))
        self.heard(tail)


def _leave_to_loop(_client: Client, _userdata: object, _socket: object) -> None:
    """Say that a loop does the writing; paho then never writes from the caller."""


def _tune(_client: Client, _userdata: object, opened: object) -> None:
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
