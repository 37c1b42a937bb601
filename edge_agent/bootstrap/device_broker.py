"""The broker of the devices that are plugged in, and who is configured to use which claim."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from edge_agent.adapters.device_bus_linux import LinuxDeviceBus
from edge_agent.api.device_desk import DeviceDesk
from edge_agent.bootstrap.basis import Basis
from edge_agent.domain.devices import ADDRESS
from edge_agent.ports.clock import IdSource
from edge_agent.ports.device_bus import DeviceBus, LineListener
from edge_agent.ports.documents import Documents
from edge_agent.services.box.claim_states import ClaimStates
from edge_agent.services.box.device_broker import DeviceBroker
from edge_agent.settings import Settings

_PERMILLE = 1_001


@dataclass(frozen=True, slots=True)
class Brokerage:
    """The broker, its states for the box's health, and what the technician's page asks."""

    broker: DeviceBroker
    states: ClaimStates
    desk: DeviceDesk


def build_brokerage(
    basis: Basis,
    documents: Documents,
    files: ExitStack,
    bus: DeviceBus | None = None,
    listener: LineListener | None = None,
) -> Brokerage:
    """Build the broker over the real bus and lines, or over those that a test brings along."""
    if bus is None:
        bus = LinuxDeviceBus()
        files.callback(bus.close)
    broker = DeviceBroker(
        bus,
        listener or LateListener(),
        documents,
        basis.clock,
        basis.tally,
        partial(_permille, basis.ids),
    )
    desk = DeviceDesk(broker, dict(users(basis.settings)), basis.clock)
    return Brokerage(broker, ClaimStates(broker), desk)


class LateListener:
    """Fulfils `LineListener`: a box where nothing is plugged in carries no driver of lines."""

    def listen(self, path: str, *, question: bytes, timeout_ms: int) -> bytes:
        """Return what is heard until a pause. Faults DEVICE_IN_USE, TILL_PORT_OPEN."""
        from edge_agent.drivers.lines.listener import PortListener  # noqa: PLC0415 - see above

        return PortListener().listen(path, question=question, timeout_ms=timeout_ms)


def users(settings: Settings) -> Iterator[tuple[str, str]]:
    """Name each claim the configuration asks for, and what asks: till and line."""
    for till in settings.device.tills:
        for field, address in _addresses(till.model_dump()):
            yield address.removeprefix(ADDRESS), f"{till.name} · {field}"
    for lane in settings.lanes:
        for field, address in _addresses(lane.model_dump(exclude={"tills"})):
            yield address.removeprefix(ADDRESS), f"{lane.name or lane.id} · {field}"


def _addresses(settings: Mapping[str, object], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        field = f"{above}.{name}" if above else name
        if isinstance(value, Mapping):
            yield from _addresses(value, field)
        elif isinstance(value, str) and value.startswith(ADDRESS):
            yield field, value


def _permille(ids: IdSource) -> int:
    return int.from_bytes(ids.random_bytes(4), "big") % _PERMILLE
