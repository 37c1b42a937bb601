"""One MQTT session of the box, CONNECT to end, over whichever way leads out of the shop."""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.adapters.dial import Proxy, ProxyRefusedError, dial, dial_through
from edge_agent.adapters.line_meter import LineMeter
from edge_agent.adapters.trust import trusted
from edge_agent.domain.line_doctor import BROKER_REFUSED
from edge_agent.domain.ways import Way
from edge_agent.ports.cloud_link import Inbound
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.topics import tail_of

# A line that swallows everything is noticed within two of these, idle as it may be.
KEEPALIVE_S = 5
KEEPALIVE_METERED_S = 25
# What was sent is confirmed by the broker within this, or the line is dead.
ANSWER_S = 8.0
CONNECT_TIMEOUT_S = 3.0
SESSION_TIMEOUT_S = 5.0
QUEUED_MAX = 64
IN_FLIGHT_MAX = 16
LOOP_S = 0.5
GOODBYE_S = 1.0
_OF_OUR_CERTIFICATE = frozenset({"BAD_CERTIFICATE", "UNSUPPORTED_CERTIFICATE", "UNKNOWN_CA"})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LinkIdentity:
    """Who speaks: the device's place in the tree of topics, and its broker password."""

    tenant: UUID
    store: UUID
    device: UUID
    password: str


@dataclass(frozen=True, slots=True)
class Route:
    """How the line leaves the shop: ways in their order, the shop's proxy, whom to trust."""

    ways: tuple[Way, ...]
    proxy: Proxy | None = None
    ca_file: Path | None = None
    keepalive_s: int = KEEPALIVE_S
    meter: LineMeter = field(default_factory=LineMeter)
    identity: Path | None = None
    system_trust: bool = False


class _Client(Client):
    """paho's client, dialling out as the shop's network wants it; `alert` is the last TLS one."""

    dialled: Callable[[], socket.socket]
    alert = ""

    def _create_socket_connection(self) -> socket.socket:
        return self.dialled()

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        """Shake hands; paho's own way leaves the socket of a refused certificate open."""
        assert self._ssl_context is not None  # noqa: S101 -- paho asks only where there is one
        secured = self._ssl_context.wrap_socket(
            tcp_sock, server_hostname=self._host, do_handshake_on_connect=False
        )
        try:
            secured.settimeout(self.connect_timeout)
            secured.do_handshake()
        except BaseException:
            secured.close()
            raise
        return secured

    # Under TLS 1.3 the broker judges our certificate after our side of the handshake is done: its
    # word comes with the first reading, and paho would only say that the line is gone.

    def _sock_recv(self, bufsize: int) -> bytes:
        try:
            return super()._sock_recv(bufsize)
        except ssl.SSLError as error:
            self.alert = error.reason or ""
            raise

    def _sock_send(self, buf: bytes | bytearray) -> int:
        try:
            return super()._sock_send(buf)
        except (BrokenPipeError, ConnectionResetError):
            # It has hung up already; what it said before still lies there.
            with suppress(OSError):
                self._sock_recv(1)
            raise


