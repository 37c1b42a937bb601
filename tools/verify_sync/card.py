"""A box's memory card: what survives a kill, what a power cut takes, and copies of it."""

from collections.abc import Callable, Sequence
from copy import copy
from random import Random
from uuid import UUID

from edge_agent.ports.journal import AnswerAt, Beside, Draft, KeyedAnswer, Record
from edge_agent.ports.replica import unheard
from retail_core.texts.faults import FaultCode
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import Change
from tests.fakes.journal import FakeJournal
from tests.fakes.replica import FakeReplica

_EPOCH_BITS = 62
SYNC_EVERY = 3

Members = dict[UUID, tuple[int, MemberRecord | None]]
Content = tuple[tuple[int, int], Members]


class CardJournal(FakeJournal):
    """The journal: what was appended is synced, a mark of an acknowledgement is not waited for."""

    def __init__(self, rng: Random) -> None:
        super().__init__(1 + rng.getrandbits(_EPOCH_BITS))
        self._rng = rng
        self._unsynced: set[int] = set()
        self.let_go: list[UUID] = []

    def append(
        self,
        drafts: Sequence[Draft],
        *,
        answer: KeyedAnswer | AnswerAt | None = None,
        beside: Beside | None = None,
    ) -> tuple[Record, ...]:
        """Append; everything before is on the card with it."""
        self._unsynced.clear()
        return super().append(drafts, answer=answer, beside=beside)

    def begin_epoch(self, *, beside: Beside | None = None) -> int:
        """Begin an epoch by chance, as a box does: two copies of a card never choose the same."""
        super().begin_epoch(beside=beside)
        self.epoch = 1 + self._rng.getrandbits(_EPOCH_BITS)
        self._unsynced.clear()
        return self.epoch

    def mark_acked(self, ranges: Sequence[tuple[int, int]]) -> int:
        """Mark, and remember which events were let go."""
        before = {record.seq for record in self._records if not record.acked}
        marked = super().mark_acked(ranges)
        after = [record for record in self._records if record.acked and record.seq in before]
        self._unsynced |= {record.seq for record in after}
        self.let_go += [record.draft.event_id for record in after]
        return marked

    def power_cut(self) -> None:
        """Lose the marks that no later sync took along."""
        self._records = [
            Record(one.seq, one.draft, one.prev_hash, one.hash, acked=False)
            if one.seq in self._unsynced
            else one
            for one in self._records
        ]
        self._unsynced.clear()

    def copied(self) -> "CardJournal":
        """Return the card as it is now."""
        other = copy(self)
        other.__dict__.update(
            _records=list(self._records),
            _answers=dict(self._answers),
            _unsynced=set(self._unsynced),
            let_go=[],
        )
        return other

    def event_ids(self) -> set[UUID]:
        """Return the events that are on the card."""
        return {record.draft.event_id for record in self._records}


class CardReplica(FakeReplica):
    """The replica: one transaction for position and content; a power cut may take the newest."""

    def __init__(self) -> None:
        super().__init__()
        self._applied = 0
        self._synced: Content = ((0, 0), {})
        self.torn: Members | None = None  # members without what only a planted bug leaves behind

    def apply_changes(
        self,
        *,
        feed_epoch: int,
        pos: int,
        changes: Sequence[Change],
        unread: Callable[[FaultCode], None] = unheard,
    ) -> tuple[UUID, ...]:
        """Apply; now and then the file is synced."""
        changed = super().apply_changes(
            feed_epoch=feed_epoch, pos=pos, changes=changes, unread=unread
        )
        self._written()
        return changed

    def finish_load(self, *, feed_epoch: int, base: int) -> None:
        """Put a snapshot in force: one transaction, like any other."""
        super().finish_load(feed_epoch=feed_epoch, base=base)
        self._written()

    def _written(self) -> None:
        self._applied += 1
        if self._applied % SYNC_EVERY == 0:
            self._synced = (self._position, dict(self._members))

    def killed(self) -> None:
        """Keep what a killed program leaves: all of it, position and content."""
        if self.torn is not None:
            self._members, self.torn = self.torn, None

    def power_cut(self) -> None:
        """Go back to what was synced last."""
        self._position, members = self._synced
        self._members = dict(members)
        self._loading = None

    def copied(self) -> "CardReplica":
        """Return the file as it is now."""
        other = copy(self)
        other.__dict__.update(_members=dict(self._members))
        return other

    def members(self) -> Members:
        """Return what is held of whom, with versions."""
        return dict(self._members)
