"""Points earned here, told to the till's own system: each once, or put before a person.

What a customer has is read and kept on disk before each call, and what came of it behind it. After
a kill, or a call nobody answered, it is read again once the other system has settled: only where
nothing moved is it called again.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from edge_agent.domain.point_push import PointPush, PushState, Reading, Verdict, judge
from edge_agent.ports.clock import Clock
from edge_agent.ports.journal import Journal, Record
from edge_agent.ports.point_account import PointAccount
from edge_agent.ports.push_outbox import PushOutbox
from retail_core.errors import Fault
from retail_core.limits import SOFTWARE_PUSHES_MAX
from retail_core.loyalty.postings import EARN
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale
from retail_core.wire.refund import Refund

_CALLS_A_PUSH = 2
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class PushPace:
    """How patiently: see the profile of the till's software."""

    settle_ms: int
    retry_ms: int
    tries: int
    calls_per_minute: int


class PushPoints:
    """Does one thing a turn; only `heard` may be called from other threads."""

    def __init__(  # what it reads and writes, and how patiently
        self,
        outbox: PushOutbox,
        account: PointAccount,
        journal: Journal,
        clock: Clock,
        tally: FaultTally,
        pace: PushPace,
    ) -> None:
        self._outbox = outbox
        self._account = account
        self._journal = journal
        self._clock = clock
        self._tally = tally
        self._pace = pace
        self._lock = threading.Lock()
        self._heard: dict[UUID, str] = {}
        self._not_before: dict[UUID, int] = {}
        self._free_ms = 0
        self._reached = True

    def heard(self, member_id: UUID, phone: str) -> None:
        """Note the number of a member, to find which customer she is; kept in memory only."""
        with self._lock:
            if len(self._heard) < SOFTWARE_PUSHES_MAX:
                self._heard[member_id] = phone

    def state(self) -> str:
        """Return `ok`, or `gone` while the other system cannot be reached."""
        return "ok" if self._reached else "gone"

    def turn(self) -> None:
        """Take what is new, then find a customer or move one push on, within the pace."""
        self._take_new()
        now = self._clock.now().mono_ms
        if now < self._free_ms:
            return
        if not (self._guarded(self._find_one) or self._guarded(self._push_one)):
            return
        self._free_ms = now + _CALLS_A_PUSH * _MINUTE_MS // self._pace.calls_per_minute

    # ---- inside ---------------------------------------------------------------------------------

    def _take_new(self) -> None:
        cursor = self._outbox.cursor()
        if cursor is None:
            # What was earned before this till's software was set up is its own affair.
            self._outbox.take(self._journal.next_seq() - 1, ())
            return
        if self._journal.next_seq() - 1 <= cursor or self._outbox.depth() >= SOFTWARE_PUSHES_MAX:
            return
        records = self._journal.records(since_seq=cursor)
        pushes = [push for record in records if (push := _push_of(record)) is not None]
        self._outbox.take(records[-1].seq if records else cursor, pushes)

    def _guarded(self, act: Callable[[], bool]) -> bool:
        try:
            acted = act()
        except Fault as fault:
            self._tally.count(fault.code)
            self._reached = fault.code is FaultCode.SOFTWARE_REFUSED
            return True
        self._reached = self._reached or acted
        return acted

    def _find_one(self) -> bool:
        with self._lock:
            if not self._heard:
                return False
            member_id, phone = self._heard.popitem()
        if self._outbox.customer(member_id) is None:
            customer = self._account.find(phone)
            if customer is not None:
                self._outbox.link(member_id, customer)
        return True

    def _push_one(self) -> bool:
        now = self._clock.now().mono_ms
        for push, customer in self._outbox.open():
            begun = push.state is PushState.CALLING
            # After a restart nobody knows how long ago the call was: it is given all its time.
            wait_ms = self._pace.settle_ms if begun else 0
            if now >= self._not_before.setdefault(push.push_id, now + wait_ms):
                (self._look_again if begun else self._call)(push, customer)
                return True
        return False

    def _call(self, push: PointPush, customer: str) -> None:
        self._later(push, self._pace.retry_ms)
        begun = push.begun(self._account.read(customer))
        self._outbox.keep(begun)
        # Whatever ends the call, it is not judged before the other system has settled.
        self._later(push, self._pace.settle_ms)
        try:
            self._account.add(customer, push.points, self._clock.now().wall_ms)
        except Fault as fault:
            if fault.code is FaultCode.SOFTWARE_UNREACHABLE:
                self._later(push, self._pace.retry_ms)
                self._outbox.keep(self._failed(begun))
            raise
        self._finished(begun, PushState.DONE)

    def _look_again(self, push: PointPush, customer: str) -> None:
        self._later(push, self._pace.retry_ms)
        self._settle(push, self._account.read(customer))

    def _settle(self, push: PointPush, after: Reading) -> None:
        """Write what the last reading says."""
        match judge(push, after):
            case Verdict.BOOKED:
                self._finished(push, PushState.DONE)
            case Verdict.NOT_BOOKED:
                self._outbox.keep(self._failed(push))
            case Verdict.UNSURE:
                self._finished(push, PushState.UNSURE)
                self._tally.count(FaultCode.SOFTWARE_POINTS_UNSURE)

    def _failed(self, push: PointPush) -> PointPush:
        """Return a push that was not booked: it waits again, until it was tried often enough."""
        if push.tries < self._pace.tries:
            return push.now(PushState.WAITING)
        self._tally.count(FaultCode.SOFTWARE_POINTS_UNSURE)
        self._not_before.pop(push.push_id, None)
        return push.now(PushState.REFUSED)

    def _finished(self, push: PointPush, state: PushState) -> None:
        self._outbox.keep(push.now(state))
        self._not_before.pop(push.push_id, None)

    def _later(self, push: PointPush, after_ms: int) -> None:
        self._not_before[push.push_id] = self._clock.now().mono_ms + after_ms


def _push_of(record: Record) -> PointPush | None:
    """Return the points an event moves for a member, None when it moves none."""
    draft = record.draft
    if draft.member is None or draft.type not in {EventType.SALE, EventType.REFUND}:
        return None
    match decode_body(draft.type, draft.body):
        case Sale() as sale:
            points = sum(one.points for one in sale.postings if one.kind == EARN)
        case Refund() as refund:
            points = -refund.points_taken
        case _:
            points = 0
    return PointPush(draft.event_id, draft.member, points) if points else None
