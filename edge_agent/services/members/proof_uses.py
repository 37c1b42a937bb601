"""Uses of one-time proofs: written down at once, journalled a moment later, for other stores.

A lane must not wait for a disk's sync, so there are two steps: the use goes to a small file that
survives a killed program, and a thread brings it to the synced journal. From there the cloud learns
of it and finds a proof that was used in a second store too.
"""

import queue
from collections.abc import Iterable
from uuid import UUID

from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.journal import Draft, Journal
from edge_agent.ports.used_proofs import ProofUse, UsedProofs
from edge_agent.services.journal.recorder import Recorder
from retail_core.errors import Fault
from retail_core.identity.assurance import Factor
from retail_core.tally import FaultTally
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import ProofUsed

WAIT_S = 0.5
BATCH_MAX = 64
# Longer than any proof lives, so that a clock set back a little revives none.
KEEP_DEAD_S = 3_600
MS_PER_S = 1_000


class ProofUses:
    """Fulfils `UseBook`; `turn` is called in a loop by a thread of its own."""

    def __init__(
        self, store: UsedProofs, recorder: Recorder, clock: Clock, ids: IdSource, tally: FaultTally
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._clock = clock
        self._ids = ids
        self._tally = tally
        self._untold: queue.SimpleQueue[ProofUse] = queue.SimpleQueue()

    def known(self) -> Iterable[tuple[bytes, int]]:
        """Return (proof, last second of its life) of every use still kept."""
        return [(use.proof, use.dead_after_s) for use in self._store.all()]

    def note(self, factor: Factor, proof: bytes, member_id: UUID, dead_after_s: int) -> None:
        """Write a use down before its member is shown; a full disk is counted, the shop goes on."""
        at = self._clock.now()
        use = ProofUse(self._ids.uuid7(), factor, proof, member_id, dead_after_s, at)
        try:
            self._store.add(use)
        except Fault as fault:
            self._tally.count(fault.code)
        self._untold.put(use)

    def catch_up(self, journal: Journal) -> int:
        """Queue what an earlier run wrote down and did not journal; return how many."""
        waiting = self._store.waiting()
        if not waiting:
            return 0
        there = {one.draft.event_id for one in journal.records(type_=EventType.PROOF_USED)}
        self._store.told([use.use_id for use in waiting if use.use_id in there])
        missing = [use for use in waiting if use.use_id not in there]
        for use in missing:
            self._untold.put(use)
        return len(missing)

    def turn(self) -> None:
        """Journal what waits, or wait a moment for something; raises Fault DISK_FULL."""
        try:
            uses = [self._untold.get(timeout=WAIT_S)]
        except queue.Empty:
            return
        while len(uses) < BATCH_MAX and not self._untold.empty():
            uses.append(self._untold.get_nowait())
        try:
            self._recorder.record([_draft(use) for use in uses], lambda _seq: None)
        except Fault:
            for use in uses:
                self._untold.put(use)
            raise
        self._store.told([use.use_id for use in uses])
        self._store.drop_dead(self._clock.now().wall_ms // MS_PER_S - KEEP_DEAD_S)


def _draft(use: ProofUse) -> Draft:
    body = encode_body(ProofUsed(use.factor.value, use.proof))
    return Draft(use.use_id, EventType.PROOF_USED, use.at, body, member=use.member_id)
