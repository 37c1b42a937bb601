"""The twin and the commands, wired: what is in force at a start, who applies what, who asks."""

import json
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from edge_agent.adapters.cloud_desk_http import HttpCloudDesk
from edge_agent.adapters.line_proof import MqttLineProof
from edge_agent.adapters.link_mqtt import LinkIdentity, MqttLink
from edge_agent.adapters.mqtt_session import Route
from edge_agent.api.loops import Loop
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.fixups import restart_program
from edge_agent.bootstrap.line_opener import path_of
from edge_agent.bootstrap.network import network_of
from edge_agent.bootstrap.twin_till_parts import of_tills, with_tills, with_write_back
from edge_agent.bootstrap.twin_tills import TillTrial, clashes, sound, till_fitting
from edge_agent.bootstrap.twin_values import fitting, with_values
from edge_agent.ports.fleet_line import FleetLine
from edge_agent.services.box.commands import Action, CommandRunner
from edge_agent.services.box.fleet_asking import TURN_S, FleetAsking
from edge_agent.services.box.health_watch import HealthWatch
from edge_agent.services.box.twin import TwinKeeper, begin_tills, kept
from edge_agent.services.box.updates import UpdateKeeper
from edge_agent.services.line.cloud_session import CloudSession
from edge_agent.services.line.downlink import Downlink
from edge_agent.settings import Settings
from retail_core.errors import Fault
from retail_core.fleet.twin import Values
from retail_core.fleet.twin_settings import BROKER, CA, WEBSOCKET, Applies, Value
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

if TYPE_CHECKING:
    from edge_agent.bootstrap.devices import Devices

CA_STEM = "twin-ca-"
_PORTS = {"mqtt": 1883, "mqtts": 8883}


class SteeringLoop(Loop):
    """The thread that asks; a trial of a line is not waited for when the box stops."""

    def __init__(
        self, turn: Callable[[], None], twin: TwinKeeper, proof: MqttLineProof, tally: FaultTally
    ) -> None:
        super().__init__("fleet", turn, tally, rest_s=TURN_S)
        self._twin = twin
        self._proof = proof

    def ask_to_stop(self) -> None:
        """End after the present turn, which waits for nothing any more."""
        super().ask_to_stop()
        self._twin.stop()
        self._proof.stop()


def in_force(settings: Settings, storage: Storage) -> Settings:
    """Return the settings with what the twin holds: its values, and a line that was confirmed.

    Called once, at a start: tills that wait for one are on trial from here on.
    """
    held = kept(storage.documents)
    settings = with_values(settings, held.values)
    tills = begin_tills(storage.documents, partial(sound, settings))
    if sound(settings, tills):  # else the device file has changed since; it is good
        settings = with_tills(settings, tills)
    settings = with_write_back(settings, of_tills(held.values, Applies.AT_START))
    try:
        return with_line(settings, held.trial.in_force)
    except Fault:
        return settings  # the box's own certificate has changed since; its files are good


def with_line(settings: Settings, values: Values) -> Settings:
    """Return the settings with another line; Fault TWIN_VALUE_WRONG where it fits no such box.

    A box with a certificate speaks over TLS alone, and one with a password has none to show.
    """
    cloud, network = settings.device.cloud, settings.config.network
    if BROKER in values:
        parts = urlsplit(str(values[BROKER]))
        if (parts.scheme == "mqtts") != (cloud.identity_file is not None):
            raise Fault(FaultCode.TWIN_VALUE_WRONG, key=BROKER)
        place = {"broker_host": parts.hostname, "broker_port": parts.port or _PORTS[parts.scheme]}
        cloud = cloud.model_copy(update=place)
    if WEBSOCKET in values:
        network = network.model_copy(update={"websocket_url": str(values[WEBSOCKET])})
    if CA in values:
        path = _ca_file(settings.config.data_dir, str(values[CA]))
        network = network.model_copy(update={"ca_file": path})
    config = settings.config.model_copy(update={"network": network})
    device = settings.device.model_copy(update={"cloud": cloud})
    return settings.model_copy(update={"config": config, "device": device})


