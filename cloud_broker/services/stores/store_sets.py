"""What each store holds: compared with its box, left by visitors who stay away, its feed pruned."""

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

import msgspec

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.feed import NewChange
from cloud_broker.ports.sets import SetSize, Visit
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.stores.snapshots import SEGMENTS_KEPT_MS, rows_of
from retail_core import limits
from retail_core.errors import Fault
from retail_core.sync.buckets import apart, bucket_of, sums_of
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.messages import WIRE_VERSION, Change, ChangeFrame
from retail_core.wire.snapshot import Bucket, BucketsApart, BucketSums, pack_rows

_DAY_MS = 24 * 60 * 60 * 1_000
AT_A_TIME = 500
PRUNE_AT_A_TIME = 5_000
TEND_EVERY_MS = 10 * 60 * 1_000
# msgpack's nil: nothing more is to be said of who left.
NOTHING = b"\xc0"


class StoreSets:
    """Compares, releases, prunes."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock
        self._tended: dict[UUID, int] = {}
        self._bounded: dict[UUID, int] = {}

    def compare(self, tenant: UUID, store: UUID, told: BucketSums) -> BucketsApart:
        """Return which buckets of a box differ from the cloud's; only where both stand alike."""
        with self._units.begin(tenant) as unit:
            head = unit.feed.head(store)
            if (head.feed_epoch, head.head) != (told.feed_epoch, told.pos):
                return BucketsApart(compared=False)
            held = unit.sets.held(store)
        if (held.feed_epoch, held.pos) != (told.feed_epoch, told.pos):
            return BucketsApart(compared=False)
        ours = sums_of((member.bytes, ver) for member, ver in held.members)
        return BucketsApart(compared=True, buckets=apart(told.sums, ours))

    def bucket(self, tenant: UUID, store: UUID, bucket: int) -> Bucket:
        """Return the members of one bucket, and the position they are at least as new as."""
        with self._units.begin(tenant) as unit:
            held = unit.sets.held(store)
            members = [one for one, _ in held.members if bucket_of(one.bytes) == bucket]
            rows = rows_of(unit, store, members, self._clock.now_ms())
        return Bucket(held.feed_epoch, held.pos, pack_rows(rows))

    def kept_since(self, tenant: UUID, store: UUID, pos: int) -> ChangeFrame:
        """Return what of a feed no snapshot holds, at most one frame of it."""
        with self._units.begin(tenant) as unit:
            head = unit.feed.head(store)
            rows = unit.sets.kept_since(store, pos, limits.CHANGES_PER_FRAME_MAX)
        changes = tuple(
            Change(
                row.pos,
                row.change.kind,
                row.change.key.bytes,
                row.change.ver,
                msgspec.Raw(row.change.body),
            )
            for row in rows
        )
        last = rows[-1].pos if rows else pos
        return ChangeFrame(WIRE_VERSION, head.feed_epoch, pos, last, changes, self._clock.now_ms())

    def sizes(self, tenant: UUID) -> tuple[SetSize, ...]:
        """Return how large each store's set is."""
        with self._units.begin(tenant) as unit:
            return unit.sets.sizes()

    def tend(self, tenant: UUID) -> int:
        """Prune feeds, let visitors and old snapshots go, now and then; return how much was done.

        What a snapshot said of somebody who has since been erased rests no longer than it is kept.
        """
        now = self._clock.now_ms()
        if now - self._tended.get(tenant, 0) < TEND_EVERY_MS:
            return 0
        done = self.prune(tenant, now) + self.release(tenant, now) + self.bound(tenant, now)
        if not done:
            with self._units.begin(tenant) as unit:
                unit.sets.forget_segments(now - SEGMENTS_KEPT_MS)
            self._tended[tenant] = now
        return done

    def prune(self, tenant: UUID, now_ms: int) -> int:
        """Delete a piece of each store's feed that is older than it is kept; return how much."""
        before = now_ms - limits.FEED_KEEP_DAYS * _DAY_MS
        with self._units.begin(tenant) as unit:
            stores = list(unit.fleet.store_names())
        done = 0
        for store in stores:
            with self._units.begin(tenant) as unit:
                done += unit.sets.prune(store, before, limits.FEED_KEEP_ROWS, PRUNE_AT_A_TIME)
        return done

    def release(self, tenant: UUID, now_ms: int) -> int:
        """Let visitors go who have not been seen for long; return how many were looked at.

        Their stores hear of it in their feed, and erase what they hold of them.
        """
        before = now_ms - limits.VISITOR_KEEP_DAYS * _DAY_MS
        with self._units.begin(tenant) as unit:
            visits = unit.sets.visits_before(before, AT_A_TIME)
            staying = [one for one in visits if one.seen_ms >= before]
            unit.sets.note_visits(staying)
            _let_go(unit, [one for one in visits if one.seen_ms < before], now_ms)
        return len(visits)

    def bound(self, tenant: UUID, now_ms: int, keep: int = limits.VISITORS_MAX) -> int:
        """Let go whom a store with too many visitors has not seen for longest, once a day."""
        if now_ms - self._bounded.get(tenant, 0) < _DAY_MS:
            return 0
        with self._units.begin(tenant) as unit:
            leaving = unit.sets.visits_beyond(keep, AT_A_TIME)
            _let_go(unit, leaving, now_ms)
        if not leaving:
            self._bounded[tenant] = now_ms
        return len(leaving)


def _let_go(unit: Unit, leaving: Sequence[Visit], now_ms: int) -> None:
    unit.sets.release([(one.store, one.member) for one in leaving])
    unit.feed.append(_left(leaving), now_ms)


def _left(leaving: Sequence[Visit]) -> dict[UUID, list[NewChange]]:
    ordered = sorted(leaving, key=lambda one: one.store)
    return {
        store: [NewChange(ChangeKind.MEMBER_LEFT, one.member, one.ver, NOTHING) for one in some]
        for store, some in groupby(ordered, key=lambda one: one.store)
    }


def check_range(header: str | None) -> tuple[int, int]:
    """Return (start, size) of a `Range` header of one part. Raises Fault API_BODY_INVALID."""
    unit, _, said = (header or "").partition("=")
    first, _, last = said.partition("-")
    if unit != "bytes" or not first.isdecimal() or not last.isdecimal():
        raise Fault(FaultCode.API_BODY_INVALID, detail="Range")
    start, end = int(first), int(last)
    if not start <= end < limits.SEGMENT_BYTES_MAX:
        raise Fault(FaultCode.API_BODY_INVALID, detail="Range")
    return start, end - start + 1
