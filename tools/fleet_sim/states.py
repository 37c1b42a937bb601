"""What a store holds at the end, to be compared with the cloud."""

from uuid import UUID

import msgspec

from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.ports.replica import Replica
from retail_core.errors import Fault
from tools.fleet_sim.box import Box
from tools.fleet_sim.spec import StoreSpec


class Held(msgspec.Struct, frozen=True):
    """A member as one store's replica has her."""

    member: UUID
    ver: int
    free: int


class StoreState(msgspec.Struct, frozen=True):
    """A store's journal and replica; `broken` says why the chain does not stand, if so."""

    store: int
    depth: int
    records: int
    broken: str
    events: tuple[UUID, ...]
    held: tuple[Held, ...]


def of(box: Box) -> StoreState:
    """Read a store's files through the product's own adapters."""
    return StoreState(
        store=box.spec.number,
        depth=box.journal.depth(),
        records=len(records := box.journal.records()),
        broken=_broken(box.journal),
        events=tuple(record.draft.event_id for record in records),
        held=_held(box.replica, box.spec),
    )


def _broken(journal: SqliteJournal) -> str:
    try:
        journal.verify()
    except Fault as fault:
        return str(fault)
    return ""


def _held(replica: Replica, spec: StoreSpec) -> tuple[Held, ...]:
    found = (replica.member(one.member) for one in (*spec.members, *spec.visitors))
    return tuple(
        Held(held.member_id, held.ver, held.record.points_free)
        for held in found
        if held is not None
    )
