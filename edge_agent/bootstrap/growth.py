"""Gifts and tasks at the counter, wired."""

from edge_agent.api.growth import Growth
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.services.gifts import HandOver
from edge_agent.services.lease_desk import LeaseDesk
from edge_agent.services.price_desk import PriceDesk
from edge_agent.services.recorder import Recorder
from edge_agent.services.tasks import TaskDesk
from edge_agent.services.waiting_buys import WaitingBuys


def build_growth(
    basis: Basis, storage: Storage, recorder: Recorder, leases: LeaseDesk, prices: PriceDesk
) -> Growth:
    """Wire it."""
    replica, clock = storage.replica, basis.clock
    waiting = WaitingBuys(storage.journal)
    recorder.listen(waiting.recorded)
    return Growth(
        gifts=HandOver(recorder, leases, replica, prices, clock, basis.ids),
        tasks=TaskDesk(replica, prices, waiting, basis.shop, clock),
    )
