"""What heartbeats say of boxes' health, so that most of them cost no statement.

The worst figures of ten minutes are gathered in memory and written when they begin and when they
end; issues are written when they differ from what was written last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cloud_broker.domain.vitals import Span, span_at, worse
from cloud_broker.ports.health import BoxIssues
from cloud_broker.ports.unit import Unit
from retail_core.wire.messages import Presence


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A presence of a box that stands in a store; `retained` ones say nothing of this moment."""

    device: UUID
    store: UUID
    presence: Presence
    received_ms: int
    retained: bool

    def issues(self) -> BoxIssues:
        """Return what stands at the box; one that says an issue twice is heard once."""
        told = {(one.code, one.subject): one.fields for one in self.presence.issues}
        return BoxIssues(self.device, self.store, self.received_ms, told)


@dataclass(slots=True)
class HealthBook:
    """What is known of each box and what is still to be written; for one thread."""

    _open: dict[UUID, Span] = field(default_factory=dict)
    _due: dict[tuple[UUID, int], Span] = field(default_factory=dict)
    _known: dict[UUID, BoxIssues] = field(default_factory=dict)

    def write(self, unit: Unit, beats: Sequence[Heartbeat]) -> None:
        """Write what these heartbeats change; a box that says no figures says nothing here."""
        for beat in beats:
            if beat.presence.vitals is not None and not beat.retained:
                self._gather(span_at(beat.device, beat.presence.vitals, beat.received_ms))
        unit.health.keep_issues([told for told in _told(beats) if self._is_news(told)])
        unit.health.keep_spans([*self._due.values()])

    def written(self, beats: Sequence[Heartbeat]) -> None:
        """Remember what is durable now."""
        self._due.clear()
        self._known |= {told.device: told for told in _told(beats)}

    def _gather(self, span: Span) -> None:
        held = self._open.get(span.device)
        if held is not None and held.since_ms == span.since_ms:
            self._open[span.device] = worse(held, span)
            return
        if held is not None:
            self._due[held.device, held.since_ms] = held
        self._due[span.device, span.since_ms] = self._open[span.device] = span

    def _is_news(self, told: BoxIssues) -> bool:
        known = self._known.get(told.device)
        return known is None or (known.store, known.issues) != (told.store, told.issues)


def _told(beats: Sequence[Heartbeat]) -> list[BoxIssues]:
    return [beat.issues() for beat in beats if beat.presence.vitals is not None]
