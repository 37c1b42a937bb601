"""What channels brought and cost, and how shops do against an earlier time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol
from uuid import UUID

from retail_core.insight.attribution.walks import Step
from retail_core.insight.returns import Cost

# The cost of the system itself in a store: what is to be paid off.
SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever did something, by nothing that names her, and all she did, oldest first."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class CostRow:
    """A row of a file of costs."""

    row: int
    channel: str
    store: UUID | None
    cost: Cost
    note: str = ""


@dataclass(frozen=True, slots=True)
class CostImport:
    """A file of costs that was taken in."""

    import_id: UUID
    name: str
    rows: int
    fen: int
    made_by: str
    made_ms: int
    undone_ms: int | None = None
    undone_by: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Against which days HQ compares; `margin_permille` None: as goods' costs say."""

    first: date
    last: date
    margin_permille: int | None
    set_by: str = ""
    set_ms: int = 0


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """A store over some days. `counter_ms` is the median of the `timed` sales, None without any.

    `met` are buyers whose 30 days after their first purchase are over, `back` of them came again.
    """

    sales: int = 0
    recognised: int = 0
    net_fen: int = 0
    timed: int = 0
    counter_ms: int | None = None
    met: int = 0
    back: int = 0


@dataclass(frozen=True, slots=True)
class Margin:
    """What was sold at a known cost, and that cost, in fen."""

    net_fen: int = 0
    cost_fen: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """Which days, and whether what is set apart counts."""

    first: date
    last: date
    quarantined: bool = False
    zone: str = field(default="Asia/Shanghai", compare=False)


class RoiShelf(Protocol):
    """Journeys as they were, costs, baselines."""

    def persons(self, tenant: UUID, span: Span) -> Iterator[Person]:
        """Yield who did something in the window before and on some days, one after the other.

        Orders of nobody come as persons of one step that stands for all of a store's or channel's.
        """
        ...

    def stores(self, tenant: UUID, span: Span, until: date) -> Mapping[UUID, StoreFigures]:
        """Return how stores did on some days, as known on the day `until`."""
        ...

    def margins(self, tenant: UUID, span: Span) -> Mapping[UUID, Margin]:
        """Return what stores sold at a known cost."""
        ...

    def store_names(self, tenant: UUID) -> Mapping[UUID, str]:
        """Return the stores."""
        ...

    def costs(self, tenant: UUID, until: date) -> Sequence[CostRow]:
        """Return costs that began by a day; those of imports that were taken back do not count."""
        ...

    def add_costs(self, tenant: UUID, name: str, rows: Sequence[CostRow], who: str) -> CostImport:
        """Take a file's rows in, and enter who did in the audit."""
        ...

    def cost_imports(self, tenant: UUID, limit: int) -> Sequence[CostImport]:
        """Return what was taken in, newest first."""
        ...

    def undo_costs(self, tenant: UUID, import_id: UUID, who: str) -> bool:
        """Take an import back; False: there is none, or it was taken back already."""
        ...

    def baseline(self, tenant: UUID) -> Baseline | None:
        """Return against which days HQ compares."""
        ...

    def set_baseline(self, tenant: UUID, baseline: Baseline, who: str) -> None:
        """Choose other days, and enter who did in the audit."""
        ...
