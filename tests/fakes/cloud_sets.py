"""Sets of stores in memory."""

import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from cloud_broker.ports.feed import FeedRow
from cloud_broker.ports.sets import HeldAt, MadeSnapshot, SetSize, Visit
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_state import State


class FakeSetRepo:
    """A `SetRepo`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def held(self, store: UUID) -> HeldAt:
        if store not in self._state.heads:
            raise Fault(FaultCode.API_NOT_FOUND, what="store")
        head = self._state.heads[store]
        members = sorted(member for of, member in self._state.interests if of == store)
        known = [(member, self._state.versions.get(member, 0)) for member in members]
        return HeldAt(head.feed_epoch, head.head, tuple(one for one in known if one[1]))

    def holds(self, store: UUID, member: UUID) -> bool:
        return (store, member) in self._state.interests

    def seen(self, store: UUID, member: UUID, now_ms: int) -> None:
        self._state.seen[store, member] = now_ms

    def visits_before(self, before_ms: int, limit: int) -> tuple[Visit, ...]:
        found = []
        for store, member in self._state.interests:
            new = self._state.members[member]
            seen = self._state.seen.get((store, member), new.arrival.received_ms)
            bought = [
                one.arrival.received_ms
                for one in self._state.sales.values()
                if (one.arrival.place.store, one.arrival.member) == (store, member)
            ]
            if new.arrival.place.store != store and seen < before_ms:
                ver = self._state.versions.get(member, 0)
                found.append(Visit(store, member, ver, max([seen, *bought])))
        return tuple(sorted(found, key=lambda one: (one.seen_ms, one.member))[:limit])

    def visits_beyond(self, keep: int, limit: int) -> tuple[Visit, ...]:
        stores: dict[UUID, list[Visit]] = {}
        for one in self.visits_before(sys.maxsize, sys.maxsize):
            stores.setdefault(one.store, []).append(one)
        away = [one for some in stores.values() for one in some[: -keep or None]]
        return tuple(sorted(away, key=lambda one: (one.seen_ms, one.member))[:limit])

    def note_visits(self, visits: Sequence[Visit]) -> None:
        for one in visits:
            self.seen(one.store, one.member, one.seen_ms)

    def release(self, pairs: Collection[tuple[UUID, UUID]]) -> None:
        self._state.interests -= set(pairs)

    def sizes(self) -> tuple[SetSize, ...]:
        found: dict[UUID, list[int]] = {}
        for store, member in self._state.interests:
            at_home = self._state.members[member].arrival.place.store == store
            counts = found.setdefault(store, [0, 0])
            counts[0 if at_home else 1] += 1
        return tuple(SetSize(store, *counts) for store, counts in sorted(found.items()))

    def prune(self, store: UUID, before_ms: int, keep_rows: int, limit: int) -> int:
        head = self._state.heads[store]
        oldest = [row for row in self._state.feeds.get(store, []) if row.pos > head.pruned][:limit]
        gone = [
            row.pos
            for row in oldest
            if (row.committed_ms < before_ms or row.pos <= head.head - keep_rows)
            and row.pos <= head.published
        ]
        until = max(gone, default=head.pruned)
        self._state.feeds[store] = [
            row
            for row in self._state.feeds.get(store, [])
            if row.pos > until or not row.change.kind.startswith("member")
        ]
        self._state.heads[store] = replace(head, pruned=until)
        return until - head.pruned

    def kept_since(self, store: UUID, pos: int, limit: int) -> tuple[FeedRow, ...]:
        epoch = self._state.heads[store].feed_epoch
        rows = [
            replace(row, feed_epoch=epoch)
            for row in self._state.feeds.get(store, [])
            if row.pos > pos and not row.change.kind.startswith("member")
        ]
        return tuple(rows[:limit])

    def snapshot(self, store: UUID) -> MadeSnapshot | None:
        return self._state.snapshots.get(store)

    def want_snapshot(self, store: UUID, now_ms: int) -> None:
        self._state.snapshots_wanted.setdefault(store, now_ms)

    def wanted_snapshot(self) -> UUID | None:
        wanted = self._state.snapshots_wanted
        return min(wanted, key=lambda store: wanted[store], default=None)

    def add_segment(self, store: UUID, sha256: bytes, content: bytes, now_ms: int) -> None:
        made_ms, _ = self._state.segments.get((store, sha256), (0, b""))
        self._state.segments[store, sha256] = (max(made_ms, now_ms), content)

    def segment_part(self, store: UUID, sha256: bytes, start: int, size: int) -> bytes | None:
        held = self._state.segments.get((store, sha256))
        return None if held is None else held[1][start : start + size]

    def save_snapshot(self, store: UUID, made: MadeSnapshot) -> None:
        self._state.snapshots[store] = made
        self._state.snapshots_wanted.pop(store, None)

    def forget_segments(self, before_ms: int) -> int:
        old = [key for key, (made, _) in self._state.segments.items() if made < before_ms]
        for key in old:
            del self._state.segments[key]
        return len(old)
