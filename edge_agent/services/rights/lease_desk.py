"""What this box may spend on its own, kept with the cloud: grants in, returns out, one writer.

Every change of the lease book goes to disk with the journal events that explain it, so a kill
between the two is not possible. A boot asks to be let in by an event of the journal: when the cloud
judges it, it has the whole journal before it, and a card that was set back cannot hide that.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.journal import Beside, Draft, Journal
from edge_agent.ports.lease_book import LeaseBook
from edge_agent.services.journal.recorder import Recorder
from retail_core.errors import Fault
from retail_core.loyalty import lease_box
from retail_core.loyalty.cap_sharing import Word
from retail_core.loyalty.lease_box import BoxLeases, Closing, Draw
from retail_core.loyalty.lease_wire import held_of, return_message, right_of, told_of
from retail_core.loyalty.leases import Right
from retail_core.tally import FaultTally
from retail_core.wire.codec import LeaseChange, decode_lease_change, encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.lease import LeaseEpoch, LeaseGrant, LeaseHello, LeaseRecall
from retail_core.wire.messages import Change
from retail_core.wire.restored import LeaseTold

RESERVED_MAX_MS = 15 * 60 * 1_000

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Reservation:
    """A part of a right held back for one basket until it is sold or let go; in memory only."""

    id: UUID
    right: Right
    amount: int
    until_mono_ms: int


class LeaseDesk:
    """Safe to call from any thread; `board` is a hash of the board's secret, empty for none.

    `next_day` is the first business day that has not begun, None while the clock is unknown.
    `connected` says whether the line to the cloud stands: what is recalled waits for it, for while
    it is cut nobody else could have what is given back, and the member who stands here needs it.
    """

    def __init__(  # noqa: PLR0913 -- what it ties together
        self,
        book: LeaseBook,
        journal: Journal,
        recorder: Recorder,
        clock: Clock,
        ids: IdSource,
        tally: FaultTally,
        *,
        board: bytes,
        connected: Callable[[], bool] = lambda: True,
        next_day: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._book = book
        self._journal = journal
        self._recorder = recorder
        self._clock = clock
        self._ids = ids
        self._tally = tally
        self._board = board
        self._connected = connected
        self._next_day = next_day
        self._lock = threading.RLock()
        self._state = book.load()
        self._reserved: dict[UUID, Reservation] = {}
        self._recalled: set[Right] = set()
        self._granted: Callable[[], None] = _nobody
        self._asked_seq = 0

    def listen(self, granted: Callable[[], None]) -> None:
        """Call `granted` when the feed has brought leases."""
        self._granted = granted

    # ---- at the till ----------------------------------------------------------------------------

    def admitted(self) -> bool:
        """Return whether the cloud let in this boot: without that nothing is spent."""
        with self._lock:
            return lease_box.admitted(self._state, self._clock.now())

    def shares_caps(self, day: int) -> bool:
        """Return whether of the store's caps of a day only what was lent may be used here."""
        with self._lock:
            return self._state.caps.shares(day)

    def spendable(self, right: Right) -> int:
        """Return what can be spent here now, less what other baskets hold back."""
        with self._lock:
            return self._spendable(right)

    def reserve(self, right: Right, amount: int) -> Reservation:
        """Hold back a part of a right for a basket; Fault LEASE_WAITS or LEASE_SHORT."""
        with self._lock:
            now = self._clock.now()
            held_back = self._held_back(right)
            lease_box.draw(self._state, right, amount + held_back, now)
            until = now.mono_ms + RESERVED_MAX_MS
            made = Reservation(self._ids.uuid7(), right, amount, until)
            self._reserved[made.id] = made
            return made

    def void(self, reservation: UUID) -> None:
        """Let a reservation go; one that is gone already is passed over."""
        with self._lock:
            self._reserved.pop(reservation, None)
            self._catch_up_or_later()

    def exchange(
        self,
        old: Sequence[UUID],
        wanted: Sequence[tuple[Right, int]],
        keep: Collection[Right] = (),
    ) -> tuple[Reservation, ...]:
        """Let a basket's reservations go, but for those of `keep`, and make others in one step.

        Raises Faults as `reserve`; then the old ones stay.
        """
        with self._lock:
            before = dict(self._reserved)
            for one in old:
                held = self._reserved.get(one)
                if held is not None and held.right not in keep:
                    del self._reserved[one]
            try:
                made = tuple(self.reserve(right, amount) for right, amount in wanted)
            except Fault:
                self._reserved = before
                raise
            self._catch_up_or_later()
            return made

    def still_held(self, reservations: Sequence[UUID]) -> tuple[UUID, ...]:
        """Return those of the reservations that still hold something back."""
        with self._lock:
            now_ms = self._clock.now().mono_ms
            found = (self._reserved.get(one) for one in reservations)
            return tuple(one.id for one in found if one and now_ms < one.until_mono_ms)

    def held_back_by(self, reservations: Sequence[UUID], right: Right) -> int:
        """Return how much of a right these reservations still hold back."""
        with self._lock:
            self._held_back(right)
            held = (self._reserved.get(one) for one in reservations)
            return sum(one.amount for one in held if one is not None and one.right == right)

    def commit(
        self,
        reservations: Sequence[UUID],
        record: Callable[[tuple[Draw, ...], Beside], Result],
    ) -> Result:
        """Spend reservations: `record` journals the sale of these draws with the book's change.

        Raises Fault LEASE_SHORT or LEASE_WAITS when a lease ended meanwhile; then, and when
        `record` raises, nothing is spent and the reservations stay.
        """
        with self._lock:
            after, drawn, now = self._state, list[Draw](), self._clock.now()
            for asked in reservations:
                held = self._reserved.get(asked)
                if held is None:
                    continue
                draws = lease_box.draw(after, held.right, held.amount, now)
                after = lease_box.spend(after, draws, now)
                drawn += draws
            result = record(tuple(drawn), self._book.change(self._state, after))
            self._state = after
            for asked in reservations:
                self._reserved.pop(asked, None)
            self._catch_up_or_later()
            return result

    def epoch(self) -> int:
        """Return the lease epoch this box is in, 0 before the first."""
        with self._lock:
            return self._state.epoch

    def told(self) -> tuple[LeaseTold, ...]:
        """Return every lease that is known here, also those given back."""
        with self._lock:
            held = sorted(self._state.leases.values(), key=lambda one: one.key)
        return tuple(told_of(one) for one in held)

    # ---- with the cloud -------------------------------------------------------------------------

    def greet(self) -> None:
        """Ask to be let in, unless this boot is, or its question is still on its way."""
        with self._lock:
            asked = self._journal.lowest_unacked() <= self._asked_seq
            if not self.admitted() and not asked:
                self._asked_seq = self._journalled(self._state, (), self._hello(self._state))

    def forked(self) -> None:
        """Begin a new journal epoch: the cloud has other records under our sequences.

        Nothing that it has not acknowledged is lost, it is sent again under the new epoch.
        """
        with self._lock:
            after = lease_box.shut_out(self._state)
            self._journal.begin_epoch(beside=self._book.change(self._state, after))
            self._state, self._asked_seq = after, 0
            self.greet()

    def apply(self, changes: Sequence[Change]) -> None:
        """Take what the feed says of leases, before its read position moves on."""
        granted = False
        for change in changes:
            try:
                said = decode_lease_change(change.kind, change.body)
                if said is not None and said.device == self._state.device.bytes:
                    with self._lock:
                        self._told(said)
                    granted = granted or isinstance(said, LeaseGrant)
            except Fault as fault:
                if fault.spec.category == "storage":
                    raise
                self._tally.count(fault.code)
        if granted:
            self._granted()

    def take(self, grants: Sequence[LeaseGrant]) -> None:
        """Take leases that came as an answer; the feed says them again, which changes nothing."""
        for grant in grants:
            if grant.device == self._state.device.bytes:
                with self._lock:
                    self._told(grant)

    def tend(self) -> None:
        """Give back timed leases that are over; forget reservations nobody came back for."""
        with self._lock:
            self._catch_up()
            over = lease_box.expired(self._state, self._clock.now())
            if over:
                self._give_back(self._state, over)

    def _told(self, said: LeaseChange) -> None:
        match said:
            case LeaseEpoch():
                after, closings = lease_box.welcomed(
                    self._state,
                    said.epoch,
                    UUID(bytes=said.boot),
                    self._clock.now(),
                    frozen=said.frozen,
                )
                if after is not self._state:
                    self._give_back(after, closings)
                if said.caps_word:
                    self._caps_told(said)
            case LeaseGrant():
                after = lease_box.granted(self._state, held_of(said))
                if after is not self._state:
                    self._journalled(after, ())
            case LeaseRecall():
                self._recalled.add(right_of(said.kind, said.right))
                self._catch_up()

    def _caps_told(self, said: LeaseEpoch) -> None:
        """Take a word on the store's caps, and say what holds here in the same write."""
        word = Word(said.caps_word, said.share_from, said.alone_from)
        own = said.boot == self._clock.now().boot_id.bytes and not said.frozen
        after = lease_box.caps_told(self._state, word, self._next_day(), own=own)
        if after is not self._state or after.caps.word >= word.number:
            self._journalled(after, (), self._hello(after))

    def _hello(self, state: BoxLeases) -> LeaseHello:
        return LeaseHello(self._board, state.caps.word, state.caps.shares_from)

    # ---- inside ---------------------------------------------------------------------------------

    def _spendable(self, right: Right) -> int:
        free = lease_box.spendable(self._state, right, self._clock.now())
        return max(0, free - self._held_back(right))

    def _held_back(self, right: Right) -> int:
        now_ms = self._clock.now().mono_ms
        self._reserved = {k: one for k, one in self._reserved.items() if now_ms < one.until_mono_ms}
        return sum(one.amount for one in self._reserved.values() if one.right == right)

    def _catch_up(self) -> None:
        """Give back what was recalled, as soon as no basket holds it back and somebody hears it."""
        if not self._recalled or not self._connected():
            return
        for right in sorted(self._recalled):
            if self._held_back(right):
                continue
            closings = lease_box.closing(self._state, right, self._clock.now())
            if closings:
                self._give_back(self._state, closings)
            self._recalled.discard(right)

    def _catch_up_or_later(self) -> None:
        """Give back what can be: what is done at the till stands, and `tend` tries again."""
        try:
            self._catch_up()
        except Fault as fault:
            self._tally.count(fault.code)

    def _give_back(self, after: BoxLeases, closings: Sequence[Closing]) -> None:
        for one in closings:
            after = lease_box.given_back(after, one.key)
        self._journalled(after, closings)

    def _journalled(
        self, after: BoxLeases, closings: Sequence[Closing], hello: LeaseHello | None = None
    ) -> int:
        drafts = [
            self._draft(EventType.LEASE_RETURNED, encode_body(return_message(one)))
            for one in closings
        ]
        if hello is not None:
            drafts.append(self._draft(EventType.LEASE_HELLO, encode_body(hello)))
        beside = self._book.change(self._state, after)
        seq = self._recorder.record(drafts, lambda seq: seq, beside=beside)
        self._state = after
        return seq

    def _draft(self, type_: EventType, body: bytes) -> Draft:
        return Draft(self._ids.uuid7(), type_, self._clock.now(), body)


def _nobody() -> None:
    """Stand in until somebody listens."""
