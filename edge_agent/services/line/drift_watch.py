"""Compares what lies here with what the cloud says lies here, and fetches again what differs.

A difference counts when it is seen twice: a member who was fetched a moment ago, or a change under
way, differs for the time of a message.
"""

from collections.abc import Callable
from uuid import UUID

from edge_agent.ports.cloud_link import CloudDirectory
from edge_agent.ports.replica import Replica
from retail_core.sync.buckets import BUCKETS_APART_MAX
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.snapshot import BucketSums, open_rows


class DriftWatch:
    """Used from the downlink's thread; `healed` hears of the members that were fetched again."""

    def __init__(
        self,
        replica: Replica,
        directory: CloudDirectory,
        tally: FaultTally,
        healed: Callable[[tuple[UUID, ...]], None],
    ) -> None:
        self._replica = replica
        self._directory = directory
        self._tally = tally
        self._healed = healed
        self._suspected: frozenset[int] = frozenset()
        self.whole = False

    def look(self) -> bool:
        """Compare once; True when it has to be looked at again soon. Faults of the line.

        `whole` is set when so much differs that everything is to be fetched.
        """
        epoch, pos, sums = self._replica.bucket_sums()
        told = self._directory.compare_buckets(BucketSums(epoch, pos, sums))
        if not told.compared:
            return True
        seen_twice = self._suspected & frozenset(told.buckets)
        self._suspected = frozenset(told.buckets)
        if len(seen_twice) > BUCKETS_APART_MAX:
            self._tally.count(FaultCode.SYNC_DRIFT)
            self._suspected = frozenset()
            self.whole = True
            return False
        for bucket in sorted(seen_twice):
            self._heal(bucket)
        return bool(self._suspected - seen_twice)

    def _heal(self, bucket: int) -> None:
        told = self._directory.bucket(bucket)
        if told.feed_epoch != self._replica.feed_position()[0]:
            return
        changed = self._replica.replace_bucket(bucket, told.pos, open_rows(told.rows))
        for _ in changed:
            self._tally.count(FaultCode.SYNC_DRIFT)
        self._healed(changed)
