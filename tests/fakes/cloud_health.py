"""Figures and issues of boxes, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.domain.vitals import FINE_DAYS, KEEP_DAYS, SPAN_MS, Span, worse
from cloud_broker.ports.health import BoxIssues, BoxNow, IssueRow

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


@dataclass
class HealthShelf:
    """Spans by box and beginning; issues as they came."""

    spans: dict[tuple[UUID, int], Span] = field(default_factory=dict)
    issues: list[IssueRow] = field(default_factory=list)


class FakeHealthRepo:
    """A `HealthRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.health

    def keep_spans(self, spans: Sequence[Span]) -> None:
        for span in spans:
            key = span.device, span.since_ms
            held = self._shelf.spans.get(key)
            self._shelf.spans[key] = span if held is None else worse(held, span)

    def keep_issues(self, told: Sequence[BoxIssues]) -> None:
        for box in told:
            new = dict(box.issues)
            for at, row in enumerate(self._shelf.issues):
                if row.device != box.device or row.cleared_ms is not None:
                    continue
                fields = new.pop((row.code, row.subject), None)
                self._shelf.issues[at] = (
                    replace(row, cleared_ms=max(box.seen_ms, row.raised_ms))
                    if fields is None
                    else replace(row, fields=fields, store=box.store)
                )
            self._shelf.issues += [
                IssueRow(box.device, box.store, code, subject, fields, box.seen_ms, None)
                for (code, subject), fields in new.items()
            ]

    def boxes(self, store: UUID) -> tuple[BoxNow, ...]:
        found = []
        for device in self._state.devices.values():
            if device.store == store and device.device not in self._state.retired:
                held = self._state.states.get(device.device)
                seen, figures = (None, {}) if held is None else (held.seen_ms, held.figures)
                found.append(BoxNow(device.device, device.slot, seen, figures))
        return tuple(sorted(found, key=lambda box: (box.slot, box.device)))

    def spans(self, device: UUID, since_ms: int) -> tuple[Span, ...]:
        return tuple(
            span
            for (box, since), span in sorted(self._shelf.spans.items())
            if box == device and since >= since_ms
        )

    def issues(self, store: UUID, *, limit: int) -> tuple[IssueRow, ...]:
        rows = [row for row in self._known() if row.store == store]
        rows.sort(key=lambda row: (row.code, row.subject))
        rows.sort(key=lambda row: row.raised_ms, reverse=True)
        rows.sort(key=lambda row: row.cleared_ms or 1 << 62, reverse=True)
        return tuple(rows[:limit])

    def standing(self) -> tuple[IssueRow, ...]:
        rows = [row for row in self._known() if row.cleared_ms is None]
        return tuple(sorted(rows, key=lambda row: (row.device, row.code, row.subject)))

    def _known(self) -> list[IssueRow]:
        return [row for row in self._shelf.issues if row.device not in self._state.retired]

    def tidy(self, now_ms: int) -> int:
        end, fine = now_ms - KEEP_DAYS * _DAY_MS, now_ms - FINE_DAYS * _DAY_MS - SPAN_MS
        before = len(self._shelf.spans) + len(self._shelf.issues)
        spans, self._shelf.spans = self._shelf.spans, {}
        for span in spans.values():
            since = span.since_ms if span.since_ms >= fine else span.since_ms // _HOUR_MS * _HOUR_MS
            if span.since_ms >= end:
                self.keep_spans([replace(span, since_ms=since)])
        self._shelf.issues = [
            row for row in self._shelf.issues if row.cleared_ms is None or row.cleared_ms >= end
        ]
        return before - len(self._shelf.spans) - len(self._shelf.issues)
