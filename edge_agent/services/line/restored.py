"""A cloud restored from a backup hears what this box holds, and again what it has lost.

The journal keeps what was acknowledged for two weeks. The cloud names what it still has and proves
it by the chain's hashes; everything else waits again and travels as ever. Where the proof fails, or
the backup is older than what is kept, a new journal epoch begins, which has no gap in it.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edge_agent.ports.cloud_desk import CloudDesk
from edge_agent.ports.documents import Documents
from edge_agent.ports.journal import Journal
from edge_agent.ports.replica import Replica
from edge_agent.services.line.uplink import Uplink
from edge_agent.services.rights.lease_desk import LeaseDesk
from retail_core import limits
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import WIRE_VERSION
from retail_core.wire.restored import BoxStanding, CloudHolds

DOCUMENT = "cloud"
FIRST_EPOCH = 1
TURN_S = 1.0


@dataclass(frozen=True, slots=True)
class Shelves:
    """What the cloud is told of."""

    journal: Journal
    replica: Replica
    leases: LeaseDesk
    documents: Documents


class Restored:
    """Knows which restore of the cloud this box has answered; `turn` is its thread's work."""

    def __init__(
        self, shelves: Shelves, desk: CloudDesk, uplink: Uplink, tally: FaultTally
    ) -> None:
        self._shelves = shelves
        self._desk = desk
        self._uplink = uplink
        self._tally = tally
        self._greet: Callable[[], None] = _nothing
        self._wake = threading.Event()
        kept = shelves.documents.get(DOCUMENT) or {}
        epoch = kept.get("epoch")
        self._held = epoch if isinstance(epoch, int) else 0
        self._heard = self._held

    def then(self, greet: Callable[[], None]) -> None:
        """Call `greet` when the cloud is to be asked anew what it has."""
        self._greet = greet

    def met(self, epoch: int) -> bool:
        """Hear of a cloud's epoch; False for a cloud that is older than one met before."""
        if epoch and epoch < self._held:
            self._tally.count(FaultCode.RESTORE_CLOUD_OLDER)
            return False
        if epoch > self._heard:
            self._heard = epoch
            self._wake.set()
        return True

    def turn(self, wait_s: float = TURN_S) -> None:
        """Answer a restore, if there is one. Raises the Fault after which it is tried again."""
        self._wake.wait(wait_s)
        self._wake.clear()
        if self._heard <= self._held:
            return
        if self._held or self._heard > FIRST_EPOCH:
            self._offer_again(self._heard)
        self._learn(self._heard)

    def _offer_again(self, epoch: int) -> None:
        holds = self._tell(epoch)
        journal = self._shelves.journal
        if self._fits(holds):
            journal.reoffer(holds.ranges)
        else:
            journal.reoffer(())
            self._shelves.leases.forked()
            self._tell(epoch)
        self._uplink.reload()
        self._greet()

    def _fits(self, holds: CloudHolds) -> bool:
        """Tell whether what the cloud has is the beginning of what is kept here."""
        journal = self._shelves.journal
        kept, head = journal.first_kept(), journal.next_seq() - 1
        for (_, high), end in zip(holds.ranges, holds.ends, strict=True):
            if high > head or high < kept - 1:
                return False
            if high >= kept and journal.hash_at(high) != end:
                return False
        return True

    def _tell(self, epoch: int) -> CloudHolds:
        """Say what is held, part by part; return the answer to the last."""
        holds = CloudHolds(WIRE_VERSION, epoch)
        for part in self._parts(epoch):
            holds = self._desk.stand(part)
        return holds

    def _parts(self, epoch: int) -> Iterator[BoxStanding]:
        shelves, leases = self._shelves, self._shelves.leases.told()
        bundle = shelves.replica.bundle()
        step = limits.LEASES_TOLD_MAX
        cuts = range(0, max(1, len(leases)), step)
        for cut in cuts:
            yield BoxStanding(
                v=WIRE_VERSION,
                cloud_epoch=epoch,
                epoch=shelves.journal.epoch,
                kept_from=shelves.journal.first_kept(),
                next_seq=shelves.journal.next_seq(),
                lease_epoch=shelves.leases.epoch(),
                catalogue_version=shelves.replica.catalogue_version(),
                bundle_version=0 if bundle is None else bundle[0],
                leases=leases[cut : cut + step],
                last=cut == cuts[-1],
            )

    def _learn(self, epoch: int) -> None:
        self._shelves.documents.put(DOCUMENT, {"epoch": epoch})
        self._held = epoch


def _nothing() -> None:
    """Stand in until somebody is to be told."""
