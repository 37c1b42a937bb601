"""How far tills agree, in memory."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.ports.tills import TillChange, TillRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloud_broker.domain.ingest_effects import TillNews
    from tests.fakes.cloud_state import State


@dataclass
class TillShelf:
    """The newest of each till, and every change of a permit."""

    newest: "dict[UUID, TillNews]" = field(default_factory=dict)
    changes: "dict[UUID, TillNews]" = field(default_factory=dict)


class FakeTillRepo:
    """A `TillRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.tills_told

    def note(self, news: "Sequence[TillNews]") -> None:
        for one in news:
            held = self._shelf.newest.get(one.till)
            if held is None or _follows(one, held):
                self._shelf.newest[one.till] = one
            if one.body.why != "count":
                self._shelf.changes.setdefault(one.arrival.event_id, one)

    def tills(self) -> tuple[TillRow, ...]:
        rows = [
            TillRow(
                one.till, "", one.arrival.place.store, self._store(one),
                one.arrival.happened_ms, one.body,
            )
            for one in self._shelf.newest.values()
        ]  # fmt: skip
        return tuple(sorted(rows, key=lambda row: (row.store_name, row.till_name, row.till)))

    def changes(self, limit: int) -> tuple[TillChange, ...]:
        rows = [
            TillChange(
                one.till, "", self._store(one), one.arrival.happened_ms, self._by(one), one.body
            )
            for one in self._shelf.changes.values()
        ]
        return tuple(sorted(rows, key=lambda row: -row.happened_ms)[:limit])

    def _store(self, one: "TillNews") -> str:
        return self._state.stores[one.arrival.place.store].name

    def _by(self, one: "TillNews") -> str:
        raw = one.arrival.event.operator
        operator = None if raw is None else UUID(bytes=raw)
        known = None if operator is None else self._state.operators.get(operator)
        return known.name if known else str(operator or "")


def _follows(one: "TillNews", held: "TillNews") -> bool:
    here, there = one.arrival, held.arrival
    same = (here.place.device, here.epoch) == (there.place.device, there.epoch)
    return not same or here.seq > there.seq
