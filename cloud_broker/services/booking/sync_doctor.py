"""Looks at the line between boxes and cloud, and tries poisoned messages again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cloud_broker.domain.sync_doctor import (
    REPLAYABLE,
    BoxFacts,
    RepairFacts,
    box_findings,
    line_findings,
    repair_findings,
)
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.waiting import WaitingDepth
from cloud_broker.services.booking.repairing import RepairBench
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

REPLAY_MAX = 10_000


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An open item of the repair queue, with the code it was last refused with."""

    repair_id: UUID
    kind: str
    code: str


class SyncReads(Protocol):
    """What a doctor reads; each runs in one short transaction under the tenant's row security."""

    def boxes(self, tenant: UUID, now_ms: int) -> tuple[BoxFacts, ...]:
        """Return every box that is not retired. Raises Fault SYNC_LINK_DOWN."""
        ...

    def waiting(self, tenant: UUID) -> WaitingDepth:
        """Return how much is acknowledged and not booked yet."""
        ...

    def repairs(self, tenant: UUID) -> tuple[RepairFacts, ...]:
        """Return the open repair items, by code and kind."""
        ...

    def open_items(
        self, tenant: UUID, *, codes: Sequence[str], ids: Sequence[UUID], limit: int
    ) -> tuple[OpenItem, ...]:
        """Return open items, oldest first; no codes and no ids: all of them."""
        ...


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found; `boxes` and `repairs` are None when the database did not answer."""

    boxes: tuple[BoxFacts, ...] | None
    repairs: tuple[RepairFacts, ...] | None
    findings: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """How a replay went: `failed` is what is still broken, `to_look_at` what no replay can end."""

    tried: int
    failed: tuple[OpenItem, ...]
    to_look_at: int = 0


class SyncDoctor:
    """Examines the line; `brokers` tries each of them and returns what is wrong there."""

    def __init__(
        self,
        reads: SyncReads,
        bench: RepairBench,
        clock: Clock,
        brokers: Callable[[], Sequence[Fault]],
    ) -> None:
        self._reads = reads
        self._bench = bench
        self._clock = clock
        self._brokers = brokers

    def examine(self, tenant_of: Callable[[], UUID]) -> Examined:
        """Look at broker, database, boxes and the repair queue; the database says who it is for."""
        now = self._clock.now_ms()
        found = list(self._brokers())
        try:
            tenant = tenant_of()
            boxes = self._reads.boxes(tenant, now)
            repairs = self._reads.repairs(tenant)
        except Fault as fault:
            if fault.code != FaultCode.SYNC_LINK_DOWN:
                raise
            return Examined(None, None, (Fault(FaultCode.SYNC_DATABASE_AWAY), *found))
        found += [one for box in boxes for one in box_findings(box)]
        waits = self._reads.waiting(tenant)
        found += line_findings(waits.events, waits.oldest_ms, now)
        found += repair_findings(repairs, now)
        return Examined(boxes, repairs, tuple(found))

    def replay(
        self, tenant: UUID, *, codes: Sequence[str], ids: Sequence[UUID], who: str
    ) -> Replayed:
        """Try poisoned events and frames again, oldest first; others a person has to look at.

        Sales that equal a booked one are booked only where their code is asked for by name.
        """
        items = self._reads.open_items(tenant, codes=codes, ids=ids, limit=REPLAY_MAX)
        chosen = [item.repair_id for item in items if item.kind in REPLAYABLE]
        if not chosen:
            return Replayed(0, (), len(items))
        for repair_id in chosen:
            second = FaultCode.SALE_TOLD_AGAIN.value in codes
            self._bench.replay(tenant, repair_id, who=who, second=second)
        left = self._reads.open_items(tenant, codes=(), ids=chosen, limit=len(chosen))
        return Replayed(len(chosen), left, len(items) - len(chosen))
