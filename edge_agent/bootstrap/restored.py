"""What answers a restored cloud and fetches rights from other stores, wired to the line."""

from edge_agent.api.basket_desk import BasketDesk
from edge_agent.api.loops import Loop
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.lines import Lines
from edge_agent.bootstrap.services import Services
from edge_agent.services.line.cloud_session import CloudSession
from edge_agent.services.line.restored import Restored, Shelves


def rights_loops(
    basis: Basis,
    storage: Storage,
    lines: Lines,
    services: Services,
    baskets: BasketDesk,
    cloud: CloudSession,
) -> tuple[Loop, ...]:
    """Return the threads that answer a restored cloud, and ask for what lies elsewhere."""
    shelves = Shelves(storage.journal, storage.replica, services.leases, storage.documents)
    restored = Restored(shelves, lines.desk, lines.uplink, basis.tally)
    restored.then(cloud.ask_again)
    lines.uplink.meet(restored.met)
    asking = services.counter.asking
    asking.tell(baskets.rights_came)
    services.leases.listen(asking.arrived)
    return (
        Loop("restored", restored.turn, basis.tally),
        Loop("rights", asking.turn, basis.tally),
    )
