"""Reads the store's feed: frames in order, gaps over HTTP, a snapshot where that is too much.

Whoever stands at a till is fetched before everything that waits. Listeners that cannot take a
change are told again: it may be a withdrawal.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from edge_agent.ports.clock import Clock
from edge_agent.ports.cloud_link import CloudDirectory, FetchedMember
from edge_agent.ports.replica import Replica
from edge_agent.services.line.snapshot_intake import SnapshotIntake
from retail_core.errors import Fault
from retail_core.sync.cursor import Verdict, judge
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.messages import Change, ChangeFrame

UNHEARD_MAX = 10_000
PAGES_MAX = 10_000
FIRST_MAX = 64
KNOWN_KINDS = frozenset(ChangeKind)
MEMBER_KINDS = frozenset({ChangeKind.MEMBER, ChangeKind.MEMBER_GONE, ChangeKind.MEMBER_LEFT})


@dataclass(frozen=True, slots=True)
class Applied:
    """A member whose newer record is now held; `committed_ms` is the cloud's clock, 0 unknown."""

    member_id: UUID
    applied_wall_ms: int
    committed_ms: int


AppliedListener = Callable[[Applied], None]
LeaseListener = Callable[[Sequence[Change]], None]


class FeedReader:
    """Used from the downlink's thread; `gap` and `first` from any."""

    def __init__(
        self,
        replica: Replica,
        directory: CloudDirectory,
        clock: Clock,
        tally: FaultTally,
        listeners: Sequence[AppliedListener],
        face_changed: Callable[[], None],
    ) -> None:
        self._replica = replica
        self._directory = directory
        self._clock = clock
        self._tally = tally
        self._face_changed = face_changed
        self.listeners = list(listeners)
        self.swapped: list[Callable[[], None]] = []
        self.leases: LeaseListener | None = None
        self.fleet: Callable[[], None] | None = None
        self.gap = threading.Event()
        self._unheard: list[Callable[[], None]] = []
        self._first: dict[UUID, None] = {}
        self._intake: SnapshotIntake | None = None
        self._whole_wanted = _is_no_whole(replica)
        self._no_whole = False

    def owing(self) -> bool:
        """Return whether something is to be tried again."""
        return self.gap.is_set() or bool(self._unheard) or bool(self._first)

    def loading(self) -> bool:
        """Return whether a snapshot is on its way."""
        return self._intake is not None

    def first(self, member_id: UUID) -> None:
        """Fetch a member before everything that waits; more than a few are not hurried."""
        if len(self._first) < FIRST_MAX:
            self._first[member_id] = None

    def want_whole(self) -> None:
        """Fetch all members as a snapshot."""
        self._whole_wanted = True
        self.gap.set()

    def begin_whole(self) -> None:
        """Owe all members where the feed alone may be no whole, as in a box that is new."""
        if self._whole_wanted:
            self.gap.set()

    def settle(self) -> bool:
        """Do what is owed; True when a part of a snapshot was fetched and more is to come."""
        if self._unheard:
            self._tell_unheard()
        self._serve_first()
        return self.gap.is_set() and self._fill_gap()

    def take(self, frame: ChangeFrame) -> None:
        """Apply a frame that follows on what is held; else note the gap."""
        held_epoch, held_pos = self._replica.feed_position()
        match judge(frame.feed_epoch, frame.prev_pos, frame.pos, held_epoch, held_pos):
            case Verdict.APPLY:
                self._apply(frame)
            case Verdict.DUPLICATE:
                return
            case Verdict.GAP | Verdict.NEW_EPOCH:
                self._tally.count(FaultCode.SYNC_GAP)
                self._whole_wanted |= frame.feed_epoch > held_epoch > 0
                self.gap.set()
                if self._intake is not None:
                    self._apply(self._without_order(frame, held_epoch, held_pos))

    def _without_order(self, frame: ChangeFrame, epoch: int, pos: int) -> ChangeFrame:
        """Return a frame's members at the position held: a till need not wait for a snapshot."""
        members = tuple(one for one in frame.changes if one.kind in MEMBER_KINDS)
        return ChangeFrame(frame.v, epoch, pos, pos, members, frame.committed_ms)

    def _fill_gap(self) -> bool:
        """Do the next bit of a snapshot, or read the feed over HTTP until it ends."""
        if self._whole_wanted and self._fetch_whole():
            return True
        epoch, pos = self._replica.feed_position()
        for _page in range(PAGES_MAX):
            try:
                frame = self._directory.changes_since(pos)
            except Fault as fault:
                self._whole_wanted = fault.code == FaultCode.SYNC_REFETCH
                raise
            if epoch not in {0, frame.feed_epoch}:
                if not self._no_whole:
                    # Records of a time that the restored cloud does not know may be newer than
                    # its own by their versions: only a whole takes them away.
                    self._whole_wanted = True
                    return True
                # Where there is no snapshot, a new epoch is read from its beginning.
                epoch, pos = frame.feed_epoch, 0
                continue
            if frame.pos <= pos:
                break
            self._apply(frame)
            epoch, pos = frame.feed_epoch, frame.pos
            self._serve_first()
        self._no_whole = False
        self.gap.clear()
        return False

    def _fetch_whole(self) -> bool:
        """Do the next bit of a snapshot; False when there is none, or when it is in force."""
        if self._intake is None:
            self._intake = SnapshotIntake(self._replica, self._directory, self._heed)
        try:
            if self._intake.step():
                return True
        except Fault as fault:
            if fault.code != FaultCode.API_NOT_FOUND:
                raise
            self._replica.drop_load()
            self._no_whole = True
        else:
            self._unheard += self.swapped
            self._tell_unheard()
        self._intake, self._whole_wanted = None, False
        return False

    def _serve_first(self) -> None:
        """Fetch whoever stands at a till now, whatever else waits; older than held is passed."""
        while self._first:
            member_id = next(iter(self._first))
            found = self._hurried(member_id)
            self._first.pop(member_id, None)
            if found is not None and self._replica.put_member(
                found.member_id, found.ver, found.record
            ):
                self._note_applied([found.member_id], 0)
        self._tell_unheard()

    def _hurried(self, member_id: UUID) -> FetchedMember | None:
        """Ask for one member; an answer that nobody can read is counted, and holds up no other."""
        try:
            return self._directory.fetch_member("member", member_id.bytes)
        except Fault as fault:
            if fault.spec.retryable:
                raise
            self._tally.count(fault.code)
            return None

    def _apply(self, frame: ChangeFrame) -> None:
        good = [change for change in frame.changes if self._known(change)]
        self._heed(good)
        changed = self._replica.apply_changes(
            feed_epoch=frame.feed_epoch, pos=frame.pos, changes=good, unread=self._tally.count
        )
        self._note_applied(changed, frame.committed_ms)
        self._tell_unheard()

    def _heed(self, changes: Sequence[Change]) -> None:
        """Hand on what is no member's record; on disk before the read position moves past it."""
        if self.leases is not None:
            self.leases(changes)
        if any(change.kind == ChangeKind.FACE_ENABLEMENT for change in changes):
            self._face_changed()
        if self.fleet and any(change.kind == ChangeKind.FLEET for change in changes):
            self.fleet()

    def _note_applied(self, members: Sequence[UUID], committed_ms: int) -> None:
        """Owe the listeners word of members who changed at the same moment."""
        if not (members and self.listeners):
            return
        now_ms = self._clock.now().wall_ms
        for member_id in members:
            applied = Applied(member_id, now_ms, committed_ms)
            self._unheard += [partial(listener, applied) for listener in self.listeners]

    def healed(self, members: Sequence[UUID]) -> None:
        """Tell of members who were fetched again because they differed."""
        self._note_applied(members, 0)
        self._tell_unheard()

    def _tell_unheard(self) -> None:
        """Tell the listeners; who could not take it is told again: it may be a withdrawal."""
        again: list[Callable[[], None]] = []
        try:
            while self._unheard:
                tell = self._unheard.pop(0)
                try:
                    tell()
                except Fault as fault:
                    self._tally.count(fault.code)
                    again.append(tell)
        finally:
            self._unheard += again[-UNHEARD_MAX:]

    def _known(self, change: Change) -> bool:
        """One change of a newer cloud must not stop the feed for ever: counted, passed over."""
        if change.kind not in KNOWN_KINDS:
            self._tally.count(FaultCode.SYNC_CHANGE_UNKNOWN)
            return False
        return True


def _is_no_whole(replica: Replica) -> bool:
    """Return whether the feed alone may be no whole: nothing is held, or a load was cut off."""
    try:
        return replica.load_begun() or replica.feed_position() == (0, 0)
    except Fault:
        return False  # a file that cannot be read must not keep the shop from opening
