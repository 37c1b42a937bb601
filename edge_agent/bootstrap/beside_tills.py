"""The threads of what hangs beside a till's printer: its display and its scanner."""

from collections.abc import Callable
from uuid import UUID

from edge_agent.api.loops import Loop
from edge_agent.bootstrap.basis import Basis
from edge_agent.bootstrap.devices import Devices
from edge_agent.bootstrap.displays import display_loops
from edge_agent.bootstrap.scanners import ScanEars, scanner_loops
from edge_agent.bootstrap.services import Services
from edge_agent.bootstrap.surface import Surface
from edge_agent.ports.display_tap import DisplayEvent
from edge_agent.ports.scanner_tap import ScanEvent
from edge_agent.services.recognition.identify import Identification, Identify
from edge_agent.services.tills.scanned_members import ScannedMembers


def _nobody(_event: DisplayEvent | ScanEvent) -> None:
    return


def beside_loops(
    basis: Basis,
    services: Services,
    surface: Surface,
    devices: Devices,
    *,
    shown: Callable[[DisplayEvent], object] = _nobody,
    scanned: Callable[[ScanEvent], object] = _nobody,
) -> list[Loop]:
    """Build them; from here on the tills' permits decide what may be written."""
    devices.permit.attach(services.permit)

    def lane_of(till: UUID) -> str:
        return surface.visits.at(till).lane

    def identify(till: UUID) -> Identify:
        return services.lanes[lane_of(till)].identify

    def told(found: Identification, till: UUID) -> None:
        surface.counter.recognised(found, surface.visits.at(till))

    members = ScannedMembers(services.members, identify, told)
    return [
        *display_loops(basis, devices.displays, lane_of, shown),
        *scanner_loops(basis, devices.scanners, ScanEars(members, scanned, lane_of)),
    ]
