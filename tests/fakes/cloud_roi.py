"""The shelf of returns in memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from cloud_broker.ports.roi import (
    Baseline,
    CostImport,
    CostRow,
    Margin,
    Person,
    Span,
    StoreFigures,
)
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import fresh_id


@dataclass
class FakeRoiShelf:
    """A `RoiShelf` over what it is given."""

    clock: FakeCloudClock = field(default_factory=FakeCloudClock)
    people: list[Person] = field(default_factory=list)
    names: dict[UUID, str] = field(default_factory=dict)
    figures: dict[UUID, StoreFigures] = field(default_factory=dict)
    known: dict[UUID, Margin] = field(default_factory=dict)
    taken: dict[UUID, tuple[CostImport, tuple[CostRow, ...]]] = field(default_factory=dict)
    chosen: Baseline | None = None

    def persons(self, tenant: UUID, span: Span) -> Iterator[Person]:
        yield from self.people

    def stores(self, tenant: UUID, span: Span, until: date) -> Mapping[UUID, StoreFigures]:
        return self.figures

    def margins(self, tenant: UUID, span: Span) -> Mapping[UUID, Margin]:
        return self.known

    def store_names(self, tenant: UUID) -> Mapping[UUID, str]:
        return self.names

    def costs(self, tenant: UUID, until: date) -> Sequence[CostRow]:
        return [
            row
            for made, rows in self.taken.values()
            if made.undone_ms is None
            for row in rows
            if row.cost.first <= until
        ]

    def add_costs(self, tenant: UUID, name: str, rows: Sequence[CostRow], who: str) -> CostImport:
        fen = sum(one.cost.fen for one in rows)
        made = CostImport(fresh_id(), name, len(rows), fen, who, self.clock.now_ms())
        self.taken[made.import_id] = (made, tuple(rows))
        return made

    def cost_imports(self, tenant: UUID, limit: int) -> Sequence[CostImport]:
        return [made for made, _ in reversed(self.taken.values())][:limit]

    def undo_costs(self, tenant: UUID, import_id: UUID, who: str) -> bool:
        made, rows = self.taken.get(import_id, (None, ()))
        if made is None or made.undone_ms is not None:
            return False
        undone = replace(made, undone_ms=self.clock.now_ms(), undone_by=who)
        self.taken[import_id] = (undone, rows)
        return True

    def baseline(self, tenant: UUID) -> Baseline | None:
        return self.chosen

    def set_baseline(self, tenant: UUID, baseline: Baseline, who: str) -> None:
        self.chosen = replace(baseline, set_by=who, set_ms=self.clock.now_ms())
