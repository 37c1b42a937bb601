"""The threads that look after the clock and the certificate."""

from edge_agent.adapters.est_http import BrokerDoor, EstDesk
from edge_agent.adapters.identity_file import IdentityFile
from edge_agent.api.loops import Loop
from edge_agent.bootstrap.basis import Basis
from edge_agent.bootstrap.lines import Lines
from edge_agent.bootstrap.network import network_of
from edge_agent.services.box.provisioning import IdentityKeeper

TIME_EVERY_S = 10.0
IDENTITY_EVERY_S = 60.0


def time_loops(basis: Basis, lines: Lines) -> tuple[Loop, ...]:
    """Return the loops: the clock's where it is the system's, the certificate's where one is."""
    loops = []
    if lines.keeper is not None:
        loops.append(Loop("time", lines.keeper.turn, basis.tally, rest_s=TIME_EVERY_S))
    keeper = _identity_keeper(basis)
    if keeper is not None:
        loops.append(Loop("identity", keeper.turn, basis.tally, rest_s=IDENTITY_EVERY_S))
    return tuple(loops)


def _identity_keeper(basis: Basis) -> IdentityKeeper | None:
    cloud = basis.settings.device.cloud
    if cloud.identity_file is None:
        return None
    store = IdentityFile(cloud.identity_file)
    outgoing = network_of(basis.settings).outgoing
    door = BrokerDoor(cloud.broker_host, cloud.broker_port)
    desk = EstDesk(cloud.url, outgoing, store.drawn, door)
    return IdentityKeeper(store, desk, basis.clock, basis.ids, basis.tally)
