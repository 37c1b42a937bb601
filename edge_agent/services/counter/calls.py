"""What a campaign asks a clerk to say: done, not reached or refused, on disk, then answered.

What was said here is over on this box at once, also with the line cut; other shops hear of it from
the cloud.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.journal import Draft, Journal, Record
from edge_agent.ports.replica import Replica
from edge_agent.services.journal.recorder import AnswerOf, Recorder
from edge_agent.services.journal.waiting import waiting_pages
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body, encode_body
from retail_core.wire.growth import CallAnswered
from retail_core.wire.kinds import EventType
from retail_core.wire.member import CallNote


@dataclass(frozen=True, slots=True)
class CallAnswering:
    """Who says what came of which call; `outcome` is one of `CALL_OUTCOMES`."""

    call: UUID
    member: UUID
    outcome: str
    till: UUID | None = None
    operator: UUID | None = None


@dataclass(frozen=True, slots=True)
class CallKept:
    """An answer that is on disk; `seq` is its place in this shop's journal."""

    call: UUID
    member: UUID
    outcome: str
    seq: int
    wall_ms: int


class CallDesk:
    """Takes answers and knows which calls are over here; safe to call from several threads."""

    def __init__(
        self, recorder: Recorder, journal: Journal, replica: Replica, clock: Clock, ids: IdSource
    ) -> None:
        self._recorder = recorder
        self._replica = replica
        self._clock = clock
        self._ids = ids
        self._over: set[bytes] = set()
        self._one_hand = threading.Lock()
        for page in waiting_pages(journal):
            self.recorded(page)

    def recorded(self, records: Sequence[Record]) -> None:
        """Keep the calls that new records end."""
        for record in records:
            if record.draft.type == EventType.CALL_ANSWERED:
                body = decode_body(record.draft.type, record.draft.body)
                if isinstance(body, CallAnswered):
                    self._over.add(body.call)

    def open(self, calls: Sequence[CallNote]) -> tuple[CallNote, ...]:
        """Return the calls that nobody has answered here."""
        return tuple(one for one in calls if one.call not in self._over)

    def execute(self, asked: CallAnswering, answer: AnswerOf[CallKept]) -> CallKept:
        """Keep an answer (Faults P106, E122)."""
        held = self._replica.member(asked.member)
        if held is None:
            raise Fault(FaultCode.SALE_MEMBER_UNKNOWN)
        with self._one_hand:  # two terminals answer a call once
            if not any(one.call == asked.call.bytes for one in self.open(held.record.calls)):
                raise Fault(FaultCode.CALL_UNKNOWN)
            return self._record(asked, answer)

    def _record(self, asked: CallAnswering, answer: AnswerOf[CallKept]) -> CallKept:
        at = self._clock.now()
        draft = Draft(
            event_id=self._ids.uuid7(),
            type=EventType.CALL_ANSWERED,
            at=at,
            body=encode_body(CallAnswered(asked.call.bytes, asked.outcome)),
            till=asked.till,
            operator=asked.operator,
            member=asked.member,
        )

        def result_at(seq: int) -> CallKept:
            return CallKept(asked.call, asked.member, asked.outcome, seq, at.wall_ms)

        return self._recorder.record([draft], result_at, answer)
