"""A journal in memory, with the same rules as the one on disk."""

from collections.abc import Sequence
from dataclasses import replace

from edge_agent.ports.journal import AnswerAt, Beside, Draft, KeyedAnswer, Record, StoredAnswer
from edge_agent.services.journal.events import event_of
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.limits import JOURNAL_KEEP_BYTES
from retail_core.sync.ranges import covers
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import GENESIS_HASH, event_hash


class FakeJournal:
    """Fulfils `Journal`; `full` makes every append fail as a full disk does."""

    def __init__(self, epoch: int = 7_000_000_001) -> None:
        self.epoch = epoch
        self.full = False
        self._records: list[Record] = []
        self._answers: dict[str, tuple[int, StoredAnswer]] = {}
        self._head = GENESIS_HASH
        self._next = 1

    def begin_epoch(self, *, beside: Beside | None = None) -> int:
        self.epoch += 1
        first = self.lowest_unacked()
        self._records = [
            replace(one, acked=False) if one.seq >= first else one for one in self._records
        ]
        if beside is not None:
            beside(None)
        return self.epoch

    def append(
        self,
        drafts: Sequence[Draft],
        *,
        answer: KeyedAnswer | AnswerAt | None = None,
        beside: Beside | None = None,
    ) -> tuple[Record, ...]:
        if self.full:
            raise Fault(FaultCode.DISK_FULL)
        answer = answer(self._next) if callable(answer) else answer
        if answer is not None and answer[0] in self._answers:
            if self._answers[answer[0]][1].body_hash != answer[1].body_hash:
                raise Fault(FaultCode.API_IDEMPOTENCY_KEY_REUSED)
            return ()
        if beside is not None:
            beside(None)
        records = tuple(self._write(draft) for draft in drafts)
        if answer is not None:
            self._answers[answer[0]] = (self._next - 1, answer[1])
        return records

    def try_out(self) -> None:
        if self.full:
            raise Fault(FaultCode.DISK_RESERVE_GONE)

    def answer(self, key: str) -> StoredAnswer | None:
        found = self._answers.get(key)
        return None if found is None else found[1]

    def unacked(self, *, from_seq: int, limit: int) -> tuple[Record, ...]:
        waiting = [one for one in self._records if not one.acked and one.seq >= from_seq]
        return tuple(waiting[:limit])

    def hash_at(self, seq: int) -> bytes | None:
        return next((one.hash for one in self._records if one.seq == seq), None)

    def mark_acked(self, ranges: Sequence[tuple[int, int]]) -> int:
        marked = 0
        for index, record in enumerate(self._records):
            if not record.acked and covers(ranges, record.seq):
                self._records[index] = replace(record, acked=True)
                marked += 1
        return marked

    def reoffer(self, committed: Sequence[tuple[int, int]]) -> int:
        self._records = [
            replace(record, acked=covers(committed, record.seq)) for record in self._records
        ]
        return self.depth()

    def first_kept(self) -> int:
        return self._records[0].seq if self._records else self._next

    def depth(self) -> int:
        return sum(not record.acked for record in self._records)

    def next_seq(self) -> int:
        return self._next

    def lowest_unacked(self) -> int:
        return next((one.seq for one in self._records if not one.acked), self._next)

    def records(self, *, type_: str | None = None, since_seq: int = 0) -> tuple[Record, ...]:
        return tuple(
            record
            for record in self._records
            if record.seq > since_seq and type_ in {None, record.draft.type}
        )

    def record(self, seq: int) -> Record | None:
        return next((one for one in self._records if one.seq == seq), None)

    def prune(
        self, *, acked_before_wall_ms: int | None, keep_bytes: int = JOURNAL_KEEP_BYTES
    ) -> int:
        front = [one for one in self._records if one.seq < self.lowest_unacked()]
        before = 0 if acked_before_wall_ms is None else acked_before_wall_ms
        old = [
            one.seq
            for one in front
            if one.draft.at.wall_ms < before and one.draft.at.quality > TimeQuality.UNKNOWN
        ]
        if sum(len(one.draft.body) for one in self._records) > keep_bytes:
            old = [one.seq for one in front]
        limit = max(old, default=0)
        held = len(self._records)
        self._records = [one for one in self._records if one.seq > limit]
        self._answers = {key: kept for key, kept in self._answers.items() if kept[0] > limit}
        return held - len(self._records)

    def close(self) -> None:
        """Nothing is open."""

    def _write(self, draft: Draft) -> Record:
        for record in self._records:
            if record.draft.event_id == draft.event_id:
                return record
        own_hash = event_hash(self._head, event_of(draft))
        record = Record(self._next, draft, self._head, own_hash, acked=False)
        self._records.append(record)
        self._head = own_hash
        self._next += 1
        return record
