"""Segments in memory, and a reader of definitions in plain Python: an oracle, not a copy."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from cloud_broker.domain.metrics.catalogue import BY_KEY, TAGS
from cloud_broker.domain.metrics.entry import Basis, Unit
from cloud_broker.domain.metrics.segments import vocabulary
from cloud_broker.domain.metrics.thresholds import Thresholds
from cloud_broker.domain.segments import (
    BOUGHT,
    RETURNED,
    Definition,
    Group,
    Happened,
    Node,
    Not,
    TagIs,
    Vocabulary,
)
from cloud_broker.ports.segments import Moved, Place, Sampled, Segment, SegmentRun
from cloud_broker.ports.tags import TagWord
from cloud_broker.services.insight.segmenting import Segmenting
from cloud_broker.services.insight.tagging import word_of
from retail_core.errors import Fault
from retail_core.identity.naming import mask_name
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource

Row = Mapping[str, Any]
NUMBERS: Mapping[str, Callable[[int, int], bool]] = {
    ">=": lambda one, other: one >= other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    "<": lambda one, other: one < other,
    "=": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
}


@dataclass
class FakeSegmentEngine:
    """A `SegmentEngine` over rows."""

    tables: Mapping[str, Sequence[Row]]

    def vocabulary(self) -> Vocabulary:
        return vocabulary()

    def words(self) -> tuple[TagWord, ...]:
        return tuple(map(word_of, TAGS))

    def people(self, tenant: UUID, definition: Definition, as_of: date) -> Iterator[UUID]:
        for member in sorted(self.tables["members"], key=lambda one: str(one["person_id"])):
            home = self._region_of(member["home_store_id"])
            stores = {str(one) for one in definition.stores}
            regions = {str(one) for one in definition.regions}
            inside = member["home_store_id"] in stores or home in regions
            if (inside or not (stores | regions)) and self._holds(definition.who, member, as_of):
                yield member["person_id"]

    def count(self, tenant: UUID, definition: Definition, as_of: date) -> int:
        return len(list(self.people(tenant, definition, as_of)))

    def some(
        self, tenant: UUID, definition: Definition, as_of: date, limit: int
    ) -> tuple[UUID, ...]:
        found = sorted(self.people(tenant, definition, as_of), key=lambda one: str(one)[-12:])
        return tuple(found[:limit])

    def _holds(self, node: Node, member: Row, day: date) -> bool:
        """What nobody may know neither holds nor does not."""
        return self._truth(node, member, day) is True

    def _truth(self, node: Node, member: Row, day: date) -> bool | None:
        if isinstance(node, Not):
            inner = self._truth(node.part, member, day)
            return None if inner is None else not inner
        if isinstance(node, Group):
            parts = [self._truth(part, member, day) for part in node.parts]
            decides = node.word == "any"
            if decides in parts:
                return decides
            return None if None in parts else not decides
        if isinstance(node, TagIs):
            if BY_KEY[node.tag].basis is Basis.INFERRED and not _may(member, day):
                return None
            return self._tag_is(node, member)
        return self._happened(node, member, day) if _may(member, day) else None

    def _tag_is(self, leaf: TagIs, member: Row) -> bool:
        tags: Mapping[str, Any] = next(
            (
                one["tags"]
                for one in self.tables["tagged"]
                if one["person_id"] == member["person_id"]
            ),
            {},
        )
        held, unit = tags.get(leaf.tag), BY_KEY[leaf.tag].unit
        if unit is Unit.FLAG:
            return bool(held) == (leaf.compare == "yes")
        if unit in {Unit.WORD, Unit.NAME}:
            assert isinstance(leaf.value, tuple)
            return held is not None and (held in leaf.value) == (leaf.compare == "in")
        if held is None and unit not in {Unit.COUNT, Unit.FEN}:
            return False
        assert isinstance(leaf.value, int)
        return NUMBERS[leaf.compare](held or 0, leaf.value)

    def _happened(self, leaf: Happened, member: Row, day: date) -> bool:
        rows = [
            row
            for row in self._rows(leaf)
            if row["person_id"] == member["person_id"]
            and day - timedelta(days=leaf.days) < row["business_date"] <= day
            and all(self._chosen(row, name, values) for name, values in leaf.where)
        ]
        key = "event_id" if leaf.event not in {BOUGHT, RETURNED} else "order_id"
        found = len({row[key] for row in rows})
        if leaf.of == "fen":
            found = sum(self._worth(leaf, row) for row in rows)
        return NUMBERS[leaf.compare](found, leaf.value)

    def _rows(self, leaf: Happened) -> list[Row]:
        if leaf.event == BOUGHT and {"sku", "category"} & set(dict(leaf.where)):
            return [row for row in self.tables["order_lines"] if row["counts"]]
        orders = [row for row in self.tables["orders"] if not row["quarantined"]]
        if leaf.event == BOUGHT:
            return [row for row in orders if row["status"] in {"paid", "part_refunded"}]
        if leaf.event == RETURNED:
            return [row for row in orders if row["refunded_fen"] > 0]
        return [
            row
            for row in self.tables["events"]
            if row["name"] == leaf.event and not row["quarantined"]
        ]

    def _worth(self, leaf: Happened, row: Row) -> int:
        if leaf.event == RETURNED:
            return int(row["refunded_fen"])
        return int(row["net_fen"]) - int(row.get("refunded_fen", 0))

    def _chosen(self, row: Row, name: str, values: Sequence[str]) -> bool:
        if name == "region":
            return self._region_of(row["store_id"]) in values
        return row["store_id" if name == "store" else name] in values

    def _region_of(self, store: object) -> object:
        regions = {one["store_id"]: one["region_id"] for one in self.tables["stores"]}
        return regions.get(store)


def _may(member: Row, day: date) -> bool:
    minor = (member["birth_year_declared"] or 0) > day.year - 18
    return bool(member["personalise"] and (not minor or member["sensitive_consent"]))


@dataclass
class FakeSegmentBook:
    """A `SegmentBook`; `known` are members by id: name, tier, store, tags."""

    known: dict[UUID, tuple[str, str, str, dict[str, Any]]] = field(default_factory=dict)
    held: dict[UUID, list[Segment]] = field(default_factory=dict)
    inside: dict[UUID, set[UUID]] = field(default_factory=dict)
    done: dict[UUID, list[SegmentRun]] = field(default_factory=dict)
    log: list[tuple[UUID, Moved]] = field(default_factory=list)

    def add(self, tenant: UUID, segment: Segment) -> None:
        self._check_name(segment)
        self.held[segment.segment_id] = [segment]

    def change(self, tenant: UUID, segment: Segment, was: int) -> None:
        versions = self.held[segment.segment_id]
        if versions[-1].version != was or versions[-1].ended_ms is not None:
            raise Fault(FaultCode.SEGMENT_STALE, version=was)
        self._check_name(segment)
        versions.append(segment)

    def segments(self, tenant: UUID) -> tuple[Segment, ...]:
        return tuple(sorted((one[-1] for one in self.held.values()), key=lambda one: one.name))

    def segment(self, tenant: UUID, segment_id: UUID) -> Segment | None:
        versions = self.held.get(segment_id)
        return versions[-1] if versions else None

    def versions(self, tenant: UUID, segment_id: UUID) -> tuple[Segment, ...]:
        found = self.held.get(segment_id, [])
        return tuple(replace(one, ended_ms=found[-1].ended_ms) for one in reversed(found))

    def settle(
        self, tenant: UUID, segment: Segment, people: Iterable[UUID], as_of: date, now_ms: int
    ) -> SegmentRun:
        one = segment.segment_id
        if one not in self.held or self.held[one][-1].version != segment.version:
            raise Fault(FaultCode.SEGMENT_STALE, version=segment.version)
        before, after = self.inside.get(one, set()), set(people)
        moves = [(who, False) for who in before - after] + [(who, True) for who in after - before]
        self.log += [(one, Moved(who, entered, now_ms)) for who, entered in moves]
        self.inside[one] = after
        run = SegmentRun(
            *(now_ms, segment.version, as_of, len(after), len(after - before)),
            len(before - after),
        )
        self.done.setdefault(one, []).append(run)
        return run

    def people(self, tenant: UUID, segment_id: UUID) -> tuple[UUID, ...]:
        return tuple(sorted(self.inside.get(segment_id, ()), key=str))

    def moved(self, tenant: UUID, segment_id: UUID, after_ms: int, limit: int) -> tuple[Moved, ...]:
        found = [move for one, move in self.log if one == segment_id and move.at_ms > after_ms]
        return tuple(found[:limit])

    def segments_of(self, tenant: UUID, person: UUID) -> tuple[UUID, ...]:
        found = (one for one, people in self.inside.items() if person in people)
        return tuple(sorted(found, key=str))

    def runs(self, tenant: UUID, segment_id: UUID, limit: int) -> tuple[SegmentRun, ...]:
        return tuple(reversed(self.done.get(segment_id, [])))[:limit]

    def last_runs(self, tenant: UUID) -> Mapping[UUID, SegmentRun]:
        return {one: runs[-1] for one, runs in self.done.items()}

    def sampled(
        self, tenant: UUID, people: Sequence[UUID], tags: Sequence[str]
    ) -> tuple[Sampled, ...]:
        found = []
        for one in people:
            if one in self.known:
                name, tier, store, own = self.known[one]
                shown = {tag: own[tag] for tag in tags if tag in own}
                found.append(Sampled(one, mask_name(name), tier, store, shown))
        return tuple(found)

    def lines(self, tenant: UUID) -> Thresholds:
        return Thresholds()

    def places(self, tenant: UUID) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
        return (), ()

    def _check_name(self, segment: Segment) -> None:
        for versions in self.held.values():
            one = versions[-1]
            if one.segment_id == segment.segment_id or one.ended_ms is not None:
                continue
            if one.name == segment.name and segment.ended_ms is None:
                raise Fault(FaultCode.SEGMENT_NAME, name=segment.name)


def segmenting(
    clock: FakeCloudClock,
    book: FakeSegmentBook | None = None,
    tables: Mapping[str, Any] | None = None,
) -> Segmenting:
    """Segments of a chain in memory; nobody is there unless `tables` say so."""
    empty = dict.fromkeys(("members", "orders", "order_lines", "events", "tagged", "stores"), ())
    engine = FakeSegmentEngine({**empty, **(tables or {})})
    return Segmenting(book or FakeSegmentBook(), engine, clock, FakeCloudIdSource(clock))