class MqttSession:
    """One connection, CONNECT to end; all but `publish` and `part` runs on the link's thread."""

    def __init__(
        self,
        identity: LinkIdentity,
        filters: tuple[str, ...],
        on_message: Callable[[Inbound], None],
        tally: FaultTally,
        route: Route,
        way: Way,
    ) -> None:
        self.standing = False
        self.id = b""
        self.leave = threading.Event()
        self.route = route
        self._way = way
        self._reason = ""
        self._asked: dict[int, float] = {}
        self._filters = filters
        self._on_message = on_message
        self._tally = tally
        self._granted = False
        self._parting: MQTTMessageInfo | None = None
        self.client = client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=str(identity.device),
            protocol=MQTTProtocolVersion.MQTTv311,
            clean_session=True,
            transport="websockets" if way.path else "tcp",
        )
        client.dialled = self._dialled
        if way.path:
            client.ws_set_options(way.path)
        if way.secure:
            context = trusted(route.ca_file, identity=route.identity, system=route.system_trust)
            client.tls_set_context(context)
        if route.identity is None:
            client.username_pw_set(str(identity.device), identity.password)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_queued_messages_set(QUEUED_MAX)
        client.max_inflight_messages_set(IN_FLIGHT_MAX)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        client.on_publish = self._answered
        # Only the link's thread may write: two writers would interleave half-sent packets.
        client.on_socket_register_write = _leave_to_loop

    def open(self, stop: threading.Event) -> str:
        """Connect, log in and subscribe; return why that did not come about, empty when it did."""
        try:
            self.client.connect(self._way.host, self._way.port, self.route.keepalive_s)
        except (OSError, ValueError) as error:  # a WebSocket's refusal is a ValueError
            _log.debug("broker unreachable", extra={"reason": str(error)})
            return _words_of(error)
        deadline = time.monotonic() + SESSION_TIMEOUT_S
        while not (self._decided() or stop.is_set()) and time.monotonic() < deadline:
            if self.client.loop(LOOP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return self._reason or _refusal_in(self.client.alert) or "closed"
        self.standing = self._granted
        return "" if self._granted else self._reason or "no answer"

    def _decided(self) -> bool:
        """Return whether the broker has said yes or no."""
        return self._granted or bool(self._reason)

    def serve(self, stop: threading.Event) -> None:
        """Carry messages until the session ends, `stop` is set, or it is to be left."""
        while not (stop.is_set() or self.leave.is_set() or self._is_swallowed()):
            if self.client.loop(LOOP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return
            self.route.meter.look("mqtt", self.client.socket())

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        """Queue a message at QoS 1; False when the queue is full."""
        info = self.client.publish(topic, payload, qos=1, retain=retain)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        self._asked[info.mid] = time.monotonic()
        self.route.meter.said(topic, len(payload))
        return True

    def _is_swallowed(self) -> bool:
        """Return whether something that went out whole was not confirmed for too long."""
        oldest = next(iter(list(self._asked.values())), None)
        late = oldest is not None and time.monotonic() - oldest > ANSWER_S
        return late and not self.client.want_write()

    def _answered(
        self,
        _client: Client,
        _userdata: object,
        mid: int,
        _reason: ReasonCode,
        _properties: Properties,
    ) -> None:
        self._asked.pop(mid, None)

    def _dialled(self) -> socket.socket:
        address = (self._way.host, self._way.port)
        if self._way.proxied and self.route.proxy is not None:
            return dial_through(self.route.proxy, address, CONNECT_TIMEOUT_S)
        return dial(address, CONNECT_TIMEOUT_S)

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
        client.on_connect = client.on_subscribe = client.on_message = client.on_publish = None
        client.dialled = _gone

    def _connected(
        self,
        client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._reason = f"{BROKER_REFUSED}: {reason}"
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
        refused = next((reason for reason in reasons if reason.is_failure), None)
        self._granted = refused is None
        if refused is not None:
            # A box that was shut out may connect while its certificate holds, and do nothing.
            self._reason = f"{BROKER_REFUSED}: {refused}"
            self._tally.count(FaultCode.SETUP_BROKER_REFUSED)

    def _received(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        tail = tail_of(message.topic)
        if tail is None:
            self._tally.count(FaultCode.WIRE_MALFORMED)
            return
        self.route.meter.heard(message.topic, len(message.payload))
        try:
            self._on_message(Inbound(tail, bytes(message.payload)))
        except Exception:  # noqa: BLE001 -- a bug behind one message must not cost the line
            self._tally.count(FaultCode.API_INTERNAL)
            _log.exception("message from the cloud failed", extra={"topic_tail": tail})


def _leave_to_loop(_client: Client, _userdata: object, _socket: object) -> None:
    """Say that a loop of our own does the writing; paho then never writes from the caller."""


def _gone() -> socket.socket:
    """Open nothing: the session has ended."""
    raise ConnectionError


def _refusal_in(alert: str) -> str:
    """Return a TLS alert about our certificate as the broker's refusal, else nothing.

    `alert` is OpenSSL's name: SSLV3_ALERT_CERTIFICATE_REVOKED, TLSV1_ALERT_UNKNOWN_CA…
    """
    _, _, said = alert.partition("_ALERT_")
    told = said in _OF_OUR_CERTIFICATE or said.startswith("CERTIFICATE_")
    return f"{BROKER_REFUSED}: {said.replace('_', ' ').lower()}" if told else ""


def _words_of(error: Exception) -> str:
    if isinstance(error, ProxyRefusedError):
        return f"proxy: {error}"
    if isinstance(error, ssl.SSLError) and (refused := _refusal_in(error.reason or "")):
        return refused
    strerror: object = getattr(error, "strerror", None)
    return str(strerror or str(error) or type(error).__name__)
