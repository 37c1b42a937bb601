"""What each channel brought for what it cost, what stores had a part in, and how they do now.

Shares of what was sold are worked out by six ways side by side; returns are told by Shapley values,
which add up over channels and stores. What is set apart is left out unless somebody asks for all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.roi import (
    SYSTEM,
    Baseline,
    CostImport,
    CostRow,
    Margin,
    RoiShelf,
    Span,
    StoreFigures,
)
from cloud_broker.services.insight.costs import Costs, read_costs
from retail_core.errors import Fault
from retail_core.insight.attribution.walks import Book, StoreCredit, walks
from retail_core.insight.attribution.ways import WAYS
from retail_core.insight.returns import PERMILLE, payback_days, returned_permille, spent_in
from retail_core.texts.faults import FaultCode

DAYS: Final = 90
DAYS_MAX: Final = 732
BASELINE_DAYS_MIN: Final = 7
IMPORTS_SHOWN: Final = 50
# A page that is looked at again soon is not worked out again.
KEPT_MS: Final = 300_000
KEPT_MAX: Final = 16
MAIN: Final = "shapley"


@dataclass(frozen=True, slots=True)
class ChannelReturn:
    """A channel: orders and fen by each way, its cost, and returns in thousandths of it."""

    channel: str
    orders: Mapping[str, float]
    fen: Mapping[str, float]
    cost_fen: int
    roi_permille: int | None
    margin_roi_permille: int | None


@dataclass(frozen=True, slots=True)
class StoreReturn:
    """A store: its part in everything sold, and how it does against the baseline."""

    store: UUID
    name: str
    credit: StoreCredit
    now: StoreFigures
    before: StoreFigures | None
    margin_permille: int | None
    cost_fen: int
    more_a_day_fen: int | None
    payback_days: int | None


@dataclass(frozen=True, slots=True)
class RoiReport:
    """The whole of it."""

    span: Span
    journeys: int
    orders: int
    net_fen: int
    to_store_orders: int
    channels: tuple[ChannelReturn, ...]
    stores: tuple[StoreReturn, ...]
    baseline: Baseline | None
    margin_permille: int | None
    made_ms: int


@dataclass(frozen=True, slots=True)
class Roi:
    """Reckons, and takes costs and baselines in."""

    shelf: RoiShelf
    clock: Clock
    zone: str = "Asia/Shanghai"
    _kept: dict[tuple[UUID, Span], RoiReport] = field(default_factory=dict, compare=False)

    def report(
        self,
        tenant: UUID,
        first: date | None = None,
        last: date | None = None,
        *,
        quarantined: bool = False,
        anew: bool = False,
    ) -> RoiReport:
        """Reckon some days, the last ninety by default. Faults E110, E171."""
        until = last or self.today()
        since = first or until - timedelta(days=DAYS - 1)
        if not 0 <= (until - since).days < DAYS_MAX:
            raise Fault(
                FaultCode.ROI_SPAN, first=since.isoformat(), last=until.isoformat(), limit=DAYS_MAX
            )
        span = Span(since, until, quarantined, self.zone)
        held = self._kept.get((tenant, span))
        if held is None or anew or self.clock.now_ms() - held.made_ms > KEPT_MS:
            held = self._reckon(tenant, span)
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            self._kept[tenant, span] = held
        return held

    def _reckon(self, tenant: UUID, span: Span) -> RoiReport:
        book = self._book(tenant, span)
        journeys = book.by_channel()
        shares = {name: way(journeys) for name, way in WAYS.items()} if journeys.paths else {}
        costs = self.shelf.costs(tenant, span.last)
        margins, baseline = self.shelf.margins(tenant, span), self.shelf.baseline(tenant)
        margin = _margin(baseline, margins.values())
        channels = []
        known = {one.channel for one in costs if one.channel != SYSTEM}
        for channel in sorted(known | set(journeys.channels())):
            orders = {name: one.conversions.get(channel, 0.0) for name, one in shares.items()}
            fen = {name: (one.value or {}).get(channel, 0.0) for name, one in shares.items()}
            own = [one.cost for one in costs if one.channel == channel]
            cost, brought = spent_in(own, span.first, span.last), fen.get(MAIN, 0.0)
            earned = None if margin is None else brought * margin / PERMILLE
            channels.append(
                ChannelReturn(
                    channel,
                    orders,
                    fen,
                    cost,
                    returned_permille(brought, cost),
                    None if earned is None else returned_permille(earned, cost),
                )
            )
        helped = book.by_store()
        return RoiReport(
            span=span,
            journeys=book.journeys,
            orders=round(float(journeys.conversions.sum())),
            net_fen=0 if journeys.value is None else round(float(journeys.value.sum())),
            to_store_orders=sum(one.helped_orders for one in helped.values()),
            channels=tuple(channels),
            stores=self._stores(tenant, span, helped, costs, margins, baseline),
            baseline=baseline,
            margin_permille=margin,
            made_ms=self.clock.now_ms(),
        )

    def _book(self, tenant: UUID, span: Span) -> Book:
        zone = ZoneInfo(self.zone)
        begin = datetime(span.first.year, span.first.month, span.first.day, tzinfo=zone)
        # A night's sales belong to the day before: orders are picked by their own day already.
        first_ms = round(begin.timestamp() * PERMILLE)
        end = datetime(span.last.year, span.last.month, span.last.day, tzinfo=zone)
        last_ms = round((end + timedelta(days=2)).timestamp() * PERMILLE)
        book = Book()
        for person in self.shelf.persons(tenant, span):
            for walk in walks(person.steps, first_ms, last_ms):
                book.add(walk)
        return book

    def _stores(
        self,
        tenant: UUID,
        span: Span,
        credits_: Mapping[str, StoreCredit],
        costs: Sequence[CostRow],
        margins: Mapping[UUID, Margin],
        baseline: Baseline | None,
    ) -> tuple[StoreReturn, ...]:
        today = self.today()
        now = self.shelf.stores(tenant, span, today)
        before: Mapping[UUID, StoreFigures] = {}
        if baseline is not None:
            then = Span(baseline.first, baseline.last, span.quarantined, self.zone)
            before = self.shelf.stores(tenant, then, today)
        names = self.shelf.store_names(tenant)
        rows = [one for one in costs if one.channel == SYSTEM]
        found = []
        for store, name in sorted(names.items(), key=lambda one: (one[1], one[0])):
            figures = now.get(store, StoreFigures())
            margin = _margin(baseline, [margins[store]] if store in margins else [])
            cost = _system_cost(rows, store, len(names), span.last)
            more = None
            if baseline is not None:
                days, then_days = _days(span.first, span.last), _days(baseline.first, baseline.last)
                then_fen = before.get(store, StoreFigures()).net_fen
                more = round(figures.net_fen / days - then_fen / then_days)
            found.append(
                StoreReturn(
                    store,
                    name,
                    credits_.get(str(store), StoreCredit()),
                    figures,
                    None if baseline is None else before.get(store, StoreFigures()),
                    margin,
                    cost,
                    more,
                    None if more is None else payback_days(more, margin, cost),
                )
            )
        return tuple(found)

    # ---- costs and the baseline -----------------------------------------------------------------

    def look(self, tenant: UUID, content: bytes) -> Costs:
        """Say what a file of costs would be taken in as. Fault COST_COLUMNS."""
        names = {name: store for store, name in self.shelf.store_names(tenant).items()}
        return read_costs(content, names)

    def take_costs(self, tenant: UUID, name: str, content: bytes, *, who: str) -> CostImport:
        """Take a file of costs in, all or nothing. Faults COST_COLUMNS, COST_ROW."""
        found = self.look(tenant, content)
        if found.bad or not found.rows:
            first = found.bad[0] if found.bad else None
            raise Fault(
                FaultCode.COST_ROW,
                count=len(found.bad),
                row=0 if first is None else first.row,
                column="" if first is None else first.column,
                value="" if first is None else first.value,
            )
        self._kept.clear()
        return self.shelf.add_costs(tenant, name[:100] or "costs.csv", found.rows, who)

    def cost_imports(self, tenant: UUID) -> tuple[CostImport, ...]:
        """Return what was taken in, newest first."""
        return tuple(self.shelf.cost_imports(tenant, IMPORTS_SHOWN))

    def undo_costs(self, tenant: UUID, import_id: UUID, *, who: str) -> None:
        """Take an import back. Fault COST_IMPORT."""
        if not self.shelf.undo_costs(tenant, import_id, who):
            raise Fault(FaultCode.COST_IMPORT, import_id=import_id)
        self._kept.clear()

    def set_baseline(
        self, tenant: UUID, first: date, last: date, margin_permille: int | None, *, who: str
    ) -> None:
        """Choose against which days stores are compared. Fault E172."""
        days = _days(first, last)
        good = BASELINE_DAYS_MIN <= days <= DAYS_MAX and last < self.today()
        if not good or not 0 <= (margin_permille or 0) <= PERMILLE:
            raise Fault(
                FaultCode.ROI_BASELINE,
                first=first.isoformat(),
                last=last.isoformat(),
                limit=DAYS_MAX,
            )
        self.shelf.set_baseline(tenant, Baseline(first, last, margin_permille), who)
        self._kept.clear()

    def today(self) -> date:
        """Return the chain's day."""
        now = datetime.fromtimestamp(self.clock.now_ms() / 1000, UTC)
        return now.astimezone(ZoneInfo(self.zone)).date()


def _margin(baseline: Baseline | None, margins: Iterable[Margin]) -> int | None:
    """Return what of the net is earned: as HQ says, else as goods' costs say."""
    if baseline is not None and baseline.margin_permille is not None:
        return baseline.margin_permille
    known = list(margins)
    net = sum(one.net_fen for one in known)
    return round((net - sum(one.cost_fen for one in known)) * PERMILLE / net) if net > 0 else None


def _system_cost(rows: Sequence[CostRow], store: UUID, stores: int, until: date) -> int:
    """Return what the system cost in a store; what is no store's is every store's alike."""
    own = [one.cost for one in rows if one.store == store]
    shared = [one.cost for one in rows if one.store is None]
    first = min((one.first for one in (*own, *shared)), default=until)
    return spent_in(own, first, until) + spent_in(shared, first, until) // max(stores, 1)


def _days(first: date, last: date) -> int:
    return (last - first).days + 1
