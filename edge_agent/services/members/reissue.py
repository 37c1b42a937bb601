"""A lost or new phone: a clerk lets another one claim the member's place.

Nothing is revoked here: the old phone speaks until the new one has claimed, else a link that nobody
opens would leave her with no phone at all. The cloud revokes, and every shop that holds her hears.
"""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from edge_agent.domain.enrolment import CLAIM_RANDOM_BYTES, CLAIM_TTL_S, claim_code
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.journal import Draft
from edge_agent.ports.replica import Replica
from edge_agent.services.journal.recorder import AnswerOf, Recorder
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import ClaimIssued

_MS_PER_S = 1000


@dataclass(frozen=True, slots=True)
class PhoneLink:
    """Where her new phone claims; shown once, kept as a hash."""

    member_id: UUID
    name: str
    claim_code: str
    claim_uri: str
    claim_expires_s: int
    seq: int = 0


class ReissuePhone:
    """Issues claims; `claim_base` is where a phone opens one."""

    def __init__(
        self, recorder: Recorder, replica: Replica, clock: Clock, ids: IdSource, claim_base: str
    ) -> None:
        self._recorder = recorder
        self._replica = replica
        self._clock = clock
        self._ids = ids
        self._claim_base = claim_base

    def execute(
        self,
        member_id: UUID,
        *,
        operator: UUID,
        till: UUID | None = None,
        answer: AnswerOf[PhoneLink] | None = None,
    ) -> PhoneLink:
        """Journal a new claim and return its link; Fault SALE_MEMBER_UNKNOWN."""
        held = self._replica.member(member_id)
        if held is None:
            raise Fault(FaultCode.SALE_MEMBER_UNKNOWN, member=member_id)
        at = self._clock.now()
        code = claim_code(self._ids.random_bytes(CLAIM_RANDOM_BYTES))
        body = ClaimIssued(
            claim_hash=sha256(code.encode()).digest(),
            claim_expires_ms=at.wall_ms + CLAIM_TTL_S * _MS_PER_S,
        )
        draft = Draft(
            event_id=self._ids.uuid7(),
            type=EventType.CLAIM_ISSUED,
            at=at,
            body=encode_body(body),
            till=till,
            operator=operator,
            member=member_id,
        )

        def link(seq: int) -> PhoneLink:
            uri = link_of(self._claim_base, code)
            return PhoneLink(member_id, held.record.name, code, uri, CLAIM_TTL_S, seq)

        return self._recorder.record([draft], link, answer)


def link_of(claim_base: str, code: str) -> str:
    """Return the address of a claim; what stands behind `#` is never sent to a server."""
    return f"{claim_base}#c={code}"
