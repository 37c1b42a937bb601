"""What a member agreed to, read from the journal of this shop."""

from uuid import UUID

from edge_agent.ports.journal import Journal
from retail_core.wire.codec import decode_body
from retail_core.wire.messages import ConsentGiven, EventType


class Consents:
    """Finds the record that allows something, or shows that there is none."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def event_for(self, member_id: UUID, kind: str) -> UUID | None:
        """Return the event of the member's latest word on this kind, None unless it was a yes."""
        for record in reversed(self._journal.records(type_=EventType.CONSENT_GIVEN)):
            if record.draft.member != member_id:
                continue
            consent = decode_body(record.draft.type, record.draft.body)
            if isinstance(consent, ConsentGiven) and consent.kind == kind:
                return record.draft.event_id if consent.given else None
        return None
