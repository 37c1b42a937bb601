"""Fetches a store's members as a whole, a small part at a time, and puts them in force at once.

Each step asks for one part of one segment, so that changes, catalogues and tills' questions go on
between two of them. What is on the disk survives a power cut; of a segment under way the bytes so
far are kept over a cut line.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

from edge_agent.ports.cloud_link import CloudDirectory
from edge_agent.ports.replica import Replica
from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import Change
from retail_core.wire.snapshot import Segment, SnapshotManifest, open_manifest, open_rows


class SnapshotIntake:
    """One snapshot on its way into the replica; used from the downlink's thread."""

    def __init__(
        self,
        replica: Replica,
        directory: CloudDirectory,
        heed: Callable[[Sequence[Change]], None],
    ) -> None:
        self._replica = replica
        self._directory = directory
        self._heed = heed
        self._manifest: SnapshotManifest | None = None
        self._waiting: list[Segment] = []
        self._part = b""

    def step(self) -> bool:
        """Do the next bit; False when it is done and the replica stands where the snapshot was.

        Raises Faults of the line, SNAPSHOT_WAITS while the cloud still makes it, API_NOT_FOUND
        when there is none, SNAPSHOT_DAMAGED for a part that is not what it should be.
        """
        if self._manifest is None:
            self._begin()
        elif self._waiting:
            self._fetch(self._waiting[0])
        else:
            self._take_kept(self._manifest.base)
            manifest, self._manifest = self._manifest, None
            self._replica.finish_load(feed_epoch=manifest.feed_epoch, base=manifest.base)
            return False
        return True

    def _begin(self) -> None:
        content = self._directory.snapshot()
        manifest = open_manifest(content)
        done = self._replica.begin_load(content)
        self._waiting = [one for one in manifest.segments if one.sha256 not in done]
        self._part = b""
        self._manifest = manifest

    def _take_kept(self, base: int) -> None:
        """Hear what a snapshot does not hold: what was lent to this box since it last listened.

        Before the swap: the position held says from where on, and hearing it twice is no harm.
        """
        pos = self._replica.feed_position()[1]
        while pos < base:
            frame = self._directory.kept_since(pos)
            if frame.pos <= pos:
                break
            self._heed(frame.changes)
            pos = frame.pos

    def _fetch(self, segment: Segment) -> None:
        missing = segment.size - len(self._part)
        try:
            part = self._directory.snapshot_part(
                segment.sha256, len(self._part), min(missing, limits.SNAPSHOT_PART_BYTES)
            )
        except Fault as fault:
            if fault.code == FaultCode.API_NOT_FOUND:
                self._manifest = None  # an older one, no longer kept: begin with the newest
                raise Fault(FaultCode.SNAPSHOT_WAITS) from fault
            raise
        self._part += part
        if len(self._part) < segment.size:
            return
        content, self._part = self._part, b""
        if sha256(content).digest() != segment.sha256:
            raise Fault(FaultCode.SNAPSHOT_DAMAGED)
        self._replica.load_segment(segment.sha256, open_rows(content))
        del self._waiting[0]
