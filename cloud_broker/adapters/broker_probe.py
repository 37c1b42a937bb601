"""One short visit to the broker: whether it is there, knows us, and has ingest behind it.

The visit has an account of its own. Ingest's would do, but a second client of the same name throws
the first one out, and the doctor must not make anybody ill.
"""

import time
from collections.abc import Sequence
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from cloud_broker.adapters.mosquitto_files import DOCTOR_USER
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_cloud_presence

PATIENCE_S = 5.0
RETAINED_S = 1.0
LOOP_S = 0.05
KEEPALIVE_S = 10
CLOUD_STATES = "r1/+/cloud/st"


def probe_brokers(brokers: Sequence[tuple[str, int]], password: str) -> tuple[Fault, ...]:
    """Return what is wrong with the brokers or with ingest, nothing when nothing is."""
    seen = (_Visit(f"{host}:{port}").to(host, port, password) for host, port in brokers)
    return tuple(fault for fault in seen if fault is not None)


class _Visit:
    """One connection; its callbacks note what was said."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._refused = ""
        self._granted = False
        self._up: list[bool] = []

    def to(self, host: str, port: int, password: str) -> Fault | None:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=DOCTOR_USER,
            protocol=MQTTProtocolVersion.MQTTv311,
            clean_session=True,
        )
        client.username_pw_set(DOCTOR_USER, password)
        client.connect_timeout = PATIENCE_S
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._heard
        try:
            client.connect(host, port, KEEPALIVE_S)
        except OSError as error:
            return self._unreachable(error.strerror or type(error).__name__)
        try:
            return self._seen(client)
        finally:
            client.disconnect()
            client.loop(LOOP_S)
            client.on_connect = client.on_subscribe = client.on_message = None

    def _seen(self, client: Client) -> Fault | None:
        deadline = time.monotonic() + PATIENCE_S
        while not self._granted and not self._refused:
            if time.monotonic() > deadline:
                return self._unreachable("no answer")
            if client.loop(LOOP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS and not self._refused:
                return self._unreachable("connection ended")
        if self._refused:
            return Fault(FaultCode.SYNC_BROKER_LOGIN, where=self._where)
        deadline = time.monotonic() + RETAINED_S
        while not self._up and time.monotonic() < deadline:
            client.loop(LOOP_S)
        return None if any(self._up) else Fault(FaultCode.SYNC_INGEST_AWAY)

    def _unreachable(self, reason: str) -> Fault:
        return Fault(FaultCode.SYNC_BROKER_UNREACHABLE, where=self._where, reason=reason)

    def _connected(
        self,
        client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._refused = str(reason)
        else:
            client.subscribe(CLOUD_STATES, 1)

    def _subscribed(self, *_args: Any) -> None:
        self._granted = True

    def _heard(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        try:
            self._up.append(decode_cloud_presence(bytes(message.payload)).up)
        except Fault:
            self._up.append(False)
