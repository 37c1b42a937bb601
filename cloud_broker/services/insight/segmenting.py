"""Segments made, changed, looked at and kept up to date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.domain.segments import Definition, TagIs, read
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.segments import (
    Sampled,
    Segment,
    SegmentBook,
    SegmentEngine,
    SegmentRun,
)
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

SAMPLE: Final = 10
RUNS_SHOWN: Final = 90
NAME_CHARS_MAX: Final = 60
NOTE_CHARS_MAX: Final = 300


@dataclass(frozen=True, slots=True)
class Looked:
    """What a definition comes to now, and a few of those who fit."""

    people: int
    some: tuple[Sampled, ...]


@dataclass(frozen=True, slots=True)
class Looks:
    """A night over every segment: the looks, and what kept others from being looked at."""

    runs: Mapping[UUID, SegmentRun]
    failed: Mapping[UUID, Fault]


@dataclass(frozen=True, slots=True)
class Change:
    """What of a segment is to be other than it is; None leaves it."""

    name: str | None = None
    note: str | None = None
    definition: object = None


@dataclass(frozen=True, slots=True)
class Segmenting:
    """The book keeps, the engine finds."""

    book: SegmentBook
    engine: SegmentEngine
    clock: Clock
    ids: IdSource
    zone: str = "Asia/Shanghai"

    def create(
        self, tenant: UUID, name: str, definition: object, *, who: str, note: str = ""
    ) -> Segment:
        """Make a segment and look who belongs to it; Faults SEGMENT_… as `read` and `add`."""
        now = self.clock.now_ms()
        said = self.read(definition).plain()
        made = Segment(
            *(self.ids.uuid7(), _name(name), _note(note), 1, said),
            *(who, now, who, now),
        )
        self.book.add(tenant, made)
        self._settle(tenant, made)
        return made

    def change(self, tenant: UUID, segment_id: UUID, was: int, new: Change, *, who: str) -> Segment:
        """Write a segment anew in place of version `was` and look who belongs to it.

        Faults API_NOT_FOUND, SEGMENT_ENDED, SEGMENT_STALE, SEGMENT_NAME and those of `read`.
        """
        held = self.standing(tenant, segment_id)
        said = held.definition if new.definition is None else self.read(new.definition).plain()
        made = replace(
            held,
            version=was + 1,
            name=held.name if new.name is None else _name(new.name),
            note=held.note if new.note is None else _note(new.note),
            definition=said,
            changed_by=who,
            changed_ms=self.clock.now_ms(),
        )
        self.book.change(tenant, made, was)
        self._settle(tenant, made)
        return made

    def end(self, tenant: UUID, segment_id: UUID, *, who: str) -> Segment:
        """End a segment: nobody belongs to it any more; Faults API_NOT_FOUND, SEGMENT_ENDED."""
        held = self.standing(tenant, segment_id)
        now = self.clock.now_ms()
        made = replace(held, version=held.version + 1, changed_by=who, changed_ms=now, ended_ms=now)
        self.book.change(tenant, made, held.version)
        self.book.settle(tenant, made, (), self.today(), now)
        return made

    def one(self, tenant: UUID, segment_id: UUID) -> Segment:
        """Return a segment, ended or not; Fault API_NOT_FOUND."""
        found = self.book.segment(tenant, segment_id)
        if found is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="segment")
        return found

    def standing(self, tenant: UUID, segment_id: UUID) -> Segment:
        """Return a segment that was not ended; Faults API_NOT_FOUND, SEGMENT_ENDED."""
        found = self.one(tenant, segment_id)
        if found.ended_ms is not None:
            raise Fault(FaultCode.SEGMENT_ENDED, name=found.name)
        return found

    def people(self, tenant: UUID, segment_id: UUID) -> tuple[UUID, ...]:
        """Return who belonged to a segment when it was looked at last, by id."""
        return self.book.people(tenant, segment_id)

    def look(self, tenant: UUID, definition: object, limit: int = SAMPLE) -> Looked:
        """Say what a definition comes to, with a few people; nothing is written down."""
        wanted, day = self.read(definition), self.today()
        some = self.engine.some(tenant, wanted, day, limit)
        count = self.engine.count(tenant, wanted, day)
        return Looked(count, self.book.sampled(tenant, some, shown_tags(wanted)))

    def recompute(
        self, tenant: UUID, segment_ids: Sequence[UUID] = ()
    ) -> Mapping[UUID, SegmentRun]:
        """Look who belongs to these segments, to all that stand when none is named."""
        wanted = [self.standing(tenant, one) for one in segment_ids] or [
            one for one in self.book.segments(tenant) if one.ended_ms is None
        ]
        return {one.segment_id: self._settle(tenant, one) for one in wanted}

    def nightly(self, tenant: UUID) -> Looks:
        """Look at every segment that stands; one that cannot be read holds up no other."""
        runs: dict[UUID, SegmentRun] = {}
        failed: dict[UUID, Fault] = {}
        for one in self.book.segments(tenant):
            if one.ended_ms is not None:
                continue
            try:
                runs[one.segment_id] = self._settle(tenant, one)
            except Fault as fault:
                failed[one.segment_id] = fault
        return Looks(runs, failed)

    def read(self, definition: object) -> Definition:
        """Read a definition; Faults SEGMENT_SHAPE, SEGMENT_TAG, SEGMENT_SENSITIVE, …_LONG."""
        return read(definition, self.engine.vocabulary())

    def today(self) -> date:
        """Return the day in the chain's zone."""
        now = datetime.fromtimestamp(self.clock.now_ms() / 1000, UTC)
        return now.astimezone(ZoneInfo(self.zone)).date()

    def _settle(self, tenant: UUID, one: Segment) -> SegmentRun:
        day = self.today()
        found = self.engine.people(tenant, self.read(one.definition), day)
        return self.book.settle(tenant, one, found, day, self.clock.now_ms())


