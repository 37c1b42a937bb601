"""Between a draft (what happened here) and the event on the wire."""

from uuid import UUID

from edge_agent.ports.journal import Draft
from retail_core.clock import Instant, TimeQuality
from retail_core.wire.codec import Actors, draft_event
from retail_core.wire.messages import Event


def event_of(draft: Draft) -> Event:
    """Return the wire event of a draft: the same bytes whenever it is asked."""
    by = Actors(draft.till, draft.operator, draft.member)
    return draft_event(draft.event_id, draft.type, draft.at, draft.body, by)


def draft_of(event: Event) -> Draft:
    """Return the draft an event was made of."""
    at = Instant(
        event.wall_ms,
        event.mono_ms,
        UUID(bytes=event.boot_id),
        TimeQuality(event.time_quality),
    )
    return Draft(
        event_id=UUID(bytes=event.event_id),
        type=event.type,
        at=at,
        body=bytes(event.body),
        till=_unpacked(event.till),
        operator=_unpacked(event.operator),
        member=_unpacked(event.member),
    )


def _unpacked(raw: bytes | None) -> UUID | None:
    return None if raw is None else UUID(bytes=raw)
