"""Tells running mosquittos which boxes may speak, over the plugin's control topic.

Each call is one short visit, one at a time in a process. Other processes have the same account, and
a second visitor throws the first one out; who was thrown out asks again a little later.
"""

import json
import queue
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from cloud_broker.adapters.dynsec import ADMIN_USER, ANSWERS, CONTROL, box_role, role_of
from cloud_broker.domain.arrivals import Place
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PATIENCE_S = 3.0
LOOP_S = 0.05
KEEPALIVE_S = 10
TRIES = 8
AGAIN_MS = 300
_MS = 1_000
_THERE_ALREADY = frozenset({"Client already exists", "Role already exists"})
_NOT_THERE = frozenset({"Client not found", "Role not found"})


@dataclass(frozen=True, slots=True)
class ControlledBroker:
    """A broker's own door for the cloud, and the shards whose boxes are there."""

    host: str
    port: int
    shards: frozenset[int]


class DynsecGate:
    """Fulfils `BrokerGate`."""

    def __init__(self, brokers: Sequence[ControlledBroker], password: str) -> None:
        self._brokers = tuple(brokers)
        self._password = password
        self._one_at_a_time = threading.Lock()

    def admit(self, tenant: UUID, place: Place) -> None:
        """Let a box speak and hear on its own topics and no others."""
        role = box_role(tenant, place.store, place.device)
        told: list[dict[str, Any]] = [
            {"command": "createRole", **role},
            {
                "command": "createClient",
                "username": str(place.device),
                "roles": [{"rolename": role_of(place.device)}],
            },
        ]
        for broker in self._brokers:
            if place.shard in broker.shards:
                self._tell(broker, told, _THERE_ALREADY)

    def shut_out(self, device: UUID) -> None:
        """Delete the box's account, which cuts its session, and then its role.

        Never `disableClient`: with certificates, mosquitto lets a disabled one come back.
        """
        told: list[dict[str, Any]] = [
            {"command": "deleteClient", "username": str(device)},
            {"command": "deleteRole", "rolename": role_of(device)},
        ]
        for broker in self._brokers:
            self._tell(broker, told, _NOT_THERE)

    def known(self) -> frozenset[UUID]:
        """Return every box with a role at some broker."""
        found: set[UUID] = set()
        for broker in self._brokers:
            (answer,) = self._tell(broker, [{"command": "listClients", "verbose": True}])
            clients = answer.get("data", {}).get("clients", ())
            found |= {UUID(one["username"]) for one in clients if _is_box(one)}
        return frozenset(found)

    def _tell(
        self,
        broker: ControlledBroker,
        commands: list[dict[str, Any]],
        harmless: frozenset[str] = frozenset(),
    ) -> list[dict[str, Any]]:
        if not self._password:
            raise Fault(FaultCode.BROKER_GATE_DOWN, reason="broker_admin_password")
        with self._one_at_a_time:
            answers = _asked(lambda: _Visit(broker, self._password).ask(commands))
        wrong = [one["error"] for one in answers if one.get("error", "") not in {"", *harmless}]
        if wrong:
            raise Fault(FaultCode.BROKER_GATE_DOWN, reason=wrong[0])
        return answers


def _asked(ask: Callable[[], list[dict[str, Any]] | None]) -> list[dict[str, Any]]:
    for _ in range(TRIES):
        answers = ask()
        if answers is not None:
            return answers
        time.sleep(secrets.randbelow(AGAIN_MS) / _MS)
    raise Fault(FaultCode.BROKER_GATE_DOWN, reason="no answer")


@dataclass(slots=True)
class _Visit:
    broker: ControlledBroker
    password: str
    heard: "queue.SimpleQueue[bytes]" = field(default_factory=queue.SimpleQueue)
    ready: bool = False

    def ask(self, commands: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """Return the answers to the commands in their order, None when none came."""
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=ADMIN_USER,
            protocol=MQTTProtocolVersion.MQTTv311,
            clean_session=True,
        )
        client.username_pw_set(ADMIN_USER, self.password)
        client.connect_timeout = PATIENCE_S
        client.on_connect = _listen
        client.on_subscribe = lambda *_: self._granted()
        client.on_message = self._told
        try:
            client.connect(self.broker.host, self.broker.port, KEEPALIVE_S)
            return self._exchange(client, commands)
        except OSError as error:
            raise Fault(FaultCode.BROKER_GATE_DOWN, reason=type(error).__name__) from None
        finally:
            client.disconnect()
            client.loop(LOOP_S)
            client.on_connect = client.on_subscribe = client.on_message = None

    def _exchange(
        self, client: Client, commands: list[dict[str, Any]]
    ) -> list[dict[str, Any]] | None:
        asked = False
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if client.loop(LOOP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return None
            if self.ready and not asked:
                client.publish(CONTROL, json.dumps({"commands": commands}), qos=1)
                asked = True
            if not self.heard.empty():
                answers: list[dict[str, Any]] = json.loads(self.heard.get())["responses"]
                if [one["command"] for one in answers] == [one["command"] for one in commands]:
                    return answers
        return None

    def _granted(self) -> None:
        self.ready = True

    def _told(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self.heard.put(bytes(message.payload))


def _listen(
    client: Client,
    _userdata: object,
    _flags: ConnectFlags,
    _reason: ReasonCode,
    _properties: Properties | None,
) -> None:
    client.subscribe(ANSWERS, 1)


def _is_box(client: dict[str, Any]) -> bool:
    roles = {one["rolename"] for one in client.get("roles", ())}
    return roles == {f"box.{client['username']}"}
