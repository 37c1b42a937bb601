"""The box's truth: an append-only journal on disk, synced before the till hears "ok"."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from retail_core.clock import Instant
from retail_core.limits import JOURNAL_KEEP_BYTES


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it has a sequence: `body` is encoded, `type` names it."""

    event_id: UUID
    type: str
    at: Instant
    body: bytes
    till: UUID | None = None
    operator: UUID | None = None
    member: UUID | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A journalled event: sequence, hash chain, and whether the cloud has committed it."""

    seq: int
    draft: Draft
    prev_hash: bytes
    hash: bytes
    acked: bool


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was answered to an idempotent request: the same key and body get it again."""

    body_hash: bytes
    status: int
    answer: bytes


KeyedAnswer = tuple[str, StoredAnswer]
# An answer that names the sequence of what it answers: called with it, inside the write.
AnswerAt = Callable[[int], KeyedAnswer | None]
# A change of another book in the journal's file; it is called with the adapter's transaction.
Beside = Callable[[Any], None]


class Journal(Protocol):
    """Durable, ordered, idempotent storage of events and the answers given for them."""

    epoch: int

    def append(
        self,
        drafts: Sequence[Draft],
        *,
        answer: KeyedAnswer | AnswerAt | None = None,
        beside: Beside | None = None,
    ) -> tuple[Record, ...]:
        """Write events, the answer under its idempotency key, and what goes beside them.

        All of it is synced together or not at all; callers at the same moment share the sync, and
        one's fault is its own. `answer` may be made of the first sequence the drafts get; that and
        `beside` may be called again when the write is tried again.

        An event id that is already there is not written again. A key already answered for the
        same body writes nothing and returns no record. Raises Fault DISK_FULL,
        DISK_JOURNAL_CORRUPT or, for a key answered for another body, API_IDEMPOTENCY_KEY_REUSED;
        then nothing of the call is kept.
        """
        ...

    def try_out(self) -> None:
        """Write what is no record, and come back when it is on the disk.

        Raises what would keep a sale from it: Fault DISK_RESERVE_GONE or DISK_JOURNAL_CORRUPT.
        """
        ...

    def begin_epoch(self, *, beside: Beside | None = None) -> int:
        """Begin a new epoch and return it: what waits for the cloud is told under that one.

        From the first record that waits on, all of them wait again: the epoch has no gap in it.
        """
        ...

    def answer(self, key: str) -> StoredAnswer | None:
        """Return the answer stored under an idempotency key."""
        ...

    def unacked(self, *, from_seq: int, limit: int) -> tuple[Record, ...]:
        """Return records not yet committed by the cloud, in sequence, checksums verified."""
        ...

    def hash_at(self, seq: int) -> bytes | None:
        """Return the chain's hash after a record, None when it is not kept or was never written."""
        ...

    def mark_acked(self, ranges: Sequence[tuple[int, int]]) -> int:
        """Mark inclusive ranges as committed in the cloud; return how many were new."""
        ...

    def reoffer(self, committed: Sequence[tuple[int, int]]) -> int:
        """Let everything kept wait again that the cloud does not have; return how much waits.

        Durable when it returns. What is not kept any more counts as committed.
        """
        ...

    def first_kept(self) -> int:
        """Return the lowest sequence that is kept, or `next_seq()` when none is."""
        ...

    def depth(self) -> int:
        """Return how many records wait for the cloud."""
        ...

    def next_seq(self) -> int:
        """Return the sequence the next record will get."""
        ...

    def lowest_unacked(self) -> int:
        """Return the lowest waiting sequence, or `next_seq()` when none waits."""
        ...

    def records(self, *, type_: str | None = None, since_seq: int = 0) -> tuple[Record, ...]:
        """Return records still kept with a sequence above `since_seq`, acknowledged or not."""
        ...

    def record(self, seq: int) -> Record | None:
        """Return one record, None when it is not kept or was never written."""
        ...

    def prune(
        self, *, acked_before_wall_ms: int | None, keep_bytes: int = JOURNAL_KEEP_BYTES
    ) -> int:
        """Delete acknowledged records that are old, or too much; return how many went.

        Old is older than the given time, None where nobody knows the time; too much is what the
        journal uses beyond `keep_bytes`, however young.
        """
        ...

    def close(self) -> None:
        """Close the file; safe to call twice."""
        ...
