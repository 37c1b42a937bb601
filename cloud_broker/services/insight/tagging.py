"""Every tag of every member, worked out for a day and written down."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.domain.lunar import lunar_year
from cloud_broker.domain.metrics import catalogue
from cloud_broker.domain.metrics.entry import Tag
from cloud_broker.domain.metrics.facts import Asked
from cloud_broker.ports.analytics import AnalyticEngine
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.tags import Tagged, TagRun, TagShelf, TagWord
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

BATCH = 2_000
# Shopping for the festival begins three weeks before new year's day and ends a week after.
_BEFORE, _AFTER = timedelta(days=21), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Tagging:
    """Reads by an engine, writes to the shelf; `tell` lets shops know of members."""

    shelf: TagShelf
    clock: Clock
    tell: Callable[[UUID, Sequence[UUID]], None]
    zone: str = "Asia/Shanghai"

    def run(self, tenant: UUID, engine: AnalyticEngine, as_of: date | None = None) -> "Ran":
        """Work every tag of every member out for a day, today's by default; Faults E191, E192."""
        now_ms = self.clock.now_ms()
        today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(self.zone)).date()
        day = today if as_of is None else as_of
        if day > today:
            raise Fault(FaultCode.METRICS_DAY, day=day.isoformat(), latest=today.isoformat())
        asked = Asked(day, self.shelf.lines(tenant), spring_festivals(day))
        version = catalogue.version(asked.lines)
        self.shelf.save_catalogue(tenant, version, tuple(map(word_of, catalogue.TAGS)))
        members = changed = 0
        for batch in _batches(engine.tagged(asked)):
            members += len(batch)
            saved = self.shelf.save_tags(tenant, version, day, batch)
            changed += saved.changed
            self.tell(tenant, saved.told)
        run = TagRun(version, day, members, self.clock.now_ms())
        dropped = self.shelf.end_run(tenant, run)
        return Ran(version, day.isoformat(), len(catalogue.TAGS), members, changed, dropped)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to: of `changed` members something is other than it was."""

    catalogue: str
    as_of: str
    tags: int
    members: int
    changed: int
    dropped: int


def spring_festivals(day: date) -> tuple[tuple[date, date], ...]:
    """Return the times around the new years of the last two years up to a day."""
    years = (day.year - 2, day.year - 1, day.year)
    days = [next(one.first for one in lunar_year(year) if one.month == 1) for year in years]
    return tuple((first - _BEFORE, first + _AFTER) for first in days if first - _BEFORE <= day)


def word_of(tag: Tag) -> TagWord:
    """Return what a tag is called, to be kept with the rows that it stands in."""
    values = {name: (said.zh, str(said)) for name, said in tag.words.items()}
    return TagWord(
        tag.key, tag.dimension, tag.unit.value, tag.name.zh, str(tag.name), tag.masked, values
    )


def _batches(rows: Iterator[Tagged]) -> Iterator[list[Tagged]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
