"""Between a draft (what happened here) and the event on the wire."""

from functools import lru_cache
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
        _again(event.boot_id),
        TimeQuality(event.time_quality),
    )
    return Draft(
        event_id=UUID(bytes=event.event_id),
        type=event.type,
        at=at,
        body=bytes(event.body),
        till=None if event.till is None else _again(event.till),
        operator=None if event.operator is None else _again(event.operator),
        member=None if event.member is None else UUID(bytes=event.member),
    )


@lru_cache(maxsize=64)
def _again(raw: bytes) -> UUID:
    """Return an id that a night's backlog names in each of its events: made once."""
    return UUID(bytes=raw)
