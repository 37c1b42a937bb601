"""What the box says of itself, wired."""

from collections import ChainMap
from collections.abc import Callable, Mapping
from functools import partial
from typing import cast

from edge_agent.api.wellbeing import OFF, OK, Wellbeing
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.beside import face_health
from edge_agent.bootstrap.device_broker import Brokerage
from edge_agent.bootstrap.devices import Devices
from edge_agent.bootstrap.lanes import lanes_with_tills
from edge_agent.bootstrap.lines import Lines
from edge_agent.bootstrap.services import Services
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


def build_wellbeing(
    basis: Basis,
    storage: Storage,
    services: Services,
    devices: Devices,
    lines: Lines,
    brokerage: Brokerage,
) -> Wellbeing:
    """Build what the box says of itself."""
    return Wellbeing(
        basis.shop,
        basis.version,
        basis.clock,
        storage.journal,
        storage.replica,
        basis.tally,
        ChainMap(
            _as_let(devices.states(), lines.leave.enabled),
            {"cloud": lambda: "ok" if lines.link.connected() else "gone"},
            cast("dict[str, Callable[[], str]]", brokerage.states),
        ),
        lanes_with_tills(basis),
        lambda: face_health(devices.face, services.gallery, services.beside, lines.models),
        lambda: (
            *((Fault(FaultCode.HEALTH_SAFE_MODE),) if basis.safe else ()),
            *storage.reserve.noted(),
            *storage.seal.noted(let_in=services.leases.admitted()),
            *storage.replica.noted(),
            *devices.noted(services.gallery.members),
            *lines.noted(),
            *services.permit.noted(),
            *brokerage.broker.noted(),
        ),
        training=services.after.training.lanes,
        walk_up=lambda lane: services.lanes[lane].walk_up.state(),
    )


def _as_let(
    states: Mapping[str, Callable[[], str]], let: Callable[[], bool]
) -> dict[str, Callable[[], str]]:
    """Say of faces that are in order and not let by HQ that they are off: none is sent there."""

    def face(state: Callable[[], str]) -> str:
        now = state()
        return OFF if now == OK and not let() else now

    return {
        name: partial(face, state) if name.partition("@")[0] == "face" else state
        for name, state in states.items()
    }
