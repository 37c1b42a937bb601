"""HQ's desk for rules in memory."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.domain.ingest_effects import BookedSale
from cloud_broker.ports.drafts import (
    Buyer,
    Draft,
    Edit,
    Published,
    ReceiptBefore,
    RuleJob,
    RuleOrder,
    SoldBefore,
)
from retail_core.pricing.rules.bundle import SIGNATURE_BYTES
from retail_core.wire.messages import SaleLine

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


@dataclass
class DraftShelf:
    """Drafts, their edits, publications and works."""

    drafts: dict[UUID, Draft] = field(default_factory=dict)
    edits: dict[tuple[UUID, int], Edit] = field(default_factory=dict)
    orders: dict[UUID, tuple[RuleOrder, str]] = field(default_factory=dict)
    jobs: dict[UUID, tuple[RuleJob, bytes]] = field(default_factory=dict)


class FakeSoldBefore:
    """The part of a `DraftRepo` about past sales."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.drafts

    def _between(self, first: date, last: date) -> Iterable[BookedSale]:
        return (sale for sale in self._state.sales.values() if first <= sale.day <= last)

    def receipts_between(self, first: date, last: date) -> int:
        return sum(1 for _ in self._between(first, last))

    def sums(self, first: date, last: date) -> Counter[int]:
        return Counter(sale.sale.shelf_fen for sale in self._between(first, last))

    def store_days(
        self, after: tuple[UUID, date] | None, first: date, last: date, limit: int
    ) -> Sequence[tuple[UUID, date, int]]:
        counts = Counter(
            (sale.arrival.place.store, sale.day) for sale in self._between(first, last)
        )
        found = sorted(key for key in counts if after is None or key > after)
        return [(*key, counts[key]) for key in found[:limit]]

    def receipts_of(self, store: UUID, day: date) -> tuple[ReceiptBefore, ...]:
        sales = [one for one in self._between(day, day) if one.arrival.place.store == store]
        return tuple(self._before(one) for one in sorted(sales, key=lambda one: one.receipt_id))

    def _before(self, sale: BookedSale) -> ReceiptBefore:
        place = self._state.stores[sale.arrival.place.store]
        region = next(name for name, key in self._state.regions.items() if key == place.region)
        opened = datetime.fromtimestamp(sale.arrival.happened_ms / 1_000, UTC)
        return ReceiptBefore(
            *(sale.receipt_id, sale.sale.till_receipt_no, place.name, region),
            opened.astimezone(ZoneInfo(place.zone)).replace(tzinfo=None),
            *(sale.sale.total_fen, sale.arrival.member),
            tuple(self._line(one) for one in sale.sale.lines),
        )

    def _line(self, line: SaleLine) -> SoldBefore:
        known = {one.article.article_id: one.article for one in self._state.revisions}
        article = known.get(UUID(bytes=line.article)) if line.article else None
        plain = SoldBefore(line.sku, line.name, line.qty_milli, line.shelf_fen)
        if article is None:
            return plain
        return replace(
            plain,
            brand=article.brand,
            category=article.category,
            tags=tuple(sorted(article.tags)),
            cost_fen=article.cost_fen,
        )

    def buyers(self, members: Collection[UUID]) -> Mapping[UUID, Buyer]:
        found = {}
        for member in members:
            new = self._state.members[member]
            joined = datetime.fromtimestamp(new.arrival.received_ms / 1_000, UTC)
            found[member] = Buyer(
                self._state.growth.tiers.get(member, new.enrolled.tier),
                frozenset(new.enrolled.declared_tags),
                frozenset(),
                personal=True,
                joined=joined.astimezone(ZoneInfo("Asia/Shanghai")).date(),
            )
        return found


class FakeDraftRepo(FakeSoldBefore):
    """A `DraftRepo`."""

    def published(self, limit: int) -> tuple[Published, ...]:
        said = {
            row.entry.subject: (row.entry.actor, row.at_ms)
            for row in self._state.audit_rows
            if row.entry.action == "bundle.publish"
        }
        versions = sorted(
            (one for of, one in self._state.documents if of == "bundle"), reverse=True
        )
        return tuple(
            Published(
                version,
                sha256(self._state.documents["bundle", version].content[SIGNATURE_BYTES:]).digest(),
                *said.get(str(version), ("", 0)),
            )
            for version in versions[:limit]
        )

    def held(self) -> Mapping[UUID, int]:
        found: dict[UUID, int] = {}
        for kind, version, device in self._state.effects.seen:
            if kind == "bundle":
                found[device] = max(version, found.get(device, 0))
        return found

    def add(self, draft: Draft, content: str) -> None:
        self.save(draft, content)

    def save(self, draft: Draft, content: str | None) -> None:
        self._shelf.drafts[draft.draft] = draft
        if content is not None:
            key = draft.draft, draft.edit
            assert key not in self._shelf.edits
            said = draft.changed_by, draft.changed_ms
            self._shelf.edits[key] = Edit(draft.edit, content, *said)

    def drafts(self, limit: int) -> tuple[Draft, ...]:
        found = sorted(self._shelf.drafts.values(), key=lambda one: (-one.changed_ms, one.draft))
        return tuple(found[:limit])

    def draft(self, draft: UUID, *, locked: bool = False) -> Draft | None:
        return self._shelf.drafts.get(draft)

    def edit(self, draft: UUID, edit: int) -> Edit | None:
        return self._shelf.edits.get((draft, edit))

    def edits(self, draft: UUID, limit: int) -> tuple[Edit, ...]:
        found = [
            replace(one, content="") for (of, _), one in self._shelf.edits.items() if of == draft
        ]
        return tuple(sorted(found, key=lambda one: -one.edit)[:limit])

    def add_order(self, order: RuleOrder, content: str) -> None:
        self._shelf.orders[order.order] = (order, content)

    def orders(self, limit: int) -> tuple[RuleOrder, ...]:
        found = [order for order, _ in self._shelf.orders.values()]
        return tuple(sorted(found, key=lambda one: (-one.made_ms, one.order))[:limit])

    def order(self, order: UUID) -> tuple[RuleOrder, str] | None:
        return self._shelf.orders.get(order)

    def decide(self, order: RuleOrder) -> None:
        self._shelf.orders[order.order] = (order, self._shelf.orders[order.order][1])

    def add_job(self, job: RuleJob) -> None:
        self._shelf.jobs[job.job] = (job, b"")

    def jobs(self, draft: UUID, limit: int) -> tuple[RuleJob, ...]:
        found = [job for job, _ in self._shelf.jobs.values() if job.draft == draft]
        return tuple(sorted(found, key=lambda one: (-one.asked_ms, one.job))[:limit])

    def job(self, job: UUID, *, locked: bool = False) -> RuleJob | None:
        found = self._shelf.jobs.get(job)
        return None if found is None else found[0]

    def next_job(self) -> RuleJob | None:
        due = [job for job, _ in self._shelf.jobs.values() if job.state in {"waiting", "running"}]
        return min(due, key=lambda one: (one.asked_ms, one.job), default=None)

    def keep_job(self, job: RuleJob, result: bytes | None = None) -> None:
        before = self._shelf.jobs[job.job][1]
        self._shelf.jobs[job.job] = (job, before if result is None else result)

    def result(self, job: UUID) -> bytes:
        found = self._shelf.jobs.get(job)
        return b"" if found is None else found[1]
