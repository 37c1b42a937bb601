"""Points that lie in stores are asked back for an order in the mall, and stay free for a while.

Points follow their owner to the stores she goes to, so most of them are lent. Whoever wants to
order is told to try again in a moment: the boxes give back what no basket holds, and nothing is
placed anew meanwhile.
"""

from uuid import UUID

from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.unit import Unit
from cloud_broker.services.rights.leasing import Leasing
from retail_core.loyalty.leases import LENT, Right, RightKind

FREE_FOR_MS = 10 * 60 * 1_000


def ask_back(unit: Unit, tenant: UUID, wallet: UUID, now_ms: int) -> None:
    """Ask every box for what it holds of a wallet, and let nothing be placed anew meanwhile."""
    unit.mall.wish(wallet, now_ms + FREE_FOR_MS)
    recall(unit, tenant, wallet, now_ms)


def recall(unit: Unit, tenant: UUID, wallet: UUID, now_ms: int) -> None:
    """Ask every box for what it holds of a wallet; one that is offline answers later."""
    right = Right(RightKind.POINTS, wallet)
    leasing = Leasing(unit, tenant, now_ms)
    leasing.load([right])
    leases = leasing.desk.books[right].leases.items()
    devices = {key.device for key, lease in leases if lease.state in LENT}
    for device in sorted(devices):
        leasing.desk.recall(right, device)
    leasing.save(unit.fleet.places(devices))
    if devices:
        unit.announce(LiveEvent(tenant, frozenset({"published"})))
