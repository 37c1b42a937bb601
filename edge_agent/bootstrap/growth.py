"""Gifts, tasks and calls at the counter, wired."""

from edge_agent.api.growth import Growth
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.services.counter.calls import CallDesk
from edge_agent.services.counter.gifts import HandOver
from edge_agent.services.counter.tasks import TaskDesk
from edge_agent.services.counter.waiting_buys import WaitingBuys
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.members.members import Members
from edge_agent.services.rights.lease_desk import LeaseDesk
from edge_agent.services.shop.price_desk import PriceDesk


def build_growth(
    basis: Basis,
    storage: Storage,
    recorder: Recorder,
    leases: LeaseDesk,
    prices: PriceDesk,
    members: Members,
) -> Growth:
    """Wire it."""
    replica, clock = storage.replica, basis.clock
    waiting = WaitingBuys(storage.journal)
    recorder.listen(waiting.recorded)
    calls = CallDesk(recorder, storage.journal, replica, clock, basis.ids)
    recorder.listen(calls.recorded)
    members.open_calls = calls.open
    return Growth(
        gifts=HandOver(recorder, leases, replica, prices, clock, basis.ids),
        tasks=TaskDesk(replica, prices, waiting, basis.shop, clock),
        calls=calls,
    )
