"""A store's members as a whole: made from its set, kept for a day, served in parts.

A snapshot needs no long transaction: the feed's position is read first, so every record is at least
as new as it, and what changed while it was made comes again with the feed.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar
from uuid import UUID

import msgspec

from cloud_broker.domain.records import MemberFacts, record_of
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.feed import FeedHead
from cloud_broker.ports.sets import MadeSnapshot
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.persons.persons import facts_of
from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.snapshot import (
    SNAPSHOT_FORMAT,
    HeldRow,
    SnapshotManifest,
    open_manifest,
    pack_rows,
    segment_of,
)

AT_A_TIME = 500
# As many are put together while the box waits for the answer.
AT_ONCE_MAX = 1_000
_HOUR_MS = 60 * 60 * 1_000
OLD_AFTER_MS = 24 * _HOUR_MS
# A box that took the manifest before may still be fetching.
SEGMENTS_KEPT_MS = 3 * OLD_AFTER_MS
TAIL_ROWS_MAX = 20_000
POSTED_KEPT_MS = limits.JOURNAL_KEEP_DAYS * 24 * _HOUR_MS

_T = TypeVar("_T")


class Snapshots:
    """Makes and serves them."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def manifest(self, tenant: UUID, store: UUID) -> bytes:
        """Return a manifest that a box can go on from.

        Raises Fault API_NOT_FOUND for a store whose set is empty and whose feed tells it all,
        SNAPSHOT_WAITS while one is made.
        """
        now = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            made = unit.sets.snapshot(store)
            head = unit.feed.head(store)
            usable = made is not None and _leads_on(made, head) and _is_kept(made, now)
            if made is not None and usable and not _old(made, head, now):
                return made.manifest
            size = 0 if usable else len(unit.sets.held(store).members)
            if not usable and size == 0 and not head.pruned:
                raise Fault(FaultCode.API_NOT_FOUND, what="members")
            if usable or size > AT_ONCE_MAX:
                unit.sets.want_snapshot(store, now)
        if made is not None and usable:
            return made.manifest
        if size > AT_ONCE_MAX:
            raise Fault(FaultCode.SNAPSHOT_WAITS)
        return self.make(tenant, store)

    def part(self, tenant: UUID, store: UUID, sha256: bytes, start: int, size: int) -> bytes:
        """Return a part of a segment. Raises Fault API_NOT_FOUND."""
        with self._units.begin(tenant) as unit:
            part = unit.sets.segment_part(store, sha256, start, size)
        if part is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="segment")
        return part

    def make(self, tenant: UUID, store: UUID) -> bytes:
        """Make a store's snapshot now; return its manifest."""
        now = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            held = unit.sets.held(store)
        segments = []
        for some in batched(held.members, limits.SEGMENT_ROWS):
            with self._units.begin(tenant) as unit:
                rows = rows_of(unit, store, [member for member, _ in some], now)
                content = pack_rows(rows)
                segment = segment_of(content, len(rows))
                unit.sets.add_segment(store, segment.sha256, content, now)
            segments.append(segment)
        manifest = msgspec.msgpack.encode(
            SnapshotManifest(
                SNAPSHOT_FORMAT,
                store.bytes,
                held.feed_epoch,
                held.pos,
                now,
                sum(one.rows for one in segments),
                tuple(segments),
            )
        )
        with self._units.begin(tenant) as unit:
            unit.sets.save_snapshot(store, MadeSnapshot(held.pos, now, manifest))
        return manifest

    def make_wanted(self, tenant: UUID) -> int:
        """Make the snapshot that was waited for longest; return how many were made."""
        with self._units.begin(tenant) as unit:
            store = unit.sets.wanted_snapshot()
        if store is None:
            return 0
        self.make(tenant, store)
        return 1


def batched(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """Return items, some at a time."""
    return (items[at : at + size] for at in range(0, len(items), size))


def rows_of(unit: Unit, store: UUID, members: Sequence[UUID], now_ms: int) -> list[HeldRow]:
    """Return members as a store is to hold them, by id."""
    rows = [
        HeldRow(facts.member.bytes, facts.ver, msgspec.Raw(_body(facts, store, now_ms)))
        for some in batched(members, AT_A_TIME)
        for facts in facts_of(unit, some)
        if facts.ver
    ]
    return sorted(rows, key=lambda row: row.key)


def _body(facts: MemberFacts, store: UUID, now_ms: int) -> bytes:
    """Return her record; of the receipts that tell a box what is posted, only those it may ask for.

    A box waits for what it booked itself and has in its journal; twenty ids of sixteen bytes that
    nothing can compress would be half of every snapshot.
    """
    own = tuple(
        receipt.receipt_id.bytes
        for receipt in facts.receipts
        if receipt.store == store and receipt.sold_ms > now_ms - POSTED_KEPT_MS
    )
    return encode_body(msgspec.structs.replace(record_of(facts), posted_receipts=own))


def _leads_on(made: MadeSnapshot, head: FeedHead) -> bool:
    epoch = open_manifest(made.manifest).feed_epoch
    return epoch == head.feed_epoch and head.pruned <= made.base <= head.head


def _is_kept(made: MadeSnapshot, now_ms: int) -> bool:
    return now_ms - made.made_ms <= SEGMENTS_KEPT_MS


def _old(made: MadeSnapshot, head: FeedHead, now_ms: int) -> bool:
    return now_ms - made.made_ms > OLD_AFTER_MS or head.head - made.base > TAIL_ROWS_MAX