@dataclass(frozen=True, slots=True)
class Steered:
    """The parts of the box that are steered; `filed` are the settings as its files have them."""

    link: MqttLink
    downlink: Downlink
    cloud: CloudSession
    health: HealthWatch
    filed: Settings
    devices: "Devices"
    more: Mapping[str, Action] = field(default_factory=dict)
    updates: UpdateKeeper | None = None


def build_steering(
    basis: Basis, storage: Storage, parts: Steered, line: FleetLine | None = None
) -> SteeringLoop:
    """Put it together; the caller starts and stops the loop."""
    own, cloud = basis.settings, parts.cloud

    def route_of(values: Values) -> Route:
        return network_of(with_line(own, values)).route

    account, shop = own.device.cloud, basis.shop
    password = account.broker_password.get_secret_value()
    identity = LinkIdentity(shop.tenant, shop.store, shop.device, password)
    proof = MqttLineProof(identity, route_of, cloud.hello, basis.tally)

    def move(values: Values) -> None:
        parts.link.move(route_of(values))

    twin = keeper(basis, storage, parts.filed, proof, move)
    trial = TillTrial(own, parts.devices, twin, restart_program)
    twin.apply_with("presence.beat_s", cloud.beat_every)
    desk = line or HttpCloudDesk(
        account.url, account.token.get_secret_value(), network_of(own).outgoing
    )
    commands = CommandRunner(storage.documents, _actions(parts, twin))
    asking = FleetAsking(desk, twin, commands, parts.updates)

    def heard() -> None:
        if parts.link.settled:
            twin.heard()

    cloud.heard = heard
    parts.downlink.steered_by(asking.nudge)

    def turn() -> None:
        if trial.turn():
            asking.nudge()
        asking.turn()

    return SteeringLoop(turn, twin, proof, basis.tally)


def keeper(
    basis: Basis,
    storage: Storage,
    filed: Settings,
    proof: MqttLineProof,
    move: Callable[[Values], None],
) -> TwinKeeper:
    """Build who keeps the twin: it takes what the box's own files could hold, and what is there."""
    by_file = fitting(filed)
    by_till = till_fitting(filed, lambda address: path_of(basis, address)())

    def fits(key: str, value: Value) -> None:
        by_file(key, value)
        by_till(key, value)

    return TwinKeeper(storage.documents, proof, move, fits=fits, clashes=partial(clashes, filed))


def _actions(parts: Steered, twin: TwinKeeper) -> dict[str, Action]:
    """Return what each command does here."""

    def restart(args: Mapping[str, str]) -> str | None:
        if args["part"] == "uplink":
            parts.link.restart()
            return "uplink"
        os.kill(os.getpid(), signal.SIGTERM)
        return None

    def doctor(_args: Mapping[str, str]) -> str:
        found = [{"code": one.code, "subject": one.subject} for one in parts.health.issues()]
        return json.dumps(found, ensure_ascii=False)

    def resync(_args: Mapping[str, str]) -> str:
        parts.downlink.ask_all()
        return ""

    def reload_twin(_args: Mapping[str, str]) -> str:
        twin.try_again()
        return ""

    def rebirth(_args: Mapping[str, str]) -> str:
        parts.cloud.rebirth()
        return ""

    return {
        "restart": restart,
        "doctor": doctor,
        "resync": resync,
        "reload_twin": reload_twin,
        "rebirth": rebirth,
        **parts.more,
    }


def _ca_file(folder: Path, pem: str) -> Path:
    """Write certificates where a TLS context reads them; each set has a file of its own."""
    path = folder / f"{CA_STEM}{sha256(pem.encode()).hexdigest()[:16]}.pem"
    if not path.exists():
        fresh = path.with_suffix(".new")
        fresh.write_text(pem, encoding="ascii")
        fresh.replace(path)
    return path