def shown_tags(definition: Definition) -> tuple[str, ...]:
    """Return the tags that a definition speaks of, to be shown beside a sample."""
    said = (leaf.tag for leaf in definition.leaves() if isinstance(leaf, TagIs))
    return tuple(dict.fromkeys(said))


def plain(one: Segment, run: SegmentRun | None = None) -> dict[str, Any]:
    """Return a segment for programs."""
    said: dict[str, Any] = {
        "segment_id": str(one.segment_id),
        "name": one.name,
        "note": one.note,
        "version": one.version,
        "definition": dict(one.definition),
        "changed_by": one.changed_by,
        "changed_ms": one.changed_ms,
        "ended": one.ended_ms is not None,
    }
    return said if run is None else said | {**run_said(run), "version": one.version}


def run_said(run: SegmentRun) -> dict[str, Any]:
    """Return a look at a segment for programs."""
    counted = {"people": run.people, "entered": run.entered, "left": run.left}
    moment = {"looked_ms": run.at_ms, "as_of": run.as_of.isoformat()}
    return counted | moment | {"version": run.version}


def looked_said(looked: Looked) -> dict[str, Any]:
    """Return what a definition comes to, for programs; names are masked."""
    sample = [
        {"member": str(one.person), "name": one.name, "tier": one.tier, "store": one.store}
        | {"tags": dict(one.tags)}
        for one in looked.some
    ]
    return {"people": looked.people, "sample": sample}


def _name(raw: str) -> str:
    name = raw.strip()
    if not 0 < len(name) <= NAME_CHARS_MAX or not name.isprintable():
        raise Fault(FaultCode.SEGMENT_SHAPE, at="name", wanted=f"1 … {NAME_CHARS_MAX}")
    return name


def _note(raw: str) -> str:
    note = raw.strip()
    if len(note) > NOTE_CHARS_MAX or "\x00" in note:
        raise Fault(FaultCode.SEGMENT_SHAPE, at="note", wanted=f"0 … {NOTE_CHARS_MAX}")
    return note
