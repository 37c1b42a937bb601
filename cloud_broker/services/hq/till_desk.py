"""What HQ sees of unchanged tills: scores, their trend, failures, and who overruled what."""

from dataclasses import dataclass
from uuid import UUID

from cloud_broker.ports.tills import TillChange, TillRow
from cloud_broker.ports.unit import Units
from retail_core.wire.tills import TillDay

CHANGES_SHOWN = 50
TREND_DAYS = 14


@dataclass(frozen=True, slots=True)
class TillView:
    """A till with its last days, oldest first, and whether something earned was lost."""

    row: TillRow
    trend: tuple[TillDay, ...]

    @property
    def lost(self) -> bool:
        """Whether a permit was withdrawn."""
        return any(one.standing == "lost" for one in self.row.said.channels)


class TillDesk:
    """Answers HQ; called from the API's threads."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def overview(self, tenant: UUID) -> tuple[tuple[TillView, ...], tuple[TillChange, ...]]:
        """Return every till, those that lost a permit first, and the last changes."""
        with self._units.begin(tenant) as unit:
            rows, changes = unit.tills.tills(), unit.tills.changes(CHANGES_SHOWN)
        views = [TillView(row, row.said.days[-TREND_DAYS:]) for row in rows]
        return tuple(sorted(views, key=lambda one: not one.lost)), changes
