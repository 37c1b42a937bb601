"""The analytic engine, its copy and the shelf of tags in memory."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from cloud_broker.domain.metrics.catalogue import TAGS
from cloud_broker.domain.metrics.facts import Asked
from cloud_broker.domain.metrics.thresholds import Thresholds
from cloud_broker.ports.analytics import Copied
from cloud_broker.ports.tags import Saved, Tagged, TagRun, TagSet, TagWord
from retail_core.insight.till_tags import TILL_TAGS, WINDOWS

Row = Mapping[str, object]


@dataclass
class FakeAnalyticEngine:
    """An `AnalyticEngine` in plain Python that knows a few tags by heart: an oracle, not a copy."""

    members: Sequence[Row] = ()
    orders: Sequence[Row] = ()
    broken: bool = False

    KNOWN = ("spend_total", "orders_year", "days_since_order", "online_share", "tier")

    def tagged(self, asked: Asked) -> Iterator[Tagged]:
        for row in self.rows(asked):
            named = dict(zip((tag.key for tag in TAGS), row[1:], strict=True))
            said = {name: value for name, value in named.items() if value not in {None, False}}
            yield UUID(str(row[0])), json.dumps(said, ensure_ascii=False)

    def rows(self, asked: Asked) -> Iterator[tuple[object, ...]]:
        for member in sorted(self.members, key=lambda one: str(one["person_id"])):
            known = self._known(member, asked.as_of)
            yield member["person_id"], *(known.get(tag.key) for tag in TAGS)

    def rfm(self, asked: Asked) -> Iterator[tuple[object, ...]]:
        for row in self.rows(asked):
            yield row[0], *(None for _ in range(6))

    def close(self) -> None:
        """Nothing is open."""

    def _known(self, member: Row, day: date) -> dict[str, object]:
        tier = member["tier"] or None
        if not member["personalise"]:
            return {"tier": tier}
        hers = [
            order
            for order in self.orders
            if order["person_id"] == member["person_id"]
            and order["status"] in {"paid", "part_refunded"}
            and not order["quarantined"]
            and order["business_date"] <= day  # type: ignore[operator] # a date in every row
        ]
        year = [
            order
            for order in hers
            if order["business_date"] > day - timedelta(days=365)  # type: ignore[operator]
        ]
        online = sum(order["channel"] != "till" for order in year)
        days = [order["business_date"] for order in hers]
        return {
            "tier": tier,
            "spend_total": sum(o["net_fen"] - o["refunded_fen"] for o in hers),  # type: ignore[operator]
            "orders_year": len(year),
            "online_share": online * 1_000 // len(year) if year else None,
            "days_since_order": (day - max(days)).days if days else None,  # type: ignore[operator,type-var]
        }


@dataclass
class FakeAnalyticCopy:
    """An `AnalyticCopy` that notes how it was asked."""

    asked: list[bool] = field(default_factory=list)

    def refresh(self, tenant: UUID, *, whole: bool = False) -> Copied:
        self.asked.append(whole)
        return Copied(0, {})


@dataclass
class FakeTagShelf:
    """A `TagShelf`; `known` are the members there are."""

    known: set[UUID] = field(default_factory=set)
    drawn: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    words: dict[str, tuple[TagWord, ...]] = field(default_factory=dict)
    held: dict[UUID, TagSet] = field(default_factory=dict)
    runs: list[TagRun] = field(default_factory=list)
    windows: dict[UUID, dict[str, int]] = field(default_factory=dict)

    def lines(self, tenant: UUID) -> Thresholds:
        return Thresholds.of(self.drawn)

    def draw_line(self, tenant: UUID, name: str, value: int, who: str) -> None:
        self.drawn[name] = value
        self.said.append(who)

    def save_catalogue(self, tenant: UUID, version: str, words: Sequence[TagWord]) -> None:
        self.words.setdefault(version, tuple(words))

    def save_tags(self, tenant: UUID, catalogue: str, as_of: date, rows: Sequence[Tagged]) -> Saved:
        changed, told = 0, list[UUID]()
        for member, text in rows:
            if member not in self.known:
                continue
            tags = json.loads(text)
            before = self.held.get(member)
            old = {} if before is None else before.tags
            changed += before is None or old != tags
            if any(old.get(tag.key) != tags.get(tag.key) for tag in TILL_TAGS):
                told.append(member)
            self.held[member] = TagSet(member, catalogue, as_of, tags)
        return Saved(changed, tuple(sorted(told)))

    def end_run(self, tenant: UUID, run: TagRun) -> int:
        old = [
            member
            for member, one in self.held.items()
            if (one.catalogue, one.as_of) != (run.catalogue, run.as_of)
        ]
        for member in old:
            del self.held[member]
        self.runs.append(run)
        return len(old)

    def windows_apart(self, tenant: UUID) -> tuple[int, tuple[UUID, ...]]:
        apart = [
            member
            for member, one in self.held.items()
            if any(
                one.tags.get(name, 0) != self.windows.get(member, {}).get(name, 0)
                for name in WINDOWS
            )
        ]
        return len(self.held), tuple(sorted(apart))

    def last_run(self, tenant: UUID) -> TagRun | None:
        return self.runs[-1] if self.runs else None

    def tags_of(self, tenant: UUID, member: UUID) -> tuple[TagSet, tuple[TagWord, ...]] | None:
        held = self.held.get(member)
        return None if held is None else (held, self.words[held.catalogue])
